// From credentials to a client: log-in with a token or an identity token, and the end of a token that was made for this job.

import { sleep } from '../client/abort.ts';
import { type VaultClient, createClient } from '../client/client.ts';
import { parseBaseUrl } from '../client/settings.ts';
import { type ZvaultError, isZvaultError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { ciError } from './errors.ts';
import { type ReadContext, readFailure } from './read-failure.ts';
import { claimNames } from './id-token.ts';
import type { CiOptions } from './options.ts';
import type { CiWorld, Platform } from './platform.ts';

/** Longest time of one attempt. */
const attemptTimeoutMs = 10_000;
/** A token that was signed a moment ago is from the future for a vault whose clock is behind. */
const skewPauseMs = 1000;

/** Where the vault is and whose secrets are meant; empty counts as unset. */
export interface Target {
  readonly url: string;
  readonly token: Secret | undefined;
  readonly org: string | undefined;
  readonly project: string | undefined;
  readonly environment: string | undefined;
}

export interface Session extends AsyncDisposable {
  readonly client: VaultClient;
  readonly token: Secret;
  /** Made for this job, and ours to revoke. */
  readonly minted: boolean;
  /** When a minted token ends, as the vault says it. */
  readonly expiresAt: string | undefined;
}

/** @throws ZVCI-100 to ZVCI-123 */
export async function openSession(
  target: Target,
  options: CiOptions,
  platform: Platform,
  world: CiWorld,
): Promise<Session> {
  const context = contextOf(target, options);
  try {
    const minted = usesIdToken(target, options, platform, world)
      ? await logIn(target, options, platform, world)
      : undefined;
    const token = minted?.token ?? target.token;
    if (token === undefined) throw noToken(platform, world);
    world.onCredential(token.expose());
    const client = clientFor(target, token, options, world);
    return {
      client,
      token,
      minted: minted !== undefined,
      expiresAt: minted?.expiresAt,
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw readFailure(error, context);
  }
}

function usesIdToken({ token }: Target, { auth, role }: CiOptions, platform: Platform, { env }: CiWorld): boolean {
  if (auth === 'token') return false;
  if (auth === 'oidc') {
    if (role === undefined) throw ciError('ZVCI-100', 'the log-in with an identity token needs "role"');
    return true;
  }
  if (role === undefined) return false;
  // Both are given where a workflow serves forks and branches alike: the identity token comes first.
  return token === undefined || platform.hasIdToken(env);
}

function noToken(platform: Platform, { env }: CiWorld): ZvaultError {
  return platform.isFork(env)
    ? ciError('ZVCI-101', 'the token is empty', {
        hint: `${platform.title} gives no secrets to builds of forks: use an identity token there, or skip this step`,
      })
    : ciError('ZVCI-101', 'the token is empty: set ZVAULT_TOKEN, or a role to log in with an identity token');
}

interface Login {
  readonly token: Secret;
  readonly expiresAt: string | undefined;
}

async function logIn(target: Target, options: CiOptions, platform: Platform, world: CiWorld): Promise<Login> {
  const role = options.role ?? '';
  // GitHub signs for whoever is named; the others are told by their own configuration.
  const audience = options.audience ?? (platform.id === 'github' ? parseBaseUrl(target.url).origin : undefined);
  for (let attempt = 1; ; attempt += 1) {
    const jwt = await platform.idToken(world, { audience, again: attempt > 1 });
    await using client = clientFor(target, undefined, options, world);
    try {
      const body = { role, jwt: jwt.expose() };
      const answer = await client.request<{ client_token?: unknown; expires_at?: unknown } | undefined>(
        'POST',
        '/v1/auth/jwt/login',
        { body, auth: 'none', idempotent: true },
      );
      const { client_token: token, expires_at: expiresAt } = answer ?? {};
      if (typeof token !== 'string' || token === '')
        throw ciError('ZVCI-123', `${target.url} answered the log-in without a token`);
      world.onCredential(token);
      return { token: new Secret(token), expiresAt: typeof expiresAt === 'string' ? expiresAt : undefined };
    } catch (error) {
      const isRefused = isZvaultError(error) && ['UNAUTHORIZED', 'FORBIDDEN', 'BAD_REQUEST'].includes(error.code);
      if (isZvaultError(error) && error.code === 'UNAUTHORIZED' && attempt === 1) {
        await sleep(skewPauseMs, world.signal);
        continue;
      }
      if (!isRefused && !(isZvaultError(error) && error.code === 'NOT_FOUND')) throw error;
      if (isZvaultError(error) && error.details?.['body'] === 'empty') {
        throw ciError('ZVCI-123', `${target.url} knows no log-in with identity tokens`, { cause: error });
      }
      throw ciError('ZVCI-111', `the role "${role}" does not accept this job's identity token`, {
        hint: isUsedUp(error)
          ? 'this identity token has logged in before, and each does once: log in once a job, or hand the values on by BASH_ENV or a file'
          : `compare the role's issuer, audience and bound_claims with the token, whose claims are: ${claimNames(jwt).join(', ')}`,
        cause: error,
      });
    }
  }
}

/** The vault says so; what it says is not repeated. */
function isUsedUp(error: unknown): boolean {
  return isZvaultError(error) && /logged in before/.test(error.message);
}

function clientFor(target: Target, token: Secret | undefined, options: CiOptions, world: CiWorld): VaultClient {
  const { caCert, clientCert, clientKey } = options;
  const isText = (pem: string): boolean => pem.includes('-----BEGIN');
  return createClient({
    url: target.url,
    token: token?.expose(),
    org: target.org,
    project: target.project,
    environment: target.environment,
    timeoutMs: Math.min(attemptTimeoutMs, options.timeoutMs),
    maxRetries: options.retries,
    ...(caCert === undefined ? {} : isText(caCert) ? { ca: caCert } : { caFile: caCert }),
    ...(clientCert === undefined ? {} : { cert: clientCert }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
    env: settledEnvironment(world.env),
    host: { env: world.env, now: world.now, randomBytes: world.randomBytes },
    onValue: world.onValue,
    signal: world.signal,
  });
}

/** What the target decides must not come in by another way; proxies, CA and `ZVAULT_ALLOW_HTTP` may. */
function settledEnvironment(env: CiWorld['env']): Record<string, string | undefined> {
  const kept = new Set(['ZVAULT_ALLOW_HTTP', 'ZVAULT_CA_CERT']);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ZVAULT_') || kept.has(name)));
}

/** Ends a token that was made for this job, by one request. @throws ZVCI-1… */
export async function revoke(target: Target, token: Secret, options: CiOptions, world: CiWorld): Promise<void> {
  await using client = clientFor(target, token, options, world);
  try {
    await client.request('POST', '/v1/auth/token/revoke-self', { auth: 'bearer', idempotent: true });
  } catch (error) {
    // It has ended already.
    if (isZvaultError(error) && error.code === 'UNAUTHORIZED') return;
    throw readFailure(error, contextOf(target, options));
  }
}

export function contextOf({ url, project, environment }: Target, { retries }: CiOptions): ReadContext {
  return { url, project, environment, attempts: retries + 1 };
}
