// Group commit. The writes of one event-loop turn run in one transaction, each in a savepoint of its own; their audit records
// are written before it commits, and their answers leave after. A commit that fails adds a record that names the first.

import { randomUUID } from 'node:crypto';
import { ZvaultError, errorTable, isZvaultError } from '../domain/errors.ts';
import type { Audit } from './audit/audit.ts';
import type { AuditEvent } from './audit/record.ts';
import { isCommitUnknown } from './store/commit-unknown.ts';
import type { Store, Transaction } from './store/store.ts';

interface Job {
  readonly reads: readonly string[];
  readonly work: (transaction: Transaction) => Promise<unknown>;
  readonly describe: (outcome: Outcome<unknown>) => AuditEvent;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of a write, for its audit record. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Most writes in one transaction: the first of them waits for the last. */
const maxJobs = 256;

const recorded = new WeakSet<object>();

/** True for an error whose request is in the audit log already. */
export function isRecorded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && recorded.has(error);
}

export class Committer {
  readonly #store: Store;
  readonly #audit: Audit;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(store: Store, audit: Audit) {
    this.#store = store;
    this.#audit = audit;
  }

  /**
   * Runs `work` in the next transaction. Its audit record is what `describe` makes of the outcome. `reads`: keys that it will
   * read, as far as they are known: a remote store is asked for those of all works at once.
   * Rejects with what `work` threw, or with the failure of audit or store; then nothing was written.
   */
  submit<T>(
    work: (transaction: Transaction) => Promise<T>,
    describe: (outcome: Outcome<T>) => AuditEvent,
    reads: readonly string[] = [],
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        reads,
        work,
        describe: describe as Job['describe'],
        resolve: resolve as Job['resolve'],
        reject,
      });
      this.#running ??= new Promise<void>((done) => {
        setImmediate(() => {
          this.#drain().then(done, done);
        });
      });
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0, maxJobs));
    this.#running = undefined;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    let outcomes: Outcome<unknown>[] = [];
    let events: AuditEvent[] = [];
    try {
      await this.#store.transaction(async (transaction) => {
        // The database may have undone a run that was recorded already, and ask for another.
        this.#recordFailure(events, undone);
        outcomes = [];
        events = [];
        await transaction.prefetch(jobs.flatMap(({ reads }) => reads));
        for (const job of jobs) outcomes.push(await attempt(transaction, job));
        const described = jobs.map((job, index) => ({ id: randomUUID(), ...job.describe(outcomes[index] ?? missing) }));
        this.#audit.appendNow(described);
        events = described;
      });
    } catch (error) {
      this.#recordFailure(events, error);
      for (const job of jobs) job.reject(error);
      return;
    }
    for (const [index, job] of jobs.entries()) {
      const outcome = outcomes[index] ?? missing;
      if (outcome.ok) job.resolve(outcome.value);
      else job.reject(markRecorded(outcome.error));
    }
  }

  /** The records say that it was done, but the commit failed, or nobody knows. */
  #recordFailure(events: readonly AuditEvent[], error: unknown): void {
    if (events.length === 0) return;
    const { status = 500, wire = 'internal_error' } = errorTable[isZvaultError(error) ? error.code : 'INTERNAL'];
    const what = isCommitUnknown(error) ? 'commit_unknown' : 'not_committed';
    try {
      this.#audit.appendNow(
        events.map((event) => ({ ...event, id: randomUUID(), status, error: wire, data: { [what]: event.id } })),
      );
      markRecorded(error);
    } catch {
      // No device takes it: the requests are refused all the same, and the log ends here.
    }
  }
}

const undone = new ZvaultError('UNAVAILABLE', 'the database has undone the transaction');
const missing: Outcome<never> = { ok: false, error: new ZvaultError('INTERNAL', 'the write was not run') };

/** A write that is refused, or fails by itself, leaves the others alone; a store that fails fails them all. */
async function attempt(transaction: Transaction, job: Job): Promise<Outcome<unknown>> {
  try {
    return { ok: true, value: await transaction.savepoint(() => job.work(transaction)) };
  } catch (error) {
    if (isZvaultError(error) && (error.code === 'STORAGE_FULL' || error.code === 'UNAVAILABLE')) throw error;
    return { ok: false, error };
  }
}

function markRecorded(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) recorded.add(error);
  return error;
}
