// Identity tokens: taken from a variable, from a program's output, or asked for over http with retries of our own. The toolkit's request
// gives up on 429, 500 and a reset, and waits three minutes for a server that hangs.

import { sleep } from '../client/abort.ts';
import { backoffMs } from '../client/retry.ts';
import { type ZvaultError, isZvaultError, messageOf } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { createClient } from '../client/client.ts';
import { ciError } from './errors.ts';
import type { CiWorld } from './platform.ts';

const attempts = 5;
const attemptTimeoutMs = 5000;
/** A longer pause than this is not worth the wait: the job is told instead. */
const maxPauseMs = 10_000;

/** A token that the platform has put into a variable. @throws ZVCI-110 */
export function fixedIdToken(world: CiWorld, variable: string, hint: string): Secret {
  const text = world.env[variable]?.trim();
  if (!text) throw ciError('ZVCI-110', `${variable} is not set: the job has no identity token`, { hint });
  return idTokenOf(world, text, variable);
}

/** Checks the form and tells the masker. @throws ZVCI-112 naming where it came from, never the text */
export function idTokenOf(world: CiWorld, text: string, source: string): Secret {
  const token = text.trim();
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) throw ciError('ZVCI-112', `what ${source} gave is no identity token`);
  world.onCredential(token);
  return new Secret(token);
}

export interface IdTokenEndpoint {
  readonly url: string;
  /** Bearer token for the request. */
  readonly token: string;
  readonly audience: string | undefined;
}

/** Asks for a token: bounded, and again after what may pass. @throws ZVCI-110, ZVCI-112 */
export async function fetchIdToken(world: CiWorld, endpoint: IdTokenEndpoint): Promise<Secret> {
  world.onCredential(endpoint.token);
  if (!URL.canParse(endpoint.url)) throw ciError('ZVCI-112', 'ACTIONS_ID_TOKEN_REQUEST_URL is not a URL');
  const url = new URL(endpoint.url);
  if (endpoint.audience !== undefined) url.searchParams.set('audience', endpoint.audience);
  await using client = createClient({
    url: url.origin,
    token: endpoint.token,
    timeoutMs: attemptTimeoutMs,
    maxRetries: 0,
    // GitHub's own address, never one of the user's settings; its proxy is that of the job.
    env: withoutZvault(world.env),
    allowHttp: true,
    signal: world.signal,
    host: { env: world.env, now: world.now, randomBytes: world.randomBytes },
  });
  const random = (): number => world.randomBytes(4).readUInt32BE() / 2 ** 32;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.request<{ value?: unknown } | undefined>('GET', url.pathname + url.search, {
        auth: 'bearer',
      });
      if (typeof answer?.value !== 'string') throw ciError('ZVCI-112', 'the platform answered without a token');
      return idTokenOf(world, answer.value, 'the platform');
    } catch (error) {
      const pauseMs = attempt < attempts ? pauseAfter(error, attempt, random) : undefined;
      if (pauseMs === undefined) throw refused(error, attempt);
      await sleep(pauseMs, world.signal);
    }
  }
}

/** Milliseconds until the next attempt; undefined when another one cannot help. */
function pauseAfter(error: unknown, attempt: number, random: () => number): number | undefined {
  if (!isZvaultError(error)) return undefined;
  const { status, retryAfterMs, permanent } = (error.details ?? {}) as {
    status?: number;
    retryAfterMs?: number;
    permanent?: boolean;
  };
  const passing =
    error.code === 'CONNECTION_FAILED' ||
    error.code === 'TIMEOUT' ||
    status === 429 ||
    status === 408 ||
    (status ?? 0) >= 500;
  if (!passing || permanent === true) return undefined;
  const pauseMs = (retryAfterMs ?? 0) + 100 + backoffMs(attempt, random);
  return pauseMs > maxPauseMs ? undefined : pauseMs;
}

function refused(error: unknown, attempt: number): ZvaultError {
  if (isZvaultError(error) && (error.code === 'INTERRUPTED' || error.details?.['ci'] !== undefined)) return error;
  const status = isZvaultError(error) ? error.details?.['status'] : undefined;
  if (status === 401 || status === 403) {
    return ciError('ZVCI-110', `the platform refuses an identity token (HTTP ${status})`, { cause: error });
  }
  const what = typeof status === 'number' ? `HTTP ${status}` : isZvaultError(error) ? error.code : messageOf(error);
  return ciError('ZVCI-112', `no identity token after ${attempt} attempts (${what})`, { cause: error });
}

/** The environment less our own settings: this request is not for the vault. */
function withoutZvault(env: CiWorld['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ZVAULT_')));
}

/** Names of a token's claims, sorted, for a message. Nothing is verified, and no value is told. */
export function claimNames(token: Secret): string[] {
  return Object.keys(claimsOf(token)).sort();
}

/** The audience that a token names. Nothing is verified. */
export function audienceOf(token: Secret): unknown {
  return claimsOf(token)['aud'];
}

function claimsOf(token: Secret): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.expose().split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
