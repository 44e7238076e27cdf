// One transaction. It begins with a lock on the row that counts transactions, so that no other runs between its reads and its
// writes, on any server. What it reads is remembered and what it writes is kept (overlay.ts) until the commit.

import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { ZvaultError } from '../../domain/errors.ts';
import { commitUnknown } from './commit-unknown.ts';
import { Overlay } from './overlay.ts';
import { isLost, postgresError, stateOf } from './postgres-errors.ts';
import { newerFormat, postgresFormat } from './postgres-migrations.ts';
import { type Row, entryOf, readStatement, scanStatement } from './postgres-statements.ts';
import { type Entry, type ScanRange, type Transaction, prefixEnd } from './store.ts';

/**
 * Milliseconds that the database lets a statement run (a wait for the lock, that is), or a transaction be idle: a server that
 * was cut off must not keep the others from writing.
 */
const serverMs = 5000;
/** Milliseconds after which the answer to a statement is given up: later than the database itself would. */
const answerMs = 7000;
/** An index entry of PostgreSQL takes 2704 bytes. */
const maxKeyBytes = 2600;
const maxRows = 1000;
const maxBytes = 4 * 1024 * 1024;

export class PostgresTransaction implements Transaction {
  readonly #client: PoolClient;
  readonly #place: string;
  readonly #overlay = new Overlay();
  readonly #seen = new Map<string, Entry | undefined>();
  #revision = 0;
  #failure: unknown;

  constructor(client: PoolClient, place: string) {
    this.#client = client;
    this.#place = place;
  }

  /** What the driver reported, if a statement failed: the database has given the transaction up then. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Begins, and waits for the lock. */
  async begin(): Promise<void> {
    // Under READ COMMITTED each statement after the lock sees all that was committed before it. Engines that know only stricter
    // levels use theirs, and answer 40001 where it matters.
    const text = `BEGIN ISOLATION LEVEL READ COMMITTED;
      SET LOCAL statement_timeout = ${serverMs}; SET LOCAL idle_in_transaction_session_timeout = ${serverMs};
      UPDATE zvault_store SET revision = revision + 1 WHERE id = 1 RETURNING revision, format`;
    // Several statements in one message have several results.
    const results = (await this.#noting(this.#client.query(patient({ text })))) as unknown;
    const row = (results as QueryResult<{ revision: string; format: number }>[]).at(-1)?.rows[0];
    if (!row) throw new ZvaultError('UNAVAILABLE', `the database ${this.#place} has lost its row in zvault_store`);
    if (row.format > postgresFormat) throw newerFormat(this.#place, row.format);
    this.#revision = Number(row.revision);
  }

  async prefetch(keys: readonly string[]): Promise<void> {
    const unknown = keys.filter((key) => !this.#seen.has(key));
    if (unknown.length === 0) return;
    const { rows } = await this.#query<Row>(readStatement(unknown));
    // What has no row is known to be absent.
    for (const key of unknown) this.#seen.set(key, undefined);
    for (const entry of rows.map(entryOf)) this.#seen.set(entry.key, entry);
  }

  async get(key: string): Promise<Entry | undefined> {
    const written = this.#overlay.find(key);
    if (written !== undefined) return written === null ? undefined : this.#entry(key, written);
    if (!this.#seen.has(key)) await this.prefetch([key]);
    const seen = this.#seen.get(key);
    // A copy: whoever overwrites what he got must not change what others get.
    return seen && { ...seen, value: Buffer.from(seen.value) };
  }

  async scan(range: ScanRange): Promise<Entry[]> {
    const own = new Map([...this.#overlay.all()].filter(([key]) => isIn(range, key)));
    // Each of them may hide one that the database finds.
    const limit = range.limit === undefined ? undefined : range.limit + own.size;
    const { rows } = await this.#query<Row>(scanStatement({ ...range, ...(limit === undefined ? {} : { limit }) }));
    const entries = rows.map(entryOf).filter(({ key }) => !own.has(key));
    if (own.size === 0) return entries;
    for (const [key, value] of own) if (value !== null) entries.push(this.#entry(key, value));
    const bytes = new Map(entries.map(({ key }) => [key, Buffer.from(key)]));
    const direction = range.reverse ? -1 : 1;
    entries.sort((a, b) => direction * Buffer.compare(bytes.get(a.key) ?? none, bytes.get(b.key) ?? none));
    return entries.slice(0, range.limit);
  }

  async put(key: string, value: Buffer | string): Promise<void> {
    if (Buffer.byteLength(key) > maxKeyBytes) {
      throw new ZvaultError('BAD_REQUEST', 'a name is too long for the database', { hint: 'use a shorter one' });
    }
    this.#overlay.put(key, Buffer.from(value));
  }

  async delete(key: string): Promise<void> {
    this.#overlay.delete(key);
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw postgresError(this.#failure, this.#place);
    await this.#noting(Promise.all(this.#writes()));
    this.#overlay.clear();
    this.#seen.clear();
  }

  savepoint<T>(work: () => Promise<T>): Promise<T> {
    return this.#overlay.savepoint(work);
  }

  /** Sends the writes and commits, in one round trip. @throws UNAVAILABLE when nobody knows whether it was done */
  async commit(): Promise<void> {
    // Work that went on after a failed statement has not seen what it believes.
    if (this.#failure !== undefined) throw this.#failure as Error;
    const results = await Promise.allSettled([...this.#writes(), this.#send('COMMIT', [])]);
    const commit = results.at(-1);
    if (commit?.status === 'fulfilled' && commit.value.command === 'COMMIT') return;
    const reasons = results.filter((result) => result.status === 'rejected').map(({ reason }): unknown => reason);
    // What was refused can't have been committed, whatever became of the connection afterwards.
    const refused = reasons.find((reason) => !isUnanswered(reason));
    if (refused === undefined && commit?.status === 'rejected') throw commitUnknown(this.#place);
    this.#failure = refused ?? new ZvaultError('UNAVAILABLE', `the database ${this.#place} has undone the transaction`);
    throw this.#failure as Error;
  }

  /** False when the connection is of no use any more. */
  async rollback(): Promise<boolean> {
    try {
      await this.#client.query('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  *#writes(): Generator<Promise<QueryResult>> {
    const writes = [...this.#overlay.all()];
    const gone = writes.filter(([, value]) => value === null).map(([key]) => Buffer.from(key));
    if (gone.length > 0) yield this.#send('DELETE FROM zvault_kv WHERE key = ANY($1::bytea[])', [gone]);
    const puts = writes.filter((write): write is [string, Buffer] => write[1] !== null);
    for (const part of parts(puts)) {
      yield this.#send(
        `INSERT INTO zvault_kv (key, value, revision) SELECT k, v, $3::bigint FROM unnest($1::bytea[], $2::bytea[]) AS part (k, v)
          ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision`,
        [part.map(([key]) => Buffer.from(key)), part.map(([, value]) => value), this.#revision],
      );
    }
  }

  #send(text: string, values: unknown[]): Promise<QueryResult> {
    return this.#client.query(patient({ text, values }));
  }

  async #query<R extends object>(query: QueryConfig): Promise<QueryResult<R>> {
    if (this.#failure !== undefined) throw postgresError(this.#failure, this.#place);
    return this.#noting(this.#client.query<R>(patient(query)));
  }

  async #noting<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#failure = error;
      // As an error of ours, so that whoever runs several works in the transaction ends them all.
      throw postgresError(error, this.#place);
    }
  }

  #entry(key: string, value: Buffer): Entry {
    return { key, value: Buffer.from(value), revision: this.#revision };
  }
}

const none = Buffer.alloc(0);

/** The driver takes a time-out for each statement; its type declarations don't say so. */
function patient(query: QueryConfig): QueryConfig {
  return Object.assign(query, { query_timeout: answerMs });
}

/** 40003: the engine itself does not know (CockroachDB). */
function isUnanswered(error: unknown): boolean {
  return isLost(error) || stateOf(error) === '40003';
}

function isIn({ prefix, after, before }: ScanRange, key: string): boolean {
  const bytes = Buffer.from(key);
  const start = Buffer.from(prefix);
  const end = prefixEnd(start);
  return (
    Buffer.compare(bytes, start) >= 0 &&
    (end === undefined || Buffer.compare(bytes, end) < 0) &&
    (after === undefined || Buffer.compare(bytes, Buffer.from(after)) > 0) &&
    (before === undefined || Buffer.compare(bytes, Buffer.from(before)) < 0)
  );
}

function* parts(puts: readonly [string, Buffer][]): Generator<[string, Buffer][]> {
  let part: [string, Buffer][] = [];
  let bytes = 0;
  for (const put of puts) {
    part.push(put);
    bytes += put[1].length;
    if (part.length < maxRows && bytes < maxBytes) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}
