// What signing in needs of one server: the issuers that offer it, and how often an address may try.

import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { RateLimit } from '../http/rate-limit.ts';
import { type Issuers, fetchRulesOf } from '../identity/issuers.ts';
import { type SignInConfig, takesSignIn } from '../identity/issuers-config.ts';
import type { ResolvedOptions } from '../options.ts';
import { Provider } from './provider.ts';

/** Requests of a sign-in a second and address: a person needs four for one, and the issuer is asked in their name. */
const requestsPerSecond = 20;

export interface SignInOptions {
  readonly options: ResolvedOptions;
  readonly issuers: Issuers;
  readonly now: () => number;
}

export class SignIn {
  readonly providers: readonly Provider[];
  readonly #options: ResolvedOptions;
  readonly #rate: RateLimit;
  readonly #closing = new AbortController();

  /** @throws CONFIG_INVALID when a client's secret can't be read */
  constructor({ options, issuers, now }: SignInOptions) {
    this.#options = options;
    this.#rate = new RateLimit(options.rateLimit === 0 ? 0 : Math.min(options.rateLimit, requestsPerSecond), now);
    this.providers = options.jwtIssuers.filter(takesSignIn).map((config) => {
      readSecret(config);
      const rules = fetchRulesOf({ allowLoopbackHttp: options.loopbackIssuers }, config.allowed_addresses);
      const { signal } = this.#closing;
      return new Provider(config, { rules, issuers, now, signal, clientSecret: () => readSecret(config) });
    });
  }

  /** @throws BAD_REQUEST */
  provider(issuer: string): Provider {
    const found = this.providers.find(({ config }) => config.issuer === issuer);
    if (!found) throw new ZvaultError('BAD_REQUEST', 'nobody signs in at that issuer here');
    return found;
  }

  /** @throws RATE_LIMITED */
  charge({ socket }: IncomingMessage): void {
    const retryAfterSeconds = this.#rate.take(`address ${socket.remoteAddress}`);
    if (retryAfterSeconds === 0) return;
    throw new ZvaultError('RATE_LIMITED', 'too many attempts to sign in', {
      hint: 'try again in a few seconds',
      details: { retryAfterSeconds },
    });
  }

  /** The server's address as the person's browser has it; its `Host` has been checked before. */
  publicUrl({ headers: { host = '' } }: IncomingMessage): URL {
    const { publicUrls, tls, behindProxy } = this.#options;
    const name = host.replace(/:\d+$/, '').toLowerCase();
    const known = publicUrls.find((url) => url.host === host.toLowerCase() || url.hostname === name);
    return known ?? new URL(`${tls || behindProxy ? 'https' : 'http'}://${host}`);
  }

  close(): void {
    this.#closing.abort();
  }
}

function readSecret({ client_secret_file: path, issuer }: SignInConfig): string | undefined {
  if (path === undefined) return undefined;
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `can't read the client's secret for ${issuer}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (secret === '') throw new ZvaultError('CONFIG_INVALID', `the file of the client's secret for ${issuer} is empty`);
  return secret;
}
