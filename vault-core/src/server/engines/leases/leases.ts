// Leases: a time for which something that an engine gave out is valid. Each is found by its id, by when it expires, by its path
// and by the token that it was made with, and ends with its mount and with that token.

import { randomUUID } from 'node:crypto';
import { formatVaultTimestamp } from '../../../domain/duration.ts';
import { ZvaultError, isZvaultError } from '../../../domain/errors.ts';
import type { Lease, LeasesReply } from '../../../wire/engine-shapes.ts';
import { lineageOf } from '../../auth/lineage.ts';
import type { Records, TokenRecord, VaultTokenRecord } from '../../records.ts';
import { keys } from '../../store/keys.ts';
import type { Reader, Transaction } from '../../store/store.ts';
import type { EngineType, Mounts } from '../mounts.ts';

export interface LeaseRecord {
  readonly id: string;
  readonly engine_path: string;
  /** Of the mount that the path was under; `null` when nothing was mounted there. */
  readonly engine_type: EngineType | null;
  readonly issued_at: number;
  readonly ttl_secs: number;
  readonly renewable: boolean;
  readonly token_hash: string;
  /** Milliseconds; set while its engine has not taken back yet what it gave. */
  readonly ended_at: number | null;
  /** Refusals of the engine since then. */
  readonly attempts: number;
  /** When the worker looks at it. */
  readonly due_at: number;
}

/** Takes back what an engine gave out with a lease. Repeating it must do no harm. A rejection is followed by another attempt. */
export type LeaseCallback = (lease: LeaseRecord, signal: AbortSignal) => Promise<void>;
export type LeaseCallbacks = Partial<Readonly<Record<EngineType, LeaseCallback>>>;

export interface NewLease {
  readonly engine_path: string;
  readonly ttl_secs: number;
  readonly renewable: boolean;
  readonly token_hash: string;
}

/** A lease ends a year after it was made, whatever its renewals. */
export const maxLeaseSeconds = 31_536_000;
const maxPathLength = 1024;
const separator = '\u0000';

export class Leases {
  readonly #records: Records;
  readonly #mounts: Mounts;
  readonly #callbacks: LeaseCallbacks;

  constructor(records: Records, mounts: Mounts, callbacks: LeaseCallbacks) {
    this.#records = records;
    this.#mounts = mounts;
    this.#callbacks = callbacks;
  }

  /** @throws BAD_REQUEST */
  async create(transaction: Transaction, asked: NewLease, nowMs: number): Promise<Lease> {
    const { engine_path: path, ttl_secs: ttl } = asked;
    if (!/^[A-Za-z0-9_-][A-Za-z0-9_./-]*$/.test(path) || path.length > maxPathLength)
      throw new ZvaultError('BAD_REQUEST', '"engine_path" must be a path as in policies, like secret/data/app');
    if (ttl > maxLeaseSeconds) throw new ZvaultError('BAD_REQUEST', `a lease lasts at most ${maxLeaseSeconds} seconds`);
    const [mountName = ''] = path.split('/');
    const mount = (await this.#mounts.list(transaction)).find(({ name }) => name === mountName);
    const lease: LeaseRecord = {
      id: randomUUID(),
      ...asked,
      engine_type: mount?.engine_type ?? null,
      issued_at: nowMs,
      ended_at: null,
      attempts: 0,
      due_at: nowMs + ttl * 1000,
    };
    await this.#put(transaction, lease);
    await transaction.put(keys.leaseOfPath(path, lease.id), '');
    await transaction.put(keys.leaseOfToken(lease.token_hash, lease.id), '');
    await this.#count(transaction, 1);
    return shapeOf(lease, false);
  }

  /** @throws NOT_FOUND */
  async lookup(reader: Reader, id: string, nowMs: number): Promise<Lease> {
    const lease = await this.#live(reader, id);
    return shapeOf(lease, await this.#isOver(reader, lease, nowMs));
  }

  /**
   * Adds `increment` seconds to the lease's time, up to `maxLeaseSeconds` in all (contract 3.4).
   * @throws NOT_FOUND, BAD_REQUEST (expired, not renewable)
   */
  async renew(transaction: Transaction, id: string, increment: number, nowMs: number): Promise<Lease> {
    const lease = await this.#live(transaction, id);
    if (!lease.renewable) throw new ZvaultError('BAD_REQUEST', 'the lease is not renewable');
    if (await this.#isOver(transaction, lease, nowMs)) throw new ZvaultError('BAD_REQUEST', 'the lease has expired');
    const ttl = Math.min(lease.ttl_secs + increment, maxLeaseSeconds);
    const renewed = { ...lease, ttl_secs: ttl, due_at: lease.issued_at + ttl * 1000 };
    await this.#move(transaction, lease, renewed);
    return shapeOf(renewed, false);
  }

  /** Ends a lease; at once where its engine need not be told. Nothing when there is none. */
  async end(transaction: Transaction, id: string, nowMs: number): Promise<void> {
    const lease = await this.read(transaction, id);
    if (lease && lease.ended_at === null) await this.#end(transaction, lease, nowMs);
  }

  /** Ends all leases whose path begins so; returns how many. */
  endUnder(transaction: Transaction, prefix: string, nowMs: number): Promise<number> {
    return this.#endIndexed(transaction, keys.leaseOfPathPrefix(prefix), nowMs);
  }

  /** Ends all leases that were made with the token; returns how many. */
  endOfToken(transaction: Transaction, tokenHash: string, nowMs: number): Promise<number> {
    return this.#endIndexed(transaction, keys.leaseOfTokenPrefix(tokenHash), nowMs);
  }

  /** By id. */
  async list(
    reader: Reader,
    { limit, after }: { readonly limit: number; readonly after: string | undefined },
    nowMs: number,
  ): Promise<LeasesReply> {
    const from = after === undefined ? {} : { after: keys.lease(after) };
    const entries = await reader.scan({ prefix: keys.leasePrefix, limit: limit + 1, ...from });
    const page = entries.slice(0, limit);
    const leases: Lease[] = [];
    /** Tokens that were asked about: many leases have the same one. */
    const over = new Map<string, boolean>();
    for (const { key, value } of page) {
      const lease = await this.#records.open<LeaseRecord>(reader, key, value);
      if (lease.ended_at !== null) continue;
      const { token_hash: hash } = lease;
      if (!over.has(hash)) over.set(hash, await this.isTokenOver(reader, hash, nowMs));
      leases.push(shapeOf(lease, lease.due_at <= nowMs || over.get(hash) === true));
    }
    const next = entries.length > limit ? (page.at(-1)?.key.slice(keys.leasePrefix.length) ?? null) : null;
    return { leases, total: await this.count(reader), next };
  }

  /** Leases that have not ended, expired ones included until the worker has seen them. */
  async count(reader: Reader): Promise<number> {
    return Number((await reader.get(keys.leaseCount))?.value.toString() ?? 0);
  }

  /** Leases that are waiting for the worker. */
  async countDue(reader: Reader, nowMs: number): Promise<number> {
    return (await reader.scan({ prefix: keys.leaseExpiryPrefix, before: keys.leaseExpiry(nowMs, '') })).length;
  }

  // For the worker.

  read(reader: Reader, id: string): Promise<LeaseRecord | undefined> {
    return this.#records.read<LeaseRecord>(reader, keys.lease(id));
  }

  /** What takes back what came with the lease; `undefined` when nothing needs to. */
  callbackOf(lease: LeaseRecord): LeaseCallback | undefined {
    return lease.engine_type === null ? undefined : this.#callbacks[lease.engine_type];
  }

  /** Looks at it again later. */
  async postpone(transaction: Transaction, lease: LeaseRecord, dueAtMs: number, nowMs: number): Promise<void> {
    if (lease.ended_at === null) await this.#count(transaction, -1);
    const ended_at = lease.ended_at ?? nowMs;
    await this.#move(transaction, lease, { ...lease, ended_at, attempts: lease.attempts + 1, due_at: dueAtMs });
  }

  async erase(transaction: Transaction, lease: LeaseRecord): Promise<void> {
    if (lease.ended_at === null) await this.#count(transaction, -1);
    await transaction.delete(keys.lease(lease.id));
    await transaction.delete(keys.leaseExpiry(lease.due_at, lease.id));
    await transaction.delete(keys.leaseOfPath(lease.engine_path, lease.id));
    await transaction.delete(keys.leaseOfToken(lease.token_hash, lease.id));
  }

  /** True for a token that is gone, revoked or expired, itself or one that it descends from. */
  async isTokenOver(reader: Reader, tokenHash: string, nowMs: number): Promise<boolean> {
    const token = await this.#records.read<TokenRecord | VaultTokenRecord>(reader, keys.token(tokenHash));
    if (!token || token.revoked_at !== null) return true;
    try {
      const { expiresAtMs } = await lineageOf(reader, this.#records, token, nowMs);
      return expiresAtMs !== null && expiresAtMs <= nowMs;
    } catch (error) {
      if (isZvaultError(error) && error.code === 'UNAUTHORIZED') return true;
      throw error;
    }
  }

  async #live(reader: Reader, id: string): Promise<LeaseRecord> {
    const lease = await this.read(reader, id);
    if (lease?.ended_at !== null) throw new ZvaultError('NOT_FOUND', 'there is no such lease');
    return lease;
  }

  async #isOver(reader: Reader, lease: LeaseRecord, nowMs: number): Promise<boolean> {
    return lease.due_at <= nowMs || this.isTokenOver(reader, lease.token_hash, nowMs);
  }

  async #end(transaction: Transaction, lease: LeaseRecord, nowMs: number): Promise<void> {
    if (!this.callbackOf(lease)) return this.erase(transaction, lease);
    await this.#count(transaction, -1);
    await this.#move(transaction, lease, { ...lease, ended_at: nowMs, due_at: nowMs });
  }

  async #endIndexed(transaction: Transaction, prefix: string, nowMs: number): Promise<number> {
    const entries = await transaction.scan({ prefix });
    for (const { key } of entries) {
      const id = key.slice(Math.max(key.lastIndexOf('/'), key.lastIndexOf(separator)) + 1);
      await this.end(transaction, id, nowMs);
    }
    return entries.length;
  }

  async #move(transaction: Transaction, before: LeaseRecord, after: LeaseRecord): Promise<void> {
    await transaction.delete(keys.leaseExpiry(before.due_at, before.id));
    await this.#put(transaction, after);
  }

  async #put(transaction: Transaction, lease: LeaseRecord): Promise<void> {
    await this.#records.write(transaction, keys.lease(lease.id), lease);
    await transaction.put(keys.leaseExpiry(lease.due_at, lease.id), '');
  }

  async #count(transaction: Transaction, change: number): Promise<void> {
    await transaction.put(keys.leaseCount, String((await this.count(transaction)) + change));
  }
}

function shapeOf(lease: LeaseRecord, expired: boolean): Lease {
  return {
    lease_id: lease.id,
    engine_path: lease.engine_path,
    issued_at: formatVaultTimestamp(lease.issued_at),
    ttl_secs: lease.ttl_secs,
    renewable: lease.renewable,
    expired,
  };
}
