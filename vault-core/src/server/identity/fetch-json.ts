// One careful request for a JSON document whose address somebody else chose: https, no redirect, no private address, small, soon.

import { isUtf8 } from 'node:buffer';
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { type LookupFunction, isIP } from 'node:net';
import { ZvaultError, isZvaultError, messageOf } from '../../domain/errors.ts';
import { type AddressRules, isLoopbackAddress } from './addresses.ts';

/** Every address of a host name. */
type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface FetchRules {
  readonly addresses: AddressRules;
  /** http is taken too, if it goes to this machine. */
  readonly allowLoopbackHttp: boolean;
  /** @default 10_000; for all of it, from the look-up of the name to the last byte */
  readonly timeoutMs?: number | undefined;
  /** @default the system's resolver */
  readonly resolve?: Resolve | undefined;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string | undefined;
}

/** Key sets and discovery documents have a few kilobytes. */
const maxBytes = 262_144;
const defaultTimeoutMs = 10_000;

/** What is wrong with an address to fetch from, or `undefined`. */
export function urlProblem(text: string, allowLoopbackHttp: boolean): string | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (url.protocol === 'https:') return undefined;
  if (!isLoopbackHost(url)) return 'must be an https URL; http goes to this machine only';
  return allowLoopbackHttp ? undefined : 'must be an https URL';
}

/** A form to post instead of a GET. Neither body nor headers appear in errors. */
export interface FormPost {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers with these statuses are no failures. */
  readonly accept?: readonly number[];
}

/**
 * The parsed document. Errors name the URL without its query.
 * @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER
 */
export async function fetchJson(
  address: string,
  rules: FetchRules,
  signal: AbortSignal,
  post?: FormPost,
): Promise<unknown> {
  const problem = urlProblem(address, rules.allowLoopbackHttp);
  if (problem !== undefined) throw new ZvaultError('BAD_ANSWER', `an address to fetch from ${problem}`);
  const url = new URL(address);
  const place = url.origin + url.pathname;
  const timeoutMs = rules.timeoutMs ?? defaultTimeoutMs;
  const ending = new AbortController();
  const abort = (): void => ending.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await readJson(await send(url, rules, ending.signal, post), place, post?.accept);
  } catch (error) {
    if (isZvaultError(error)) throw error;
    if (ending.signal.aborted && !signal.aborted) {
      throw new ZvaultError('TIMEOUT', `${place} did not answer within ${timeoutMs} ms`, { cause: error });
    }
    throw new ZvaultError('CONNECTION_FAILED', `can't fetch ${place}: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

async function send(
  url: URL,
  rules: FetchRules,
  signal: AbortSignal,
  post: FormPost | undefined,
): Promise<IncomingMessage> {
  const host = hostOf(url);
  // A look-up is only asked for names; an address in the URL is connected to as it stands.
  if (isIP(host) !== 0) checkAddress(url, host, rules);
  // Built-ins taken this way cost a start nothing: an import of node:http reads every getter of it, WebSocket included.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const options: RequestOptions & { ca?: string } = {
    // A connection of its own: none that was opened under other rules is used again.
    agent: false,
    ...(post === undefined ? {} : { method: 'POST' }),
    headers: {
      accept: 'application/json',
      'user-agent': 'zvault',
      ...(post === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', ...post.headers }),
    },
    lookup: checkedLookup(url, rules),
    signal,
    ...(rules.ca === undefined ? {} : { ca: rules.ca }),
  };
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on('error', reject).end(post?.body);
  });
}

/**
 * Resolves once, checks every address, and hands the socket those very addresses: a name that answers differently the next
 * time gains nothing.
 */
function checkedLookup(url: URL, rules: FetchRules): LookupFunction {
  const resolve = rules.resolve ?? resolveBySystem;
  return (host, options, callback) => {
    resolve(host)
      .then((found) => {
        for (const { address } of found) checkAddress(url, address, rules);
        const [first] = found;
        if (!first) throw new Error(`${host} has no address`);
        return { all: [...found], first };
      })
      .then(
        ({ all, first }) => (options.all ? callback(null, all) : callback(null, first.address, first.family)),
        (error: unknown) => callback(error as NodeJS.ErrnoException, ''),
      );
  };
}

function checkAddress(url: URL, address: string, rules: FetchRules): void {
  const host = hostOf(url);
  if (!rules.addresses.permits(host, address)) {
    throw new ZvaultError('CONNECTION_FAILED', `${host} is at the private address ${address}`, {
      hint: 'allow that address if the issuer is in your own network',
    });
  }
  if (url.protocol === 'http:' && !isLoopbackAddress(address)) {
    throw new ZvaultError('CONNECTION_FAILED', `http to ${host} would leave this machine`, { hint: 'use https' });
  }
}

async function readJson(answer: IncomingMessage, place: string, accept: readonly number[] = []): Promise<unknown> {
  try {
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) throw badAnswer(place, 'redirects, which is not followed');
    if (status !== 200 && !accept.includes(status)) throw badAnswer(place, `answers with status ${status}`);
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') throw badAnswer(place, 'answers compressed');
    return parseJson(await readBody(answer, place), place);
  } finally {
    answer.destroy();
  }
}

function parseJson(body: Buffer, place: string): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString()) as unknown;
  } catch {
    // The parser's own message quotes the document.
  }
  throw badAnswer(place, 'answers with no JSON');
}

async function readBody(answer: IncomingMessage, place: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > maxBytes) throw badAnswer(place, `answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function badAnswer(place: string, what: string): ZvaultError {
  return new ZvaultError('BAD_ANSWER', `${place} ${what}`);
}

/** A connection that was tried on several addresses fails with a code and no message. */
function reasonOf(error: unknown): string {
  return messageOf(error) || String((error as NodeJS.ErrnoException).code);
}

function resolveBySystem(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isLoopbackHost(url: URL): boolean {
  const host = hostOf(url);
  return isIP(host) === 0 ? /^localhost\.?$/.test(host) : isLoopbackAddress(host);
}
