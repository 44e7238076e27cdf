// The store of several servers: a PostgreSQL database, or another one that speaks its protocol. Nothing is used that only
// PostgreSQL has: no LISTEN/NOTIFY, no advisory locks. Nothing is remembered here either: whether something still holds, the
// database is asked, once for all requests of an event-loop turn.

import { ZvaultError } from '../../domain/errors.ts';
import { isCommitUnknown } from './commit-unknown.ts';
import { isConflict, isLost, postgresError } from './postgres-errors.ts';
import { migratePostgres } from './postgres-migrations.ts';
import { PostgresPool } from './postgres-pool.ts';
import { openPostgresSnapshot } from './postgres-snapshot.ts';
import { type Row, entryOf, readStatement, revisionsStatement, scanStatement } from './postgres-statements.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import type { PostgresTarget } from './postgres-url.ts';
import type { Entry, ScanRange, Snapshot, Store, Transaction } from './store.ts';
import { TurnBatch } from './turn-batch.ts';

/** Times that a transaction is run when the database asks for it again, or loses the connection before the commit. */
const maxAttempts = 5;
/** Questions under way: few for what is small and asked all the time, more for what may be large. */
const revisionsAtOnce = 2;
const entriesAtOnce = 4;
/** Milliseconds after which a transaction is not run again, nor for the first time if it waited so long for those before it. */
const patienceMs = 5000;

/**
 * Opens the database and brings its tables to the format of this version.
 * @throws UNAVAILABLE when it can't be reached, refuses, or has a newer format
 */
export async function openPostgresStore(target: PostgresTarget): Promise<Store> {
  const pool = await PostgresPool.open(target);
  try {
    await migratePostgres(pool);
    return new PostgresStore(pool);
  } catch (error) {
    await pool.close();
    throw postgresError(error, target.place);
  }
}

class PostgresStore implements Store {
  readonly #pool: PostgresPool;
  readonly #entries: TurnBatch<Entry>;
  readonly #revisions: TurnBatch<number>;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(pool: PostgresPool) {
    this.#pool = pool;
    this.#entries = new TurnBatch(entriesAtOnce, async (keys) => {
      const rows = await pool.read<Row>(readStatement(keys));
      return new Map(rows.map(entryOf).map((entry) => [entry.key, entry]));
    });
    this.#revisions = new TurnBatch(revisionsAtOnce, async (keys) => {
      const rows = await pool.read<Omit<Row, 'value'>>(revisionsStatement(keys));
      return new Map(rows.map(({ key, revision }) => [key.toString(), Number(revision)]));
    });
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = (await this.#entries.ask([key])).get(key);
    // A copy: others of this turn may have asked for the same.
    return entry && { ...entry, value: Buffer.from(entry.value) };
  }

  async scan(range: ScanRange): Promise<Entry[]> {
    return (await this.#pool.read<Row>(scanStatement(range))).map(entryOf);
  }

  async revisions(keys: readonly string[]): Promise<readonly number[]> {
    if (keys.length === 0) return [];
    const found = await this.#revisions.ask(keys);
    return keys.map((key) => found.get(key) ?? 0);
  }

  /** Other servers write without telling this one. */
  generation(): undefined {
    return undefined;
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const asked = performance.now();
    // One at a time from each server: they would only wait for each other in the database, each with a connection.
    const result = this.#tail.then(() => {
      if (performance.now() - asked < patienceMs) return this.#transact(work);
      throw new ZvaultError('UNAVAILABLE', `the database ${this.#pool.place} is too slow for what waits to be written`);
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  snapshot(): Promise<Snapshot> {
    return openPostgresSnapshot(this.#pool);
  }

  async ping(): Promise<void> {
    await this.#revisions.ask(['']);
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#pool.close();
  }

  async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const started = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await this.#attempt(work);
        this.#pool.answered();
        return result;
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
        if (attempt === maxAttempts || performance.now() - started > patienceMs)
          throw this.#pool.failure(error.cause, started);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
      }
    }
  }

  /** @throws Undone when the transaction left nothing and may be run again */
  async #attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const transaction = new PostgresTransaction(client, this.#pool.place);
    let usable = false;
    try {
      await transaction.begin();
      const result = await work(transaction);
      await transaction.commit();
      usable = true;
      return result;
    } catch (error) {
      const { failure } = transaction;
      if (!isLost(failure) && !isCommitUnknown(error)) usable = await transaction.rollback();
      if (isLost(failure) || isConflict(failure)) throw new Undone(failure);
      throw failure === undefined ? error : postgresError(failure, this.#pool.place);
    } finally {
      client.release(!usable);
    }
  }
}

/** Carries what the driver reported about a transaction that may be run again. */
class Undone extends Error {
  constructor(reason: unknown) {
    super('the transaction was undone', { cause: reason });
  }
}
