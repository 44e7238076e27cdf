// The audit of one server process. A record is in a device before the answer leaves; the records of one event-loop turn go
// out in one write. Each second, and at seal and stop, the files are forced to disk, and then the chain's head and the
// indexed records go to the store: a crash can leave lines after the head, never a head after the lines.

import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { systemActor } from '../../domain/actor.ts';
import type { Store, Transaction } from '../store/store.ts';
import { AuditChain, mostLineBytes } from './chain.ts';
import type { FileDevice } from './file-device.ts';
import { type AuditPage, type AuditQuery, type IndexedRun, indexLines, queryAudit } from './index-table.ts';
import { runsOfProject, withoutFirst } from './runs.ts';
import type { AuditEvent } from './record.ts';
import { type StoredHead, headKey, recoverLines } from './recovery.ts';
import { Slabs } from './slabs.ts';

export interface AuditOptions {
  readonly store: Store;
  /** None: the table in the store is the only log (a vault in memory). */
  readonly devices: readonly FileDevice[];
  /** Most lines in the table. */
  readonly maxLines: number;
  readonly now: () => number;
  /** Wraps the chain's key for the transaction that stores it; `undefined` while the vault is sealed. */
  readonly wrapKey: (key: Buffer, address: string, transaction: Transaction) => Promise<Buffer | undefined>;
  readonly warn: (message: string) => void;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly done: (error?: unknown) => void;
}

const flushIntervalMs = 1000;
/** Lines that wait for the table while the store does not answer; beyond it the oldest are only in the files. */
const maxPendingLines = 100_000;

export class Audit {
  readonly #options: AuditOptions;
  readonly #chain = new AuditChain();
  #turn: Waiting[] = [];
  #pending: IndexedRun[] = [];
  #pendingLines = 0;
  readonly #slabs = new Slabs();
  #flushing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #keyStored = false;
  /** Number of the last line that this process has brought into the table. */
  #storedSeq = 0;
  /** What is flushed now is the end of the chain. */
  #ending = false;
  #closed = false;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Writes the start record and indexes what a crash left unindexed. */
  async start(): Promise<void> {
    const { store, devices, now, maxLines, warn } = this.#options;
    try {
      await recoverLines(store, devices[0], { nowMs: now(), maxLines });
    } catch (error) {
      // They stay in the file, for the next start.
      warn(`can't bring the records before the last crash into the table: ${messageOf(error)}`);
    }
    this.appendNow([this.#systemEvent('start')]);
    this.#timer = setInterval(() => {
      this.flush().catch((error: unknown) => this.#options.warn(`can't store the audit head: ${messageOf(error)}`));
    }, flushIntervalMs);
    this.#timer.unref();
  }

  /** Calls `done` when the record is in a device; with AUDIT_UNAVAILABLE when none takes it. */
  append(event: AuditEvent, done: (error?: unknown) => void): void {
    if (this.#turn.push({ event, done }) === 1) setImmediate(() => this.#endTurn());
  }

  /** Writes the records at once: for what must be in the log before a commit. @throws AUDIT_UNAVAILABLE */
  appendNow(events: readonly AuditEvent[]): void {
    if (events.length === 0) return;
    if (this.#closed) throw new ZvaultError('AUDIT_UNAVAILABLE', 'the audit is closed');
    const head = this.#chain.head;
    const timestamp = new Date(this.#options.now()).toISOString();
    const bodies = events.map((event) => this.#chain.body(event, timestamp));
    const { slab, start } = this.#slabs.reserve(bodies.reduce((sum, body) => sum + mostLineBytes(body), 0));
    let end = start;
    const ends = bodies.map((body) => (end = this.#chain.write(body, slab, end)));
    try {
      this.#write(slab.subarray(start, end));
    } catch (error) {
      this.#chain.rewind(head);
      throw error;
    }
    this.#slabs.keep(end);
    this.#pending.push(...runsOfProject(slab, start, ends, events));
    this.#pendingLines += events.length;
    this.#noteRotation();
  }

  /** Records something that no request did. */
  note(operation: string, data: Readonly<Record<string, unknown>> | null = null): void {
    this.appendNow([this.#systemEvent(operation, data)]);
  }

  /** A page of the table, everything recorded so far included. */
  async query(query: AuditQuery): Promise<AuditPage> {
    await this.flush();
    return queryAudit(this.#options.store, query);
  }

  /** Forces the files to disk and stores head and records. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(
      () => this.#flush(),
      () => this.#flush(),
    );
    return this.#flushing;
  }

  /** The store has other content now: the chain goes on, and its key goes there with the next flush. */
  storeReplaced(): void {
    this.#keyStored = false;
  }

  /** Writes the stop record, forces the files to disk, and forgets the chain's key. `store: false`: the store ends too. */
  async close(options: { store: boolean } = { store: true }): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#timer);
    try {
      this.note('stop');
      this.#ending = true;
      if (options.store) await this.flush();
      else for (const device of this.#options.devices) device.sync();
    } finally {
      this.#closed = true;
      for (const device of this.#options.devices) device.close();
      this.#chain.zero();
    }
  }

  #endTurn(): void {
    const turn = this.#turn;
    this.#turn = [];
    let failure: unknown;
    try {
      this.appendNow(turn.map(({ event }) => event));
    } catch (error) {
      failure = error;
    }
    for (const { done } of turn) done(failure);
  }

  /** A file that took the place of a rotated one says so in its second line: the first is the record that found it gone. */
  #noteRotation(): void {
    const paths = this.#options.devices.filter((device) => device.takeRotated()).map(({ path }) => path);
    if (paths.length === 0) return;
    try {
      this.note('rotate', { paths });
    } catch (error) {
      // The records themselves are written; only this note is missing.
      this.#options.warn(`can't record that ${paths.join(', ')} was rotated: ${messageOf(error)}`);
    }
  }

  /** At least one device must take the bytes. */
  #write(bytes: Buffer): void {
    const { devices, warn } = this.#options;
    let failure: unknown;
    let taken = devices.length === 0;
    for (const device of devices) {
      try {
        device.append(bytes);
        taken = true;
      } catch (error) {
        failure = error;
        warn(`can't write to the audit file ${device.path}: ${messageOf(error)}`);
      }
    }
    if (!taken) {
      throw new ZvaultError('AUDIT_UNAVAILABLE', "the audit log can't be written, so nothing is done", {
        hint: 'free space for the audit file, or make it writable',
        cause: failure,
      });
    }
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    const count = this.#pendingLines;
    if (count === 0) return;
    const { store, devices, now, maxLines } = this.#options;
    // All taken in one moment: lines that come while the store works belong to the next head.
    const head = { ...this.#chain.head, ...devices[0]?.position, ...(this.#ending ? { ended: true } : {}) };
    const slabs = this.#slabs.take();
    this.#pending = [];
    this.#pendingLines = 0;
    try {
      for (const device of devices) device.sync();
      const address = `audit/chain/${head.chain}`;
      let keyStored = false;
      await store.transaction(async (transaction) => {
        const wrapped = this.#keyStored
          ? undefined
          : await this.#options.wrapKey(this.#chain.key, address, transaction);
        // A process that started meanwhile may have taken us for dead, and brought our lines there.
        const stored = await transaction.get(headKey(head.chain));
        const brought = stored ? (JSON.parse(stored.value.toString()) as StoredHead).seq - this.#storedSeq : 0;
        await indexLines(transaction, withoutFirst(pending, brought), now(), maxLines);
        if (wrapped) await transaction.put(address, wrapped);
        keyStored = this.#keyStored || wrapped !== undefined;
        await transaction.put(headKey(head.chain), JSON.stringify({ ...head, at: now() } satisfies StoredHead));
      });
      this.#storedSeq = head.seq;
      this.#keyStored = keyStored;
      this.#slabs.release(slabs);
    } catch (error) {
      // Kept for the next attempt, unless there are too many: then the table misses some, and the files have them.
      if (count + this.#pendingLines <= maxPendingLines) {
        this.#pending = [...pending, ...this.#pending];
        this.#pendingLines += count;
      }
      throw error;
    }
  }

  #systemEvent(operation: string, data: Readonly<Record<string, unknown>> | null = null): AuditEvent {
    return {
      operation,
      action: `server.${operation}`,
      path: '',
      data,
      remoteAddress: null,
      userAgent: null,
      status: 0,
      error: null,
      actor: systemActor,
      orgId: null,
      projectId: null,
      environment: null,
      resource: '',
    };
  }
}
