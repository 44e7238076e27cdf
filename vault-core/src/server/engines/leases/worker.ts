// Ends leases that have expired, or whose token is over. One server of several does it at a time: who has written its name last
// and not too long ago. What an engine refuses to take back is tried again, after pauses that grow.

import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../domain/errors.ts';
import { keys } from '../../store/keys.ts';
import type { Store } from '../../store/store.ts';
import type { LeaseRecord, Leases } from './leases.ts';

/** Leases looked at in one go. */
const batchSize = 100;
const callbackTimeoutMs = 30_000;
const firstPauseMs = 1000;
const longestPauseMs = 3_600_000;
/** Longer than any one step takes: a server that dies in the middle is followed by another after that. */
const turnMs = 2 * callbackTimeoutMs;

export interface LeaseWorkerOptions {
  readonly store: Store;
  readonly leases: Leases;
  readonly now: () => number;
  readonly intervalMs: number;
  /** Writes an audit record. @throws AUDIT_UNAVAILABLE */
  readonly note: (data: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string) => void;
}

interface Turn {
  readonly holder: string;
  /** Milliseconds. */
  readonly until: number;
}

export class LeaseWorker {
  readonly #options: LeaseWorkerOptions;
  readonly #name = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #ended = new AbortController();

  constructor(options: LeaseWorkerOptions) {
    this.#options = options;
    this.#ended.abort();
  }

  get #stopped(): boolean {
    return this.#ended.signal.aborted;
  }

  start(): void {
    if (this.#stopped) this.#ended = new AbortController();
    this.#timer ??= setInterval(() => this.soon(), this.#options.intervalMs).unref();
  }

  /** Resolves when nothing is under way any more; callbacks are told to end. */
  async stop(): Promise<void> {
    this.#ended.abort();
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  /** Works now, or once more when it is working. */
  soon(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.run()
      .catch((error: unknown) => {
        if (!this.#stopped) this.#options.warn(`can't end expired leases: ${messageOf(error)}`);
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.soon();
      });
  }

  /** Everything that is due. @throws UNAVAILABLE, AUDIT_UNAVAILABLE */
  async run(): Promise<void> {
    await this.#endOfTokens();
    for (let before: string | undefined; !this.#stopped;) {
      const due = await this.#due();
      // The same ones again: another server has the turn, or the records are not written.
      const [first] = due;
      if (!first || first === before) return;
      before = first;
      if (!(await this.#takeTurn())) return;
      for (const key of due) {
        await this.#look(key);
        if (this.#stopped) return;
      }
    }
  }

  async #due(): Promise<string[]> {
    const before = keys.leaseExpiry(this.#options.now(), '');
    const entries = await this.#options.store.scan({ prefix: keys.leaseExpiryPrefix, before, limit: batchSize });
    return entries.map(({ key }) => key);
  }

  async #look(key: string): Promise<void> {
    const { store, leases, note, now } = this.#options;
    const lease = await leases.read(store, key.slice(key.lastIndexOf('/') + 1));
    const callback = lease && leases.callbackOf(lease);
    let failure: unknown;
    let taken = true;
    if (callback) {
      // An engine that works for long: others must not take it for dead.
      if (!(await this.#takeTurn())) return;
      try {
        await callback(lease, AbortSignal.any([AbortSignal.timeout(callbackTimeoutMs), this.#ended.signal]));
      } catch (error) {
        taken = false;
        failure = error;
      }
    }
    await store.transaction(async (transaction) => {
      // Renewed or ended meanwhile, perhaps.
      const current = lease && (await leases.read(transaction, lease.id));
      if (!current || keys.leaseExpiry(current.due_at, current.id) !== key) {
        await transaction.delete(key);
        return;
      }
      if (taken) await leases.erase(transaction, current);
      else await leases.postpone(transaction, current, now() + pauseMs(current), now());
      note({ lease_id: current.id, engine_path: current.engine_path, ended: taken, attempts: current.attempts });
    });
    if (!taken)
      this.#options.warn(`the engine of ${lease?.engine_path} can't end the lease ${lease?.id}: ${messageOf(failure)}`);
  }

  /** Leases whose token was revoked or has expired. */
  async #endOfTokens(): Promise<void> {
    const { store, leases, now, note } = this.#options;
    const prefix = keys.leasesOfTokensPrefix;
    for (let after = ''; !this.#stopped;) {
      const [entry] = await store.scan({ prefix, limit: 1, ...(after === '' ? {} : { after }) });
      if (!entry) return;
      const hash = entry.key.slice(prefix.length, entry.key.indexOf('/', prefix.length));
      after = `${keys.leaseOfTokenPrefix(hash)}\uffff`;
      if (!(await leases.isTokenOver(store, hash, now()))) continue;
      await store.transaction(async (transaction) => {
        const ended = await leases.endOfToken(transaction, hash, now());
        note({ leases: ended, reason: 'token' });
      });
    }
  }

  /** True when this server is the one that works now. */
  #takeTurn(): Promise<boolean> {
    const { store, now } = this.#options;
    return store.transaction(async (transaction) => {
      const entry = await transaction.get(keys.leaseWorker);
      const turn = entry && (JSON.parse(entry.value.toString()) as Turn);
      if (turn && turn.holder !== this.#name && turn.until > now() && turn.until <= now() + turnMs) return false;
      const next: Turn = { holder: this.#name, until: now() + turnMs };
      await transaction.put(keys.leaseWorker, JSON.stringify(next));
      return true;
    });
  }
}

function pauseMs({ attempts }: LeaseRecord): number {
  return Math.min(firstPauseMs * 2 ** Math.min(attempts, 30), longestPauseMs);
}
