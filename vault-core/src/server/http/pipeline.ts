// The way of every request: route, origin, rate, token and target, body, handler, audit, answer. No handler runs before its
// caller is authorised, and no answer leaves before its record is written.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, anonymousActor } from '../../domain/actor.ts';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { hashToken } from '../../domain/token.ts';
import type { Route } from '../../wire/route.ts';
import type { Grant, PresentedToken } from '../access.ts';
import type { AuditEvent } from '../audit/record.ts';
import { type Outcome, isRecorded } from '../commit.ts';
import type { Metrics } from '../metrics.ts';
import type { Transaction } from '../store/store.ts';
import type { Vault } from '../vault.ts';
import { readBody } from './body.ts';
import type { Handler, RequestContext, StreamReply } from './context.ts';
import { InFlight } from './in-flight.ts';
import { OriginPolicy } from './origin.ts';
import { type Query, readQuery } from './query.ts';
import { RateLimit } from './rate-limit.ts';
import { Refusals } from './refusals.ts';
import { type Reply, errorReply, refusal } from './reply.ts';
import type { Router } from './router.ts';
import { send, sendStream } from './send.ts';

export interface PipelineOptions {
  readonly vault: Vault;
  readonly router: Router;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly metrics: Metrics;
}

/** What is known of a request so far; the audit takes what there is. */
interface Progress {
  readonly message: IncomingMessage;
  readonly path: string;
  readonly remoteAddress: string | null;
  readonly nowMs: number;
  route: Route | undefined;
  token: PresentedToken | undefined;
  actor: Actor;
  grant: Grant | undefined;
  recorded: boolean;
}

type AnyReply = Reply | StreamReply;

export class Pipeline {
  readonly inFlight = new InFlight();
  readonly #options: PipelineOptions;
  readonly #origin: OriginPolicy;
  readonly #rate: RateLimit;
  readonly #refusals: Refusals;

  constructor(options: PipelineOptions) {
    const { vault } = options;
    this.#options = options;
    this.#origin = new OriginPolicy(vault.options);
    this.#rate = new RateLimit(vault.options.rateLimit, () => vault.host.now());
    this.#refusals = new Refusals(vault.audit, vault.options.warn);
  }

  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { vault, metrics } = this.#options;
    const url = message.url ?? '/';
    const mark = url.indexOf('?');
    const progress: Progress = {
      message,
      path: mark === -1 ? url : url.slice(0, mark),
      remoteAddress: message.socket.remoteAddress ?? null,
      nowMs: vault.host.now(),
      route: undefined,
      token: undefined,
      actor: anonymousActor,
      grant: undefined,
      recorded: false,
    };
    const leave = this.inFlight.enter(response);
    let reply: AnyReply;
    try {
      reply = await this.#answer(progress, mark === -1 ? '' : url.slice(mark + 1));
    } catch (error) {
      reply = errorReply(error, (failure) => this.#report(failure));
      progress.recorded ||= isRecorded(error);
      if (reply.status === 401) reply = this.#slowDown(progress, reply);
    }
    reply = await this.#record(progress, reply);
    metrics.observe(progress.route?.id ?? 'unrouted', reply.status, (performance.now() - started) / 1000);
    if ('run' in reply) {
      leave();
      await sendStream(message, response, reply);
    } else send(message, response, reply);
  }

  /** Writes what is still only counted. */
  close(): void {
    this.#refusals.close();
  }

  async #answer(progress: Progress, search: string): Promise<AnyReply> {
    const { router, handlers, vault } = this.#options;
    const { message } = progress;
    this.#origin.check(message);
    const match = router.match(message.method ?? '', progress.path);
    if (match.kind === 'none') return { status: 404, body: null };
    if (match.kind === 'malformed') throw new ZvaultError('BAD_REQUEST', 'the path is not valid percent-encoding');
    if (match.kind === 'method') {
      return refusal('METHOD_NOT_ALLOWED', 'this path has other methods', { Allow: match.allowed.join(', ') });
    }
    const { route, parameters } = match;
    progress.route = route;
    progress.token = presentedToken(message, route);
    const limited = this.#limit(progress);
    if (limited) return limited;
    await this.#authorize(progress, route, parameters, search);
    // Query and body are read after access is decided: who may not call learns nothing of what would be valid.
    const query = readQuery(route, search);
    const body = route.body ? await readBody(message, route) : undefined;
    const context = this.#context(progress, route, parameters, query, body);
    const handler = handlers[route.id];
    if (!handler) throw new ZvaultError('INTERNAL', `the route ${route.id} has no handler`);
    const reply = await handler(context);
    if (progress.grant?.principal.kind === 'service') vault.tokenUse.note(progress.grant.principal.token.id);
    return reply;
  }

  async #authorize(
    progress: Progress,
    route: Route,
    parameters: Readonly<Record<string, string>>,
    search: string,
  ): Promise<void> {
    const { vault } = this.#options;
    const { access } = route;
    if (access.identity === 'none') return;
    this.inFlight.refuseWhileAlone();
    if (vault.seal.sealed)
      throw new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal it with "zvault unseal"' });
    const { token } = progress;
    if (token === undefined) {
      throw new ZvaultError(
        'UNAUTHORIZED',
        access.identity === 'vault'
          ? 'the header X-Vault-Token is missing'
          : 'the header "Authorization: Bearer …" is missing',
      );
    }
    if (access.identity === 'vault') {
      progress.actor = (await vault.access.authorizeRoot(token.text)).actor;
      return;
    }
    const asked = route.query && 'env' in route.query ? new URLSearchParams(search) : undefined;
    const grant = await vault.access.authorize(token, access, route.scope, {
      org: parameters['org'],
      project: parameters['project'],
      environment: parameters['env'] ?? (asked?.get('env') || asked?.get('environment') || undefined),
    });
    progress.grant = grant;
    progress.actor = grant.actor;
  }

  #context(
    progress: Progress,
    route: Route,
    parameters: Readonly<Record<string, string>>,
    query: Query,
    body: unknown,
  ): RequestContext {
    const { vault } = this.#options;
    return {
      vault,
      route,
      message: progress.message,
      parameters,
      query,
      body,
      actor: progress.actor,
      grant: progress.grant,
      nowMs: progress.nowMs,
      commit: async (work: (transaction: Transaction) => Promise<Reply>) => {
        const describe = (outcome: Outcome<Reply>): AuditEvent =>
          this.#event(progress, outcome.ok ? outcome.value : errorReply(outcome.error, () => undefined));
        const reply = await vault.committer.submit(work, describe);
        progress.recorded = true;
        return reply;
      },
      recordNow: (reply) => {
        vault.audit.appendNow([this.#event(progress, reply)]);
        progress.recorded = true;
      },
      reauthorize: () => this.#authorize(progress, route, parameters, (progress.message.url ?? '').split('?')[1] ?? ''),
      alone: (work) => this.inFlight.alone(work),
    };
  }

  /** Each token has its bucket, and so has each address without one. */
  #limit(progress: Progress): Reply | undefined {
    const route = progress.route;
    if (!route || route.unaudited) return undefined;
    const seconds = this.#rate.take(progress.token?.hash ?? `address ${progress.remoteAddress}`);
    return seconds === 0 ? undefined : rateLimited(seconds);
  }

  /** Refused log-ins are charged to the address, so that trying tokens is limited too. */
  #slowDown(progress: Progress, reply: Reply): Reply {
    if (progress.token === undefined) return reply;
    const seconds = this.#rate.take(`address ${progress.remoteAddress}`);
    return seconds === 0 ? reply : rateLimited(seconds);
  }

  async #record(progress: Progress, reply: AnyReply): Promise<AnyReply> {
    if (progress.recorded || progress.route?.unaudited) return reply;
    if (reply.status === 401 && this.#refusals.countOnly(progress.remoteAddress)) return reply;
    try {
      await this.#options.vault.audit.append(this.#event(progress, reply));
      return reply;
    } catch (error) {
      return errorReply(error, (failure) => this.#report(failure));
    }
  }

  #event(progress: Progress, reply: Reply): AuditEvent {
    const { route, grant, message } = progress;
    return {
      operation: operationOf(message.method ?? '', route),
      action: route?.id ?? 'unrouted',
      path: progress.path,
      data: reply.data ?? null,
      remoteAddress: progress.remoteAddress,
      userAgent: message.headers['user-agent'] ?? null,
      status: reply.status,
      error: 'code' in reply && typeof reply.code === 'string' ? reply.code : null,
      actor: progress.actor,
      orgId: grant?.org?.id ?? null,
      projectId: grant?.project?.id ?? null,
      environment: grant?.environment?.slug ?? null,
      resource: reply.resource ?? '',
    };
  }

  #report(error: unknown): void {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    this.#options.vault.options.warn(`${messageOf(error)}${cause}`);
  }
}

function presentedToken(message: IncomingMessage, route: Route): PresentedToken | undefined {
  const text = tokenText(message, route);
  return text === undefined ? undefined : { text, hash: hashToken(text) };
}

function tokenText(message: IncomingMessage, { access }: Route): string | undefined {
  if (access.identity === 'none') return undefined;
  if (access.identity === 'cloud') return /^Bearer (\S+)$/i.exec(message.headers.authorization ?? '')?.[1];
  const header = message.headers['x-vault-token'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

function rateLimited(seconds: number): Reply {
  return refusal('RATE_LIMITED', 'too many requests', { 'Retry-After': String(seconds) });
}

function operationOf(method: string, route: Route | undefined): string {
  const verb = route?.id.split('.')[1];
  if (verb === 'list' || verb === 'versions') return 'list';
  return (
    { GET: 'read', HEAD: 'read', POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' }[method] ?? 'unknown'
  );
}
