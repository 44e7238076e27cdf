// One moment of the database: a connection of its own in a transaction that only reads and sees what was there when it began.

import type { PoolClient } from 'pg';
import { postgresError } from './postgres-errors.ts';
import type { PostgresPool } from './postgres-pool.ts';
import { type Row, entryOf, readStatement, scanStatement } from './postgres-statements.ts';
import type { Entry, ScanRange, Snapshot } from './store.ts';

/** @throws UNAVAILABLE */
export async function openPostgresSnapshot(pool: PostgresPool): Promise<Snapshot> {
  const client = await pool.connect();
  try {
    // The first read after it fixes the moment; engines that know only a stricter level use theirs.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query('SELECT revision FROM zvault_store WHERE id = 1');
    return new PostgresSnapshot(client, pool.place);
  } catch (error) {
    client.release(true);
    throw postgresError(error, pool.place);
  }
}

class PostgresSnapshot implements Snapshot {
  readonly #client: PoolClient;
  readonly #place: string;
  #closed = false;

  constructor(client: PoolClient, place: string) {
    this.#client = client;
    this.#place = place;
  }

  async get(key: string): Promise<Entry | undefined> {
    const [row] = await this.#rows<Row>(readStatement([key]));
    return row && entryOf(row);
  }

  async scan(range: ScanRange): Promise<Entry[]> {
    return (await this.#rows<Row>(scanStatement(range))).map(entryOf);
  }

  async count(): Promise<number> {
    const [row] = await this.#rows<{ count: string }>({ text: 'SELECT count(*) AS count FROM zvault_kv', values: [] });
    return Number(row?.count ?? 0);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#client.query('ROLLBACK');
      this.#client.release();
    } catch {
      this.#client.release(true);
    }
  }

  async #rows<R extends object>(statement: { text: string; values: unknown[] }): Promise<R[]> {
    try {
      return (await this.#client.query<R>(statement)).rows;
    } catch (error) {
      throw postgresError(error, this.#place);
    }
  }
}
