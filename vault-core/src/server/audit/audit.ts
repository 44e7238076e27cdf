// The audit of one server process. A record is in a device before the answer leaves; the records of one event-loop turn go
// out in one write. Each second, and at seal and stop, the files are forced to disk, and then the chain's head and the
// indexed records go to the store: a crash can leave lines after the head, never a head after the lines.

import { type ChainState, checkpointMessage } from '../../domain/audit/line.ts';
import { systemActor } from '../../domain/actor.ts';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import type { Reader, Store, Transaction } from '../store/store.ts';
import { AuditChain } from './chain.ts';
import { packRuns } from './chunk.ts';
import type { AuditDevice } from './device.ts';
import { FileDevice } from './file-device.ts';
import { type AuditPage, type AuditQuery, indexLines, queryAudit } from './index-table.ts';
import { LineTexts } from './line-text.ts';
import { mostLineBytes } from './line-writer.ts';
import { Outputs } from './outputs.ts';
import { PendingLines, type TakenLines, runsAfter } from './pending.ts';
import type { AuditEvent } from './record.ts';
import { type StoredHead, headKey, recoverLines } from './recovery.ts';
import { type VerifyReply, type VerifyRequest, chainKeyAddress, verifyMacs } from './verify.ts';

export interface AuditOptions {
  readonly store: Store;
  /** None: the table in the store is the only log (a vault in memory). */
  readonly devices: readonly AuditDevice[];
  /** Most lines in the table. */
  readonly maxLines: number;
  readonly now: () => number;
  /** The store ends with the process: lines go there only when somebody asks for them. */
  readonly volatile?: boolean;
  /** Wraps the chain's key for the transaction that stores it; `undefined` while the vault is sealed. */
  readonly wrapKey: (key: Buffer, address: string, transaction: Transaction) => Promise<Buffer | undefined>;
  /** While the vault is sealed: the chain's key in a form that the next unsealing opens (escrow.ts); `undefined` when there is none. */
  readonly escrowKey?: (key: Buffer, address: string, transaction: Transaction) => Promise<Buffer | undefined>;
  /** Opens what `wrapKey` and `escrowKey` made. @throws SEALED */
  readonly unwrapKey?: (wrapped: Buffer, address: string) => Promise<Buffer>;
  /** Signs a checkpoint, base64; `undefined` while the vault is sealed. */
  readonly sign?: (message: Buffer) => string | undefined;
  readonly warn: (message: string) => void;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly done: (error?: unknown) => void;
}

const flushIntervalMs = 1000;
/** Lines that wait for the table while the store does not answer; of more, the oldest are only in the files. */
const maxPendingLines = 100_000;
/** A checkpoint is due when so many lines, or so much time, lie behind the last one. */
const checkpointLines = 10_000;
const checkpointMs = 60_000;

export class Audit {
  readonly #options: AuditOptions;
  readonly #chain = new AuditChain();
  readonly #texts = new LineTexts();
  readonly #outputs: Outputs;
  #turn: Waiting[] = [];
  readonly #pending = new PendingLines();
  readonly #maxPending: number;
  #flushing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #keyStored = false;
  /** The key was stored as a sealed vault does. */
  #keyEscrowed = false;
  /** Number of the last line that this process has brought into the table. */
  #storedSeq = 0;
  /** What is flushed now is the end of the chain. */
  #ending = false;
  #checkpoint = { seq: 0, atMs: 0 };
  #closed = false;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#outputs = new Outputs(options.devices, options.warn);
    this.#maxPending = options.volatile ? options.maxLines : maxPendingLines;
  }

  /** Makes the devices ready, indexes what a crash left unindexed, and writes the start record. @throws AUDIT_UNAVAILABLE */
  async start(): Promise<void> {
    const { store, devices, now, maxLines, warn } = this.#options;
    await this.#outputs.open();
    const file = devices.find((device) => device instanceof FileDevice && device.position !== undefined);
    const log = file instanceof FileDevice ? file : undefined;
    try {
      await recoverLines(store, log, { nowMs: now(), maxLines });
    } catch (error) {
      // They stay in the file, for the next start.
      warn(`can't bring the records before the last crash into the table: ${messageOf(error)}`);
    }
    const last = log?.lastLine();
    this.note('start', last ? { follows: { chain: last.chain, seq: last.seq } } : null);
    this.#checkpoint = { seq: 0, atMs: now() };
    this.#timer = setInterval(() => this.#tick(), flushIntervalMs);
    this.#timer.unref();
  }

  /** Calls `done` when the record is in a device; with AUDIT_UNAVAILABLE when none takes it. */
  append(event: AuditEvent, done: (error?: unknown) => void): void {
    if (this.#turn.push({ event, done }) === 1) setImmediate(() => this.#endTurn());
  }

  /** Writes the records at once: for what must be in the log before a commit. @throws AUDIT_UNAVAILABLE */
  appendNow(events: readonly AuditEvent[]): void {
    if (events.length === 0) return;
    const before = this.#chain.state;
    this.#write(events, undefined);
    this.#tellNews(before);
  }

  /** Records something that no request did. @throws AUDIT_UNAVAILABLE */
  note(operation: string, data: Readonly<Record<string, unknown>> | null = null): void {
    this.appendNow([systemEvent(operation, data)]);
  }

  /** Records something that no request did, signed if the vault is open, so that it proves all lines before it. @throws AUDIT_UNAVAILABLE */
  noteSigned(operation: string, data: Readonly<Record<string, unknown>> = {}): void {
    const before = this.#chain.state;
    this.#writeSigned(operation, data, before);
    this.#tellNews(before);
  }

  /** A page of the table, everything recorded so far included. */
  async query(query: AuditQuery): Promise<AuditPage> {
    await this.flush();
    return queryAudit(this.#options.store, query);
  }

  /** Which of these lines are not as they were written. @throws SEALED */
  async verify(request: VerifyRequest): Promise<VerifyReply> {
    await this.flush();
    const { store, unwrapKey } = this.#options;
    return verifyMacs(request, { store, unwrapKey, live: this.#chain });
  }

  /** Keeps the chain's key in this transaction: the vault is being made, and will be sealed behind it. */
  async keepKey(transaction: Transaction, wrap: (key: Buffer, address: string) => Promise<Buffer>): Promise<void> {
    const address = chainKeyAddress(this.#chain.id);
    await transaction.put(address, await wrap(this.#chain.key, address));
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
    this.#keyEscrowed = false;
  }

  /** Writes the stop record, forces the files to disk, and forgets the chain's key. `store: false`: the store ends too. */
  async close(options: { store: boolean } = { store: true }): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#timer);
    try {
      this.noteSigned('stop');
      this.#ending = true;
      if (options.store) await this.flush();
      else await this.#outputs.sync();
    } finally {
      this.#closed = true;
      this.#outputs.close();
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

  #tick(): void {
    const { volatile, warn } = this.#options;
    try {
      this.#writeCheckpoint();
    } catch (error) {
      warn(`can't write a checkpoint of the audit: ${messageOf(error)}`);
    }
    const kept = volatile ? this.#outputs.sync() : this.flush();
    kept.catch((error: unknown) => warn(`can't keep the audit: ${messageOf(error)}`));
  }

  #writeCheckpoint(): void {
    const { seq } = this.#chain.state;
    const lines = seq - this.#checkpoint.seq;
    const due = lines >= checkpointLines || (lines > 0 && this.#options.now() - this.#checkpoint.atMs >= checkpointMs);
    if (due) this.noteSigned('checkpoint');
  }

  #writeSigned(operation: string, data: Readonly<Record<string, unknown>>, after: ChainState): void {
    const { sign } = this.#options;
    let signed = false;
    this.#write([systemEvent(operation, { ...data, after })], (state) => {
      const signature = sign?.(checkpointMessage(this.#chain.id, state));
      signed = signature !== undefined;
      return signature;
    });
    if (signed) this.#checkpoint = { seq: this.#chain.state.seq, atMs: this.#options.now() };
  }

  #write(events: readonly AuditEvent[], sign: ((state: ChainState) => string | undefined) | undefined): void {
    if (this.#closed) throw new ZvaultError('AUDIT_UNAVAILABLE', 'the audit is closed');
    const before = this.#chain.state;
    this.#chain.setTimestamp(new Date(this.#options.now()).toISOString());
    const texts = events.map((event) => this.#texts.of(event));
    const { slab, start } = this.#pending.reserve(texts.reduce((sum, text) => sum + mostLineBytes(text), 0));
    const ends: number[] = [];
    let end = start;
    for (const [index, text] of texts.entries()) {
      end = this.#chain.write(events[index]?.id, text, slab, end, sign);
      ends.push(end);
    }
    try {
      this.#outputs.write(slab.subarray(start, end), before.seq + 1);
    } catch (error) {
      this.#chain.rewind(before);
      throw error;
    }
    this.#pending.keep(ends, events);
    if (this.#pending.lines > this.#maxPending) this.#pending.trim(this.#maxPending);
  }

  /**
   * A file that took the place of a rotated one says so behind the records that found it gone, and so does a device that works
   * again; both with the state `after` which their lines begin, from which they can be verified without what is missing.
   */
  #tellNews(after: ChainState): void {
    const news = this.#outputs.takeNews();
    if (!news) return;
    const { rotated, recovered } = news;
    try {
      if (recovered.length > 0) this.#writeSigned('recover', { devices: recovered }, after);
      if (rotated.length > 0) this.#writeSigned('rotate', { paths: rotated }, after);
    } catch (error) {
      // The records themselves are written; only this note is missing.
      this.#options.warn(`can't record what became of the audit devices: ${messageOf(error)}`);
    }
  }

  async #flush(): Promise<void> {
    if (this.#pending.lines === 0) return;
    // All taken in one moment: lines that come while the store works belong to the next head.
    const { chain, seq, mac } = this.#chain.head;
    const position = this.#options.devices.find((device) => device.position !== undefined)?.position;
    const head = { chain, seq, mac, ...position, ...(this.#ending ? { ended: true } : {}) };
    const pending = this.#pending.take();
    try {
      await this.#outputs.sync();
      while (!(await this.#store(head, pending)));
      this.#storedSeq = seq;
      this.#pending.release(pending);
    } catch (error) {
      // For the next attempt.
      this.#pending.giveBack(pending);
      throw error;
    }
  }

  /** False when another process came between. */
  async #store(head: Omit<StoredHead, 'at'>, pending: TakenLines): Promise<boolean> {
    const { store, now, maxLines, wrapKey, escrowKey } = this.#options;
    const address = chainKeyAddress(head.chain);
    const brought = await this.#broughtByOthers(store);
    const flush = await packRuns(runsAfter(pending, brought), now(), maxLines);
    let keyStored = false;
    let keyEscrowed = false;
    // From a file, head and table are brought in again after a crash. Not so the key, without which nothing can be verified.
    const durable = !this.#keyStored || !head.path || head.ended === true;
    const stored = await store.transaction(
      async (transaction) => {
        if ((await this.#broughtByOthers(transaction)) !== brought) return false;
        if (flush) await indexLines(transaction, flush, maxLines);
        const wrapped = this.#keyStored ? undefined : await wrapKey(this.#chain.key, address, transaction);
        keyStored = this.#keyStored || wrapped !== undefined;
        const escrowed =
          keyStored || this.#keyEscrowed ? undefined : await escrowKey?.(this.#chain.key, address, transaction);
        keyEscrowed = this.#keyEscrowed || escrowed !== undefined;
        const resting = wrapped ?? escrowed;
        if (resting) await transaction.put(address, resting);
        await transaction.put(headKey(head.chain), JSON.stringify({ ...head, at: now() } satisfies StoredHead));
        return true;
      },
      { durable },
    );
    if (stored) {
      this.#keyStored = keyStored;
      this.#keyEscrowed = keyEscrowed;
    }
    return stored;
  }

  /** Lines that a process which started meanwhile, and took us for dead, has brought into the table. */
  async #broughtByOthers(reader: Reader): Promise<number> {
    const stored = await reader.get(headKey(this.#chain.id));
    return stored ? (JSON.parse(stored.value.toString()) as StoredHead).seq - this.#storedSeq : 0;
  }
}

function systemEvent(operation: string, data: Readonly<Record<string, unknown>> | null): AuditEvent {
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
