// The secret engines of one server process, put together.

import type { Keyring } from '../keyring.ts';
import type { Records } from '../records.ts';
import type { Store } from '../store/store.ts';
import { KvReader } from './kv/reading.ts';
import { KvRecords } from './kv/record.ts';
import { KvWriter } from './kv/writing.ts';
import { type LeaseCallbacks, Leases } from './leases/leases.ts';
import { LeaseWorker } from './leases/worker.ts';
import { Mounts } from './mounts.ts';
import { TransitKeys } from './transit/keys.ts';

export interface EnginesOptions {
  readonly store: Store;
  readonly records: Records;
  readonly keyring: () => Keyring;
  readonly now: () => number;
  readonly leaseScanMs: number;
  /** Records the end of leases in the audit. */
  readonly note: (data: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string) => void;
  /** @default none: no engine gives out what must be taken back */
  readonly leaseCallbacks?: LeaseCallbacks;
}

export class Engines {
  readonly mounts: Mounts;
  readonly kvReader: KvReader;
  readonly kvWriter: KvWriter;
  readonly transitKeys: TransitKeys;
  readonly leases: Leases;
  readonly leaseWorker: LeaseWorker;

  constructor({ store, records, keyring, now, leaseScanMs, note, warn, leaseCallbacks = {} }: EnginesOptions) {
    this.mounts = new Mounts(records);
    const kvRecords = new KvRecords(keyring);
    this.kvReader = new KvReader(store, this.mounts, kvRecords);
    this.kvWriter = new KvWriter(this.mounts, kvRecords);
    this.transitKeys = new TransitKeys(store, this.mounts, keyring);
    this.leases = new Leases(records, this.mounts, leaseCallbacks);
    this.leaseWorker = new LeaseWorker({ store, leases: this.leases, now, intervalMs: leaseScanMs, note, warn });
  }

  /** The vault was unsealed. */
  start(): void {
    this.leaseWorker.start();
  }

  /** The vault will be sealed: what works in the background ends, and what was decrypted is overwritten. */
  async stop(): Promise<void> {
    await this.leaseWorker.stop();
    this.kvReader.clear();
    this.transitKeys.clear();
  }
}
