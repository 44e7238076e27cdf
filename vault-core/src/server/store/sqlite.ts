// The embedded store: one SQLite database, on disk (WAL, fsync at each durable commit) or in memory. Several processes may share a
// file: `PRAGMA data_version`, read once in an event-loop turn, tells whether another one has written.

import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { migrate, refuseForeign } from './migrations.ts';
import {
  type Entry,
  type ScanRange,
  type Snapshot,
  type Store,
  type Transaction,
  type TransactionOptions,
  prefixEnd,
} from './store.ts';

interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A write of the transaction under way, with the revision that the key gets by it. */
interface Touched {
  readonly key: string;
  readonly revision: number;
}

/** Most revisions remembered; beyond it the oldest half is forgotten. */
const maxKnownRevisions = 200_000;

/**
 * Opens (or creates, mode 0600) the database at `path`; `:memory:` for one that ends with the process.
 * @throws UNAVAILABLE when the file can't be opened, is no database, or was written by a newer version.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:' && !existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    database = new DatabaseSync(path, { timeout: 5000 });
    // Before anything that would change the file: it may be somebody else's.
    refuseForeign(database, path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;
      PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY;`);
    if (path !== ':memory:') restrictFiles(path);
    migrate(database);
    return new SqliteStore(database, path);
  } catch (error) {
    database?.close();
    throw storeError(error, `can't open the database ${path}`);
  }
}

/** SQLite creates WAL and shared-memory files with the main file's mode, but not if they were left by another umask. */
function restrictFiles(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) chmodSync(path + suffix, 0o600);
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #nextRevision: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #scans = new Map<string, StatementSync>();
  readonly #known = new Map<string, number>();
  #seenVersion: number | undefined;
  #checkedThisTurn = false;
  #generation = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** The transaction under way. Other readers wait for its end: they share its connection and would see what it may undo. */
  #active: Promise<unknown> | undefined;
  #closed = false;
  /** As `PRAGMA synchronous` is set. */
  #durable = true;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#get = database.prepare('SELECT value, revision FROM kv WHERE key = ?');
    this.#put = database.prepare(
      'INSERT INTO kv (key, value, revision) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
    );
    this.#delete = database.prepare('DELETE FROM kv WHERE key = ?');
    this.#nextRevision = database.prepare('UPDATE counter SET revision = revision + 1 RETURNING revision');
    this.#dataVersion = database.prepare('PRAGMA data_version');
  }

  async get(key: string): Promise<Entry | undefined> {
    while (this.#active) await this.#active;
    return this.#guard(() => this.#read(key));
  }

  async scan(range: ScanRange): Promise<Entry[]> {
    while (this.#active) await this.#active;
    return this.#guard(() => this.#scan(range));
  }

  revisions(keys: readonly string[]): readonly number[] | Promise<readonly number[]> {
    if (this.#active) return this.#active.then(() => this.revisions(keys));
    return this.#guard(() => {
      this.#forgetIfOthersWrote();
      return keys.map((key) => this.#known.get(key) ?? this.#remember(key, this.#read(key)?.revision ?? 0));
    });
  }

  generation(): number | undefined {
    if (this.#active || this.#closed) return undefined;
    if (this.#checkedThisTurn) return this.#generation;
    return this.#guard(() => {
      this.#forgetIfOthersWrote();
      return this.#generation;
    });
  }

  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    { durable = true }: TransactionOptions = {},
  ): Promise<T> {
    const result = this.#tail.then(() => {
      const running = this.#transact(work, durable);
      const settled = running.then(
        () => undefined,
        () => undefined,
      );
      this.#active = settled.then(() => {
        this.#active = undefined;
      });
      return running;
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async snapshot(): Promise<Snapshot> {
    while (this.#active) await this.#active;
    return this.#guard(() => openSqliteSnapshot(this.#database, this.#path));
  }

  async ping(): Promise<void> {
    this.#guard(() => this.#dataVersion.get());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#tail;
    this.#closed = true;
    this.#known.clear();
    this.#database.close();
  }

  async #transact<T>(work: (transaction: Transaction) => Promise<T>, durable: boolean): Promise<T> {
    const database = this.#database;
    const touched: Touched[] = [];
    this.#guard(() => {
      // In WAL mode a commit with `NORMAL` waits for no disk; the next one with `FULL` brings it there too.
      if (durable !== this.#durable) database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
      this.#durable = durable;
      database.exec('BEGIN IMMEDIATE');
    });
    try {
      const revision = (this.#nextRevision.get() as unknown as { revision: number }).revision;
      const result = await work(this.#transactionOf(revision, touched));
      this.#generation += 1;
      database.exec('COMMIT');
      for (const { key, revision: written } of touched) this.#remember(key, written);
      return result;
    } catch (error) {
      // A failed COMMIT (disk full) may have rolled back by itself.
      if (database.isTransaction) database.exec('ROLLBACK');
      // Reads inside the transaction may have been remembered by a caller; forget what it touched.
      for (const { key } of touched) this.#known.delete(key);
      throw storeError(error, `can't write to the database ${this.#path}`);
    }
  }

  #transactionOf(revision: number, touched: Touched[]): Transaction {
    return {
      prefetch: async () => undefined,
      get: async (key) => this.#guard(() => this.#read(key)),
      scan: async (range) => this.#guard(() => this.#scan(range)),
      put: async (key, value) => {
        this.#guard(() =>
          this.#put.run(Buffer.from(key), typeof value === 'string' ? Buffer.from(value) : value, revision),
        );
        touched.push({ key, revision });
      },
      delete: async (key) => {
        this.#guard(() => this.#delete.run(Buffer.from(key)));
        touched.push({ key, revision: 0 });
      },
      flush: async () => undefined,
      savepoint: async (work) => {
        const touchedBefore = touched.length;
        this.#database.exec('SAVEPOINT part');
        try {
          const result = await work();
          this.#database.exec('RELEASE part');
          return result;
        } catch (error) {
          if (this.#database.isTransaction) this.#database.exec('ROLLBACK TO part; RELEASE part');
          touched.length = touchedBefore;
          throw error;
        }
      },
    };
  }

  #read(key: string): Entry | undefined {
    const row = this.#get.get(Buffer.from(key)) as unknown as Row | undefined;
    return row && { key, value: asBuffer(row.value), revision: row.revision };
  }

  #scan(range: ScanRange): Entry[] {
    return scanRows(this.#database, this.#scans, range);
  }

  #forgetIfOthersWrote(): void {
    if (this.#checkedThisTurn) return;
    this.#checkedThisTurn = true;
    setImmediate(() => {
      this.#checkedThisTurn = false;
    });
    const { data_version: version } = this.#dataVersion.get() as unknown as { data_version: number };
    if (version !== this.#seenVersion) {
      this.#known.clear();
      this.#generation += 1;
    }
    this.#seenVersion = version;
  }

  #remember(key: string, revision: number): number {
    if (this.#known.size >= maxKnownRevisions) {
      let drop = maxKnownRevisions / 2;
      for (const old of this.#known.keys()) {
        if (drop-- <= 0) break;
        this.#known.delete(old);
      }
    }
    this.#known.set(key, revision);
    return revision;
  }

  #guard<T>(work: () => T): T {
    if (this.#closed) throw new ZvaultError('UNAVAILABLE', 'the store is closed');
    try {
      return work();
    } catch (error) {
      throw storeError(error, `can't use the database ${this.#path}`);
    }
  }
}

/** `statements`: prepared ones, by their text. */
function scanRows(
  database: DatabaseSync,
  statements: Map<string, StatementSync>,
  { prefix, after, before, limit, reverse }: ScanRange,
): Entry[] {
  const start = Buffer.from(prefix);
  const end = prefixEnd(start);
  const clauses = ['key >= ?'];
  const values: (Buffer | number)[] = [start];
  const add = (clause: string, value: Buffer): void => {
    clauses.push(clause);
    values.push(value);
  };
  if (end) add('key < ?', end);
  if (after !== undefined) add('key > ?', Buffer.from(after));
  if (before !== undefined) add('key < ?', Buffer.from(before));
  values.push(limit ?? -1);
  const sql = `SELECT key, value, revision FROM kv WHERE ${clauses.join(' AND ')} ORDER BY key ${reverse ? 'DESC' : 'ASC'} LIMIT ?`;
  let statement = statements.get(sql);
  if (!statement) statements.set(sql, (statement = database.prepare(sql)));
  return (statement.all(...values) as unknown as Row[]).map((row) => ({
    key: asBuffer(row.key).toString(),
    value: asBuffer(row.value),
    revision: row.revision,
  }));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** SQLite's primary result codes. Source: https://www.sqlite.org/rescode.html */
const sqliteFull = 13;

/**
 * A connection of its own in a read transaction: in WAL mode it keeps seeing what was there when it began. A database in memory has
 * only one connection, so its entries are copied.
 */
function openSqliteSnapshot(live: DatabaseSync, path: string): Snapshot {
  const inMemory = path === ':memory:';
  // The class of the live one: the module is loaded with the first store, not with this file.
  const Database = live.constructor as typeof DatabaseSync;
  const database = new Database(path, inMemory ? {} : { readOnly: true, timeout: 5000 });
  try {
    if (inMemory) copyEntries(live, database);
    // A transaction begins to see with its first read.
    else database.exec('BEGIN; SELECT count(*) FROM counter');
  } catch (error) {
    database.close();
    throw error;
  }
  const scans = new Map<string, StatementSync>();
  const one = database.prepare('SELECT value, revision FROM kv WHERE key = ?');
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storeError(error, `can't read the database ${path}`);
    }
  };
  return {
    get: async (key) => {
      const row = guard(() => one.get(Buffer.from(key))) as unknown as Row | undefined;
      return row && { key, value: asBuffer(row.value), revision: row.revision };
    },
    scan: async (range) => guard(() => scanRows(database, scans, range)),
    count: async () =>
      (guard(() => database.prepare('SELECT count(*) AS count FROM kv').get()) as unknown as { count: number }).count,
    close: async () => database.close(),
  };
}

function copyEntries(from: DatabaseSync, to: DatabaseSync): void {
  to.exec(
    'CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID, STRICT',
  );
  const put = to.prepare('INSERT INTO kv VALUES (?, ?, ?)');
  for (const row of from.prepare('SELECT key, value, revision FROM kv').iterate() as Iterable<Record<string, never>>)
    put.run(
      row['key'] as unknown as Uint8Array,
      row['value'] as unknown as Uint8Array,
      row['revision'] as unknown as number,
    );
}

function storeError(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') {
    const primary = typeof errcode === 'number' ? errcode & 0xff : 0;
    if (primary === sqliteFull) {
      return new ZvaultError('STORAGE_FULL', `${what}: the disk is full`, {
        hint: 'free space on the disk of the database',
        cause: error,
      });
    }
    return new ZvaultError('UNAVAILABLE', `${what}: ${messageOf(error)}`, { cause: error });
  }
  if (code === 'ENOSPC') return new ZvaultError('STORAGE_FULL', `${what}: the disk is full`, { cause: error });
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code))
    return new ZvaultError('UNAVAILABLE', `${what}: ${code}`, { cause: error });
  return error;
}
