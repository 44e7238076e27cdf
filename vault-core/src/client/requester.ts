// Calls of the HTTP API: token, JSON, retries, errors, metrics and log around single exchanges.

import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import type { Method } from '../wire/route.ts';
import { type JoinedSignal, joinSignals, sleep, throwIfAborted } from './abort.ts';
import type { Outgoing } from './connector.ts';
import { DialectMemory } from './dialect.ts';
import { answerFailure, detailsOf } from './failures.ts';
import { Http, type Incoming } from './http.ts';
import { Metrics } from './metrics.ts';
import { formatQuery, type QueryValue, type RequestPath } from './path.ts';
import { parseRetryAfterMs, retryDelayMs } from './retry.ts';
import type { Settings } from './settings.ts';
import { TokenSource } from './token-source.ts';

/** How a request says who it is: cloud routes take `Authorization: Bearer`, vault routes `X-Vault-Token`. */
export type Auth = 'bearer' | 'vault' | 'none';

export interface Call {
  readonly method: Method;
  readonly path: RequestPath;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** JSON already, instead of `body`: its numbers are sent as they were written. */
  readonly json?: string | undefined;
  /** Makes a body of bytes of any length, anew for each attempt. */
  readonly stream?: () => Readable;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** @default bearer */
  readonly auth?: Auth;
  readonly signal?: AbortSignal | undefined;
  /** Twice does what once does. @default true for GET */
  readonly repeatable?: boolean;
  /** Answers with these statuses are no failures. */
  readonly accept?: readonly number[];
  /** Texts of the body that must not appear in errors. */
  readonly hide?: readonly string[];
  readonly timeoutMs?: number | undefined;
  readonly maxRetries?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `undefined` for an empty body. */
  readonly json: unknown;
  /** The body as it came. */
  readonly text: string;
}

/** What happens to the token, for those who hold what it opened. */
export interface TokenEvents {
  /** The server refused it for good; runs before the call throws. */
  refused(): Promise<void>;
  /** Its file held another one, which is used from now on. */
  renewed(): void;
}

export class Requester {
  readonly settings: Settings;
  readonly metrics = new Metrics();
  readonly dialect: DialectMemory;
  readonly tokens: TokenSource;
  readonly #http: Http;
  /** Ends with `close` and with the signal of the client's options. */
  readonly #life: JoinedSignal;
  readonly #events: TokenEvents;

  constructor(settings: Settings, events: TokenEvents) {
    this.settings = settings;
    this.#life = joinSignals(settings.signal);
    this.#events = events;
    this.dialect = new DialectMemory(settings.host.now);
    this.tokens = new TokenSource(settings);
    this.#http = new Http(settings);
  }

  /** Uniform in [0, 1). */
  readonly random = (): number => this.settings.host.randomBytes(4).readUInt32BE() / 2 ** 32;

  /** @throws ZvaultError of any code that the API or the network has */
  async call(call: Call): Promise<Reply> {
    const joined = joinSignals(this.#life.signal, call.signal);
    try {
      return await this.#callWithRetries(call, joined.signal);
    } catch (error) {
      await this.#failed(error, call);
      throw error;
    } finally {
      joined.release();
    }
  }

  /** Opens a streaming answer: one attempt, no time limit after the head. */
  async open(call: Call): Promise<IncomingMessage> {
    const joined = joinSignals(this.#life.signal, call.signal);
    try {
      return await this.#openOnce(call, undefined, joined.signal);
    } catch (error) {
      await this.#failed(error, call);
      throw error;
    } finally {
      joined.release();
    }
  }

  /** True after `close`. */
  get closed(): boolean {
    return this.#life.signal.aborted;
  }

  /** Aborts when the client ends. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  close(): void {
    this.#life.abort(new ZvaultError('INTERRUPTED', 'the client is closed'));
    this.#life.release();
    this.#http.close();
  }

  async #failed(error: unknown, { auth }: Call): Promise<void> {
    if (!isZvaultError(error)) return;
    this.metrics.error(error.code);
    // On vault routes a 401 may just mean that the vault is sealed.
    if (error.code === 'UNAUTHORIZED' && auth !== 'vault') await this.#events.refused();
  }

  async #openOnce(call: Call, renewed: Secret | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const { outgoing, token } = await this.#outgoing(call, renewed);
    const opened = await this.#http.open(outgoing, { timeoutMs: call.timeoutMs ?? this.settings.timeoutMs, signal });
    if ('stream' in opened) return opened.stream;
    const { refusal } = opened;
    const next = refusal.status === 401 && token && !renewed ? await this.#renew(token) : undefined;
    if (next !== undefined) return this.#openOnce(call, next, signal);
    throw this.#failure(call, refusal, token);
  }

  async #callWithRetries(call: Call, signal: AbortSignal): Promise<Reply> {
    const repeatable = call.repeatable ?? call.method === 'GET';
    const maxRetries = call.maxRetries ?? this.settings.maxRetries;
    let renewed: Secret | undefined;
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(signal);
      const { outgoing, token } = await this.#outgoing(call, renewed);
      try {
        return await this.#attempt(call, outgoing, token, attempt, signal);
      } catch (error) {
        if (isZvaultError(error) && error.code === 'UNAUTHORIZED' && token !== undefined && renewed === undefined) {
          renewed = await this.#renew(token);
          if (renewed !== undefined) continue;
        }
        const delayMs = retryDelayMs(error, { attempt, maxRetries, repeatable, random: this.random });
        if (delayMs === undefined || signal.aborted) throw error;
        this.metrics.retry();
        this.#log(call, { event: 'retry', message: 'trying again after a pause', attempt, delayMs });
        await sleep(delayMs, signal);
      }
    }
  }

  async #renew(refused: Secret): Promise<Secret | undefined> {
    const token = await this.tokens.renewed(refused);
    if (token !== undefined) this.#events.renewed();
    return token;
  }

  async #attempt(
    call: Call,
    outgoing: Outgoing,
    token: Secret | undefined,
    attempt: number,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { now } = this.settings.host;
    const startedMs = now();
    let outcome: { status?: number; code?: string } = {};
    try {
      const timeoutMs = call.timeoutMs ?? this.settings.timeoutMs;
      const answer = await this.#http.exchange(outgoing, { timeoutMs, signal });
      outcome = { status: answer.status };
      const success = (answer.status >= 200 && answer.status < 300) || call.accept?.includes(answer.status);
      if (!success) throw this.#failure(call, answer, token);
      return { status: answer.status, headers: answer.headers, ...readJson(answer, this.settings.base.origin) };
    } catch (error) {
      if (isZvaultError(error)) outcome = { ...outcome, code: error.code };
      throw error;
    } finally {
      const durationMs = Math.max(0, now() - startedMs);
      this.metrics.request(durationMs);
      this.#log(call, { event: 'request', message: 'request', attempt, durationMs, ...outcome });
    }
  }

  async #outgoing(call: Call, renewed: Secret | undefined): Promise<{ outgoing: Outgoing; token: Secret | undefined }> {
    const auth = call.auth ?? 'bearer';
    const token = auth === 'none' ? undefined : (renewed ?? (await this.tokens.required()));
    const json = call.json ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const body = json === undefined ? undefined : Buffer.from(json);
    const headers: Record<string, string> = {
      Accept: 'application/json',
      'User-Agent': this.settings.userAgent,
      ...call.headers,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(call.stream ? { 'Content-Type': 'application/octet-stream' } : {}),
      ...((body === undefined && (call.method === 'GET' || call.method === 'DELETE')) || call.stream
        ? {}
        : { 'Content-Length': String(body?.length ?? 0) }),
    };
    if (token !== undefined && auth === 'bearer') headers['Authorization'] = `Bearer ${token.expose()}`;
    if (token !== undefined && auth === 'vault') headers['X-Vault-Token'] = token.expose();
    const target = this.settings.base.prefix + call.path.target + formatQuery(call.query);
    const content = call.stream ? { stream: call.stream() } : body === undefined ? {} : { body };
    return { outgoing: { method: call.method, target, headers, ...content }, token };
  }

  #failure(call: Call, answer: Incoming, token: Secret | undefined): ZvaultError {
    return answerFailure({
      origin: this.settings.base.origin,
      status: answer.status,
      contentType: answer.headers['content-type'] ?? '',
      location: answer.headers.location,
      text: answer.body.toString('utf8'),
      retryAfterMs: parseRetryAfterMs(answer.headers['retry-after'], this.settings.host.now()),
      hide: [...(token === undefined ? [] : [token.expose()]), ...(call.hide ?? [])],
      hadBody: call.body !== undefined || call.json !== undefined || call.stream !== undefined,
    });
  }

  #log(call: Call, facts: Pick<Parameters<Settings['log']>[0], 'event' | 'message'> & Record<string, unknown>): void {
    this.settings.log({ level: 'debug', method: call.method, route: call.path.template, ...facts });
  }
}

/** The JSON of a successful answer. The parser's own message quotes the text, so it goes nowhere. */
function readJson(answer: Incoming, origin: string): Pick<Reply, 'json' | 'text'> {
  if (answer.body.length === 0) return { json: undefined, text: '' };
  const bad = (what: string): ZvaultError =>
    new ZvaultError('BAD_ANSWER', `${origin} answered ${answer.status} with ${what}`, {
      hint: 'check that the address is that of a zvault server, and that nothing in between answers for it',
      details: { status: answer.status },
    });
  const encoding = answer.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw bad('a compressed body, which was not asked for');
  const type = (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !type.endsWith('+json')) throw bad('something that is not JSON');
  if (!isUtf8(answer.body)) throw bad('bytes that are not UTF-8');
  try {
    const text = answer.body.toString('utf8');
    return { json: JSON.parse(text) as unknown, text };
  } catch {
    throw bad('broken JSON');
  }
}

/** True when a write may or may not have been done: it left, and no answer said what became of it. */
export function isAmbiguous(error: unknown): boolean {
  if (!isZvaultError(error)) return false;
  const { sent, status } = detailsOf(error);
  if (error.code === 'CONNECTION_FAILED' || error.code === 'TIMEOUT') return sent !== false;
  // A broken answer to a success says that something was done.
  if (error.code === 'BAD_ANSWER') return status !== undefined && status >= 200 && status < 300;
  return (error.code === 'UNAVAILABLE' || error.code === 'INTERNAL') && (status ?? 0) >= 500;
}
