// Encrypts again what old keys have encrypted, in the background, a page at a time; then erases those keys. Any server may do it, one at
// a time does; a crash costs the page under way.
//
// Since every write takes the key that is current in its own transaction, no new ciphertext names an old key. Passes go on until one
// finds nothing left.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isZvaultError, messageOf } from '../../domain/errors.ts';
import { type Keyring, rootLinkPrefix, wrappedAddress, wrappedKeyPrefix } from '../keyring.ts';
import type { Records } from '../records.ts';
import type { Entry, Store, Transaction } from '../store/store.ts';
import { formOf, keyIdIn } from './forms.ts';
import { KeyIds } from './key-ids.ts';
import { type RotationState, readRotation, rotationKey, writeRotation } from './state.ts';

export interface RotatorOptions {
  readonly store: Store;
  /** Throws while the vault is sealed. */
  readonly keyring: () => Keyring;
  readonly records: Records;
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** Between the last pass and the erasing: for answers that are being made from what was read before. @default 1000 */
  readonly settleMs?: number;
}

const lookIntervalMs = 2000;
/** A page is read at once; a value may have a megabyte. */
const pageSize = 64;
/** Pages without an old key between two notes of how far it is. */
const quietPages = 32;
/** A server that has not said for so long that it works is taken for dead. */
const leaseMs = 5000;
/** Between pages, requests have at least the time that a page took, up to this. */
const longestPauseMs = 50;

/** What the store has of others' keys, and staged backups. */
const passedOver = [wrappedKeyPrefix, rootLinkPrefix, 'restore/'];

export class Rotator {
  readonly #options: RotatorOptions;
  readonly #worker = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stop = AbortSignal.abort();
  #end: () => void = () => undefined;
  #seen = 0;
  #quiet = 0;
  #scanned = 0;
  #cursor: { readonly rotation: string; readonly after: string | null } | undefined;

  constructor(options: RotatorOptions) {
    this.#options = options;
  }

  start(): void {
    const life = new AbortController();
    this.#stop = life.signal;
    this.#end = () => life.abort();
    this.#timer ??= setInterval(() => this.kick(), lookIntervalMs).unref();
    this.kick();
  }

  /** Resolves when nothing of it is under way any more. */
  async stop(): Promise<void> {
    this.#end();
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
    await this.#release();
    this.#seen = 0;
    this.#cursor = undefined;
  }

  /** Looks now. */
  kick(): void {
    if (this.#stop.aborted) return;
    this.#running = this.#running.then(() => this.#look());
  }

  async #look(): Promise<void> {
    if (this.#stop.aborted) return;
    try {
      const { store, keyring } = this.#options;
      const [revision = 0] = await store.revisions([rotationKey]);
      if (revision !== this.#seen) {
        await keyring().dropErased(store);
        this.#seen = revision;
      }
      while (!this.#stop.aborted && (await this.#step()));
    } catch (error) {
      if (this.#stop.aborted) return;
      // The vault is another one by now; who watches the keys seals it.
      if (isZvaultError(error) && (error.code === 'SEALED' || error.code === 'NOT_INITIALIZED')) return;
      this.#options.warn(`can't go on with the rotation of keys: ${messageOf(error)}`);
    }
  }

  /** One page. False when there is nothing to do now. */
  async #step(): Promise<boolean> {
    const { store, now } = this.#options;
    const state = await readRotation(store);
    if (!state) return false;
    if (state.unlink_at !== null && state.unlink_at <= now()) await this.#unlink();
    if (state.finished_at !== null || !this.#mayWork(state)) return false;
    if (state.erase_at !== null) {
      const wait = state.erase_at - now();
      if (wait > 0) await this.#pause(Math.min(wait, 500));
      else await this.#erase();
      return true;
    }
    const started = performance.now();
    await this.#page(state);
    await this.#pause(Math.min(longestPauseMs, performance.now() - started));
    return true;
  }

  #mayWork({ worker, worker_until: until }: RotationState): boolean {
    return worker === null || worker === this.#worker || until <= this.#options.now();
  }

  async #page(state: RotationState): Promise<void> {
    const { store } = this.#options;
    // Quiet pages are noted now and then only: this process knows better than the store how far it is.
    if (this.#cursor?.rotation !== state.id || this.#quiet === 0) {
      this.#cursor = { rotation: state.id, after: state.cursor };
      this.#scanned = state.scanned;
    }
    const { after } = this.#cursor;
    const page = await store.scan({ prefix: '', limit: pageSize, ...(after === null ? {} : { after }) });
    const retiring = new Map(state.retiring.map((key) => [key.id, key]));
    const anywhere = new KeyIds([...retiring.keys()]);
    const old: Entry[] = [];
    const kept = new Set<string>();
    for (const entry of page) {
      if (passedOver.some((prefix) => entry.key.startsWith(prefix))) continue;
      const id = keyIdIn(entry);
      if (id !== undefined && retiring.has(id)) old.push(entry);
      else {
        const unknown = anywhere.find(entry.value);
        if (unknown !== undefined) kept.add(unknown);
      }
    }
    const end = page.length < pageSize;
    const last = page.at(-1)?.key ?? after;
    this.#scanned += page.length;
    if (old.length === 0 && kept.size === 0 && !end && this.#quiet + 1 < quietPages) {
      this.#quiet += 1;
      this.#cursor = { rotation: state.id, after: last };
      return;
    }
    this.#quiet = 0;
    const total = state.total === 0 ? await this.#count() : state.total;
    await this.#change(state.id, async (transaction, now) => {
      const { moved, failed } = await this.#encryptAgain(transaction, old, retiring);
      for (const id of failed) kept.add(id);
      const next: RotationState = {
        ...now,
        total,
        cursor: last,
        scanned: this.#scanned,
        found: now.found + moved,
        reencrypted: now.reencrypted + moved,
        kept: [...new Set([...now.kept, ...kept])],
      };
      return end ? this.#endOfPass(next) : next;
    });
  }

  /** Another pass while there was something to do; else the old keys may go. */
  #endOfPass(state: RotationState): RotationState {
    if (state.found > 0) return { ...state, cursor: null, scanned: 0, found: 0, kept: [] };
    return { ...state, erase_at: this.#options.now() + (this.#options.settleMs ?? 1000) };
  }

  async #encryptAgain(
    transaction: Transaction,
    entries: readonly Entry[],
    retiring: ReadonlyMap<string, RotationState['retiring'][number]>,
  ): Promise<{ moved: number; failed: string[] }> {
    const { keyring, records, warn } = this.#options;
    const failed: string[] = [];
    let moved = 0;
    for (const { key } of entries) {
      // It may have changed, or gone, since it was looked at.
      const entry = await transaction.get(key);
      const retired = entry && retiring.get(keyIdIn(entry) ?? '');
      if (!entry || !retired) continue;
      try {
        const fresh = await formOf(key).freshen({ transaction, keyring: keyring(), records }, entry, retired.owner);
        await transaction.put(key, fresh);
        moved += 1;
      } catch (error) {
        if (!isZvaultError(error) || error.code !== 'INTERNAL') throw error;
        // Damaged, or of a form that nobody told us: its key must stay.
        failed.push(retired.id);
        warn(`an entry of the store can't be encrypted again, and its old key is kept: ${messageOf(error)}`);
      }
    }
    return { moved, failed };
  }

  async #erase(): Promise<void> {
    const state = await readRotation(this.#options.store);
    if (!state) return;
    await this.#change(state.id, async (transaction, now) => {
      const kept = new Set(now.kept);
      const gone = now.retiring.filter(({ id }) => !kept.has(id));
      for (const { id, owner } of gone) await transaction.delete(wrappedAddress(owner, id));
      return {
        ...now,
        retiring: now.retiring.filter(({ id }) => kept.has(id)),
        erased: now.erased + gone.length,
        finished_at: this.#options.now(),
        erase_at: null,
        worker: null,
        worker_until: 0,
      };
    });
    await this.#options.keyring().dropErased(this.#options.store);
  }

  async #unlink(): Promise<void> {
    await this.#options.store.transaction(async (transaction) => {
      const state = await readRotation(transaction);
      if (!state || state.unlink_at === null || state.unlink_at > this.#options.now()) return;
      for (const { key } of await transaction.scan({ prefix: rootLinkPrefix })) await transaction.delete(key);
      await writeRotation(transaction, { ...state, unlink_at: null });
    });
    await this.#options.keyring().dropErased(this.#options.store);
  }

  /** Another server, or the next start, need not wait for the end of our time. */
  async #release(): Promise<void> {
    const { store, warn } = this.#options;
    try {
      if ((await readRotation(store))?.worker !== this.#worker) return;
      await store.transaction(async (transaction) => {
        const state = await readRotation(transaction);
        if (state?.worker !== this.#worker) return;
        await writeRotation(transaction, { ...state, worker: null, worker_until: 0 });
      });
    } catch (error) {
      warn(`can't hand over the rotation of keys: ${messageOf(error)}`);
    }
  }

  /** Changes the state of this rotation, unless another server works at it, or another rotation has begun. */
  async #change(
    id: string,
    work: (transaction: Transaction, now: RotationState) => Promise<RotationState>,
  ): Promise<void> {
    await this.#options.store.transaction(async (transaction) => {
      const now = await readRotation(transaction);
      if (now?.id !== id || !this.#mayWork(now)) return;
      const lease = { worker: this.#worker, worker_until: this.#options.now() + leaseMs };
      await writeRotation(transaction, await work(transaction, { ...now, ...lease }));
    });
  }

  /** Ends early with `stop`. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#stop }).catch(() => undefined);
  }

  async #count(): Promise<number> {
    const snapshot = await this.#options.store.snapshot();
    try {
      return await snapshot.count();
    } finally {
      await snapshot.close();
    }
  }
}
