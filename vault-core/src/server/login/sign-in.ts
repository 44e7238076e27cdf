// What signing in needs of one server: the issuers that offer it, and how often an address may try.

import type { IncomingMessage } from 'node:http';
import { ZvaultError } from '../../domain/errors.ts';
import { RateLimit } from '../http/rate-limit.ts';
import { type ResolvedOptions, isLoopback } from '../options.ts';
import type { Provider } from './provider.ts';
import type { Providers } from './providers.ts';

/** Requests of a sign-in a second and address: a person needs four for one, and the issuer is asked in their name. */
const requestsPerSecond = 20;

export class SignIn {
  readonly #options: ResolvedOptions;
  readonly #rate: RateLimit;
  readonly #providers: Providers;

  /** `now`: milliseconds since the epoch. */
  constructor(options: ResolvedOptions, providers: Providers, now: () => number) {
    this.#options = options;
    this.#rate = new RateLimit(options.rateLimit === 0 ? 0 : Math.min(options.rateLimit, requestsPerSecond), now);
    this.#providers = providers;
  }

  get providers(): readonly Provider[] {
    return this.#providers.list;
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
    // Who comes by loopback comes past the proxy.
    const https = tls !== undefined || (behindProxy && !isLoopback(name));
    return known ?? new URL(`${https ? 'https' : 'http'}://${host}`);
  }

  close(): void {
    this.#providers.close();
  }
}
