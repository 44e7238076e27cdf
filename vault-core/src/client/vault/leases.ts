import type { Lease, LeasesReply } from '../../wire/engine-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray, decodeObject } from '../decode.ts';
import { callVault } from '../kv.ts';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';

export interface NewLease {
  /** What it is for, as in policies: `secret/data/app`. */
  readonly engine_path: string;
  /** @default 3600 */
  readonly ttl_secs?: number;
  /** @default true */
  readonly renewable?: boolean;
}

export class LeasesApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** One page; `next` is the `after` of the next one, `null` at the end. */
  async list(options: CallOptions & { readonly limit?: number; readonly after?: string } = {}): Promise<LeasesReply> {
    const { limit, after, signal } = options;
    const call = { method: 'GET', path: path`/v1/sys/leases`, query: { limit, after }, signal } as const;
    const { json } = await callVault(this.#requester, call);
    decodeArray(json, 'leases');
    // Servers of other makes have one page.
    const { next = null, ...page } = json as Omit<LeasesReply, 'next'> & Partial<LeasesReply>;
    return { ...page, next };
  }

  async create(lease: NewLease, options: CallOptions = {}): Promise<Lease> {
    return this.#post('create', lease, options);
  }

  /** @throws NOT_FOUND */
  async lookup(id: string, options: CallOptions = {}): Promise<Lease> {
    return this.#post('lookup', { lease_id: id }, options);
  }

  /** Adds seconds (3600 when left out) to its time. @throws NOT_FOUND, BAD_REQUEST (expired, not renewable) */
  async renew(id: string, options: CallOptions & { readonly increment?: number | undefined } = {}): Promise<Lease> {
    const { increment, ...others } = options;
    return this.#post('renew', { lease_id: id, ...(increment === undefined ? {} : { increment }) }, others);
  }

  /** Repeating it changes nothing. */
  async revoke(id: string, options: CallOptions = {}): Promise<void> {
    const call = { method: 'POST', path: path`/v1/sys/leases/revoke`, body: { lease_id: id } } as const;
    await callVault(this.#requester, { ...call, repeatable: true, ...options });
  }

  async #post(verb: string, body: object, options: CallOptions): Promise<Lease> {
    const call = { method: 'POST', path: path`/v1/sys/leases/${verb}`, body, repeatable: verb === 'lookup' } as const;
    return decodeObject((await callVault(this.#requester, { ...call, ...options })).json, 'the lease') as Lease;
  }
}
