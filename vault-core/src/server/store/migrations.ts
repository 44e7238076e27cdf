// The format number of a database and the steps from one to the next. A migration is one function appended to the list; it
// runs in a transaction with the change of the number. A database of a newer format is refused.

import type { DatabaseSync } from 'node:sqlite';
import { ZvaultError } from '../../domain/errors.ts';

type Migration = (database: DatabaseSync) => void;

const migrations: readonly Migration[] = [
  // 0 → 1: the first format.
  (database) => {
    database.exec(`
      CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID, STRICT;
      CREATE TABLE counter (revision INTEGER NOT NULL) STRICT;
      INSERT INTO counter VALUES (0);
    `);
  },
];

/** "zvlt" in ASCII: marks the file as ours (`PRAGMA application_id`, shown by `file`). */
const applicationId = 0x7a766c74;

/** The format that this version writes. */
export const storeFormat: number = migrations.length;

/**
 * Only looks; a new, empty file is not foreign.
 * @throws UNAVAILABLE for a newer format, or a database of another program.
 */
export function refuseForeign(database: DatabaseSync, name: string): void {
  const format = pragma(database, 'user_version');
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as unknown as { count: number };
  if (pragma(database, 'application_id') !== applicationId && tables.count > 0) {
    throw new ZvaultError('UNAVAILABLE', `${name} is a database of another program`, {
      hint: 'name another file with --storage sqlite:PATH',
    });
  }
  if (format > storeFormat) {
    throw new ZvaultError(
      'UNAVAILABLE',
      `${name} has format ${format}, newer than ${storeFormat}, the newest that this version knows`,
      {
        hint: 'run the newer zvault, or restore a backup made by this one',
      },
    );
  }
}

/** Brings a database that is ours, or new, to `storeFormat`. */
export function migrate(database: DatabaseSync): void {
  if (pragma(database, 'user_version') === storeFormat && pragma(database, 'application_id') === applicationId) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    // Another process may have been faster.
    for (const [index, step] of migrations.entries()) if (index >= pragma(database, 'user_version')) step(database);
    database.exec(`PRAGMA user_version = ${storeFormat}; PRAGMA application_id = ${applicationId}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}
