// The format number of a database and the steps from one to the next, as for SQLite (migrations.ts). The row of zvault_store
// is also what writers lock: it holds the number of the last transaction.

import type { PoolClient } from 'pg';
import { ZvaultError } from '../../domain/errors.ts';
import { isConflict, postgresError, sqlState, stateOf } from './postgres-errors.ts';
import type { PostgresPool } from './postgres-pool.ts';

type Migration = (dialect: Dialect) => readonly string[];

/** YugabyteDB spreads primary keys by their hash unless an order is asked for; PostgreSQL does not take that word. */
type Dialect = 'postgres' | 'yugabyte';

const migrations: readonly Migration[] = [
  // 0 → 1: the first format.
  (dialect) => [
    `CREATE TABLE IF NOT EXISTS zvault_kv (
      key BYTEA NOT NULL, value BYTEA NOT NULL, revision BIGINT NOT NULL,
      PRIMARY KEY (key${dialect === 'yugabyte' ? ' ASC' : ''})
    )`,
  ],
];

/** The format that this version writes. */
export const postgresFormat: number = migrations.length;

/** Two servers that start at once on an empty database get in each other's way; one of them then tries again. */
const maxAttempts = 10;

/** Brings the database, or an empty one, to `postgresFormat`. @throws UNAVAILABLE for a newer format */
export async function migratePostgres(pool: PostgresPool): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect();
    try {
      await migrate(client, pool.place);
      client.release();
      return;
    } catch (error) {
      client.release(true);
      if (attempt === maxAttempts || !isRace(error)) throw postgresError(error, pool.place);
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    }
  }
}

function isRace(error: unknown): boolean {
  const state = stateOf(error);
  const races: readonly (string | undefined)[] = [
    sqlState.uniqueViolation,
    sqlState.duplicateTable,
    sqlState.duplicateObject,
  ];
  return isConflict(error) || races.includes(state);
}

async function migrate(client: PoolClient, place: string): Promise<void> {
  const found = await readFormat(client);
  if (found === postgresFormat) return;
  if (found !== undefined && found > postgresFormat) throw newerFormat(place, found);
  const { rows } = await client.query<{ version: string }>('SELECT version() AS version');
  const dialect = rows[0]?.version.includes('-YB-') ? 'yugabyte' : 'postgres';
  if (found === undefined) {
    await client.query(
      'CREATE TABLE IF NOT EXISTS zvault_store (id INTEGER PRIMARY KEY, format INTEGER NOT NULL, revision BIGINT NOT NULL)',
    );
    await client.query('INSERT INTO zvault_store (id, format, revision) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING');
  }
  await client.query('BEGIN');
  // Another server may have been faster.
  const locked = await client.query<{ format: number }>('SELECT format FROM zvault_store WHERE id = 1 FOR UPDATE');
  const from = locked.rows[0]?.format ?? 0;
  if (from > postgresFormat) throw newerFormat(place, from);
  for (const step of migrations.slice(from)) for (const statement of step(dialect)) await client.query(statement);
  await client.query(`UPDATE zvault_store SET format = ${postgresFormat} WHERE id = 1`);
  await client.query('COMMIT');
}

async function readFormat(client: PoolClient): Promise<number | undefined> {
  try {
    const { rows } = await client.query<{ format: number }>('SELECT format FROM zvault_store WHERE id = 1');
    return rows[0]?.format;
  } catch (error) {
    if (stateOf(error) === sqlState.undefinedTable) return undefined;
    throw error;
  }
}

/** Also for a server that runs while a newer one migrates under it. */
export function newerFormat(place: string, format: number): ZvaultError {
  return new ZvaultError(
    'UNAVAILABLE',
    `the database ${place} has format ${format}, newer than ${postgresFormat}, the newest that this version knows`,
    { hint: 'run the newer zvault, or restore a backup made by this one' },
  );
}
