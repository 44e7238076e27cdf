// All secrets of an environment: one request where the server has bulk reads, else the older way (loaded only then).

import { ZvaultError } from '../domain/errors.ts';
import { decodeArray, decodeEntry, type Entry } from './decode.ts';
import type { Dialect } from './dialect.ts';
import { isUnrouted } from './failures.ts';
import { path, type RequestPath } from './path.ts';
import type { Reply, Requester } from './requester.ts';
import type { Place, Scope } from './scope.ts';

export type Entries = ReadonlyMap<string, Entry>;

export type Fetched =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'entries'; readonly entries: Entries; readonly etag: string | undefined };

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is known already: its ETag makes the request conditional, its versions save reads on older servers. */
  readonly known?: { readonly entries: Entries; readonly etag: string | undefined } | undefined;
  readonly maxRetries?: number | undefined;
}

export class Bulk {
  readonly #requester: Requester;
  readonly #scope: Scope;

  constructor(requester: Requester, scope: Scope) {
    this.#requester = requester;
    this.#scope = scope;
  }

  /**
   * All or nothing. NOT_FOUND (unrouted) from a vault without cloud routes. `environment` is resolved already; organisation and project may be left to the token.
   */
  async fetch(place: Place & { readonly environment: string }, options: FetchOptions = {}): Promise<Fetched> {
    if (this.#requester.dialect.current === 'vault-only') throw noCloud(this.#requester.settings.base.origin);
    if (this.#requester.dialect.current === 'bulk') {
      try {
        return await this.#fetchBulk(place, options);
      } catch (error) {
        if (!isUnrouted(error) || !(await this.hasCloud(options.signal))) throw error;
        this.#remember('legacy');
      }
    }
    const { fetchLegacy } = await import('./legacy.ts');
    return fetchLegacy(this.#requester, this.#scope, place, options);
  }

  /** Does the server route /v1/cloud? */
  async hasCloud(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#requester.dialect.current === 'vault-only') return false;
    try {
      await this.#scope.identity(signal);
      return true;
    } catch (error) {
      if (!isUnrouted(error)) throw error;
      this.#remember('vault-only');
      return false;
    }
  }

  #remember(dialect: Dialect): void {
    this.#requester.dialect.remember(dialect);
    this.#requester.settings.log({ level: 'debug', event: 'dialect', message: `the server is ${dialect}` });
  }

  async #fetchBulk(place: Place & { readonly environment: string }, options: FetchOptions): Promise<Fetched> {
    const { known, signal, maxRetries } = options;
    const reply = await this.#requester.call({
      method: 'GET',
      path: this.#route(place),
      query: { env: place.environment },
      headers: known?.etag === undefined ? undefined : { 'If-None-Match': known.etag },
      accept: known?.etag === undefined ? [] : [304],
      signal,
      ...(maxRetries === undefined ? {} : { maxRetries }),
    });
    if (reply.status === 304) {
      this.#requester.metrics.notModified();
      return { kind: 'unchanged' };
    }
    return { kind: 'entries', entries: entriesOf(reply), etag: reply.headers.etag };
  }

  #route(place: Place): RequestPath {
    const { settings } = this.#requester;
    const org = place.org ?? settings.org;
    const project = place.project ?? settings.project;
    if (project === undefined) return path`/v1/cloud/secrets`;
    return org === undefined
      ? path`/v1/cloud/projects/${project}/secrets`
      : path`/v1/cloud/orgs/${org}/projects/${project}/secrets`;
  }
}

function entriesOf(reply: Reply): Entries {
  const entries = decodeArray(reply.json, 'secrets').map(decodeEntry);
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function noCloud(origin: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `${origin} has no cloud routes`, {
    hint: 'check ZVAULT_URL, or use zvault://kv/ references',
    details: { status: 404, body: 'empty' },
  });
}
