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

  /** @throws BAD_REQUEST without a Host or with two, FORBIDDEN for a foreign one or a foreign Origin */
  check(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    if (host === undefined || host === '') throw new ZvaultError('BAD_REQUEST', 'the request names no host');
    refuseRepeated(request.rawHeaders);
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

/** Node takes the first of two; what stands before the server may have taken the other. RFC 9112 §3.2 wants 400 for two hosts. */
function refuseRepeated(rawHeaders: readonly string[]): void {
  let hosts = 0;
  let tokens = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (name.length === 13 && name.toLowerCase() === 'authorization') tokens += 1;
  }
  if (hosts > 1) throw new ZvaultError('BAD_REQUEST', 'the request names two hosts');
  if (tokens > 1) throw new ZvaultError('BAD_REQUEST', 'the request has two headers "Authorization"');
}
