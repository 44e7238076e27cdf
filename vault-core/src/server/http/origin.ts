// Refuses requests that a web page of somebody else makes through the visitor's browser. DNS rebinding needs a foreign name
// in `Host`; a cross-site request carries a foreign `Origin`.

import type { IncomingMessage } from 'node:http';
import { ZvaultError } from '../../domain/errors.ts';
import { type ResolvedOptions, isLoopback } from '../options.ts';

export class OriginPolicy {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #scheme: 'http' | 'https';
  readonly #loopback: boolean;
  /** A host that is known whatever the connection: nearly all requests bring the same. */
  #lastKnown = '';

  constructor({ listen, publicUrls, tls }: Pick<ResolvedOptions, 'listen' | 'publicUrls' | 'tls'>) {
    this.#scheme = tls ? 'https' : 'http';
    // A server on all addresses is reached on loopback too.
    this.#loopback = isLoopback(listen.host) || listen.host === '0.0.0.0' || listen.host === '::';
    this.#hosts = new Set([listen.host.toLowerCase(), ...publicUrls.map(({ hostname }) => hostname.toLowerCase())]);
    this.#origins = new Set(publicUrls.map(({ origin }) => origin));
  }

  /** @throws BAD_REQUEST without a Host, FORBIDDEN for a foreign one or a foreign Origin */
  check(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    if (host === undefined || host === '') throw new ZvaultError('BAD_REQUEST', 'the request names no host');
    if (host !== this.#lastKnown && !this.#knownHost(host, request.socket.localAddress)) {
      throw new ZvaultError('FORBIDDEN', 'the server is not known under that host name', {
        hint: 'start it with --public-url for each name it has',
      });
    }
    if (origin !== undefined && origin !== `${this.#scheme}://${host}` && !this.#origins.has(origin)) {
      throw new ZvaultError('FORBIDDEN', 'requests of other web sites are refused');
    }
  }

  #knownHost(host: string, localAddress: string | undefined): boolean {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (this.#hosts.has(name) || (this.#loopback && isLoopback(name))) {
      this.#lastKnown = host;
      return true;
    }
    // An address literal can't be rebound: it is the address that the connection came in on, or a mistake.
    const bare = name.replace(/^\[|\]$/g, '');
    return localAddress !== undefined && (bare === localAddress || `::ffff:${bare}` === localAddress);
  }
}
