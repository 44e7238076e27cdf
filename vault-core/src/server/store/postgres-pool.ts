// Connections to the database, every wait bounded. A database that can't be reached is not asked again for a moment, so that
// the requests behind the first one are refused at once instead of each waiting its own time.

import type { Pool, PoolClient, QueryConfig, QueryResultRow } from 'pg';
import { ZvaultError } from '../../domain/errors.ts';
import { isLost, postgresError } from './postgres-errors.ts';
import type { PostgresTarget } from './postgres-url.ts';

/** Milliseconds for a connection, or to get a free one. */
const connectMs = 3000;
/** Milliseconds for the answer to a read. */
const readMs = 5000;
/** A read that fails sooner than this on a connection that had gone stale is tried again on a new one. */
const retryWithinMs = 1000;
/** How long a database that could not be reached is left alone. */
const restMs = 300;
const idleMs = 30_000;
const closeMs = 2000;

export class PostgresPool {
  readonly place: string;
  readonly #pool: Pool;
  readonly #openedMs = new WeakMap<PoolClient, number>();
  /** When the last answer stayed out: connections from before it may be as dead as the one that was asked. */
  #suspectMs = 0;
  #answeredMs = 0;
  #unreachable: { readonly error: ZvaultError; readonly untilMs: number } | undefined;
  #closed = false;

  private constructor(pool: Pool, place: string) {
    this.#pool = pool;
    this.place = place;
    // A connection may be lost at any moment, also while nothing is asked: the next question finds out.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
      this.#openedMs.set(client, performance.now());
    });
  }

  static async open(target: PostgresTarget): Promise<PostgresPool> {
    const { Pool } = await import('pg');
    const pool = new Pool({
      host: target.host,
      port: target.port,
      database: target.database,
      user: target.user,
      password: target.password,
      ssl: target.ssl,
      application_name: target.applicationName,
      max: target.poolSize,
      connectionTimeoutMillis: connectMs,
      query_timeout: readMs,
      idleTimeoutMillis: idleMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // Statements may leave before the answer to the one before has come; a time-out ends the connection with all of them.
      pipeline: true,
      // A server that waits for nothing else may end.
      allowExitOnIdle: true,
    });
    return new PostgresPool(pool, target.place);
  }

  /** Rows of a statement that only reads: it may be sent twice. @throws UNAVAILABLE */
  async read<R extends QueryResultRow>(query: QueryConfig): Promise<R[]> {
    const started = performance.now();
    for (;;) {
      const client = await this.connect();
      const sent = performance.now();
      try {
        const { rows } = await client.query<R>(query);
        client.release();
        this.answered();
        return rows;
      } catch (error) {
        const lost = isLost(error);
        client.release(lost);
        if (lost && performance.now() - started < retryWithinMs) continue;
        throw this.failure(error, sent);
      }
    }
  }

  /** A connection of the caller's own, to be released. @throws UNAVAILABLE */
  async connect(): Promise<PoolClient> {
    if (this.#closed) throw new ZvaultError('UNAVAILABLE', 'the store is closed');
    const started = performance.now();
    if (this.#unreachable && started < this.#unreachable.untilMs) throw this.#unreachable.error;
    try {
      for (;;) {
        const client = await this.#pool.connect();
        if ((this.#openedMs.get(client) ?? 0) >= this.#suspectMs) return client;
        client.release(true);
      }
    } catch (error) {
      // All connections being busy is no sign of a database that is gone.
      const busy = error instanceof Error && /exceeded when trying to connect/.test(error.message);
      if (busy) throw new ZvaultError('UNAVAILABLE', `all connections to the database ${this.place} are busy`);
      throw this.failure(error, started);
    }
  }

  /** To be called when the database has answered. */
  answered(): void {
    this.#answeredMs = performance.now();
    this.#unreachable = undefined;
  }

  /**
   * The error as ours. Notes when it says that the database can't be reached, unless it has answered somebody else since
   * `sentMs` (of performance.now).
   */
  failure(error: unknown, sentMs: number): unknown {
    const ours = postgresError(error, this.place);
    if (isLost(error) && ours instanceof ZvaultError && this.#answeredMs < sentMs) {
      this.#suspectMs = performance.now();
      this.#unreachable = { error: ours, untilMs: performance.now() + restMs };
    }
    return ours;
  }

  /** Ends all connections; those that don't answer are left behind. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    await Promise.race([this.#pool.end(), patience]);
    clearTimeout(timer);
  }
}
