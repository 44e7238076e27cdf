// Databases for tests, each new and empty: on the server named by ZVAULT_TEST_POSTGRES, else on one of the tests' own.

import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { type TestAPI, inject, test } from 'vitest';
import { getText } from '../../scripts/get-text.ts';

interface Found {
  readonly url?: string;
  readonly reason?: string;
}

let found: Promise<Found> | undefined;

/** Where the server is, or why there is none. */
async function find(): Promise<Found> {
  const named = process.env['ZVAULT_TEST_POSTGRES'];
  if (named) return { url: named };
  return JSON.parse(await getText(new URL(inject('postgresBroker')))) as Found;
}

/**
 * `test`, or on a machine without a PostgreSQL server one that is skipped and says why. In CI a server is required: there the
 * tests run, and fail.
 */
export async function postgresTest(): Promise<TestAPI> {
  found ??= find();
  const { reason } = await found;
  if (reason === undefined || process.env['CI']) return test;
  console.warn(`skipped: no PostgreSQL server for the tests (${reason}); name one in ZVAULT_TEST_POSTGRES`);
  return test.skip as TestAPI;
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs statements as the owner of the server. */
  query<R extends object = object>(text: string, values?: unknown[]): Promise<R[]>;
}

/** Creates a database; it goes at the end, whoever is still connected. */
export async function createDatabase(): Promise<TestDatabase> {
  found ??= find();
  const { url, reason } = await found;
  if (url === undefined) throw new Error(`no PostgreSQL server for the tests: ${reason}`);
  const name = `zvault_test_${randomUUID().replaceAll('-', '')}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  await run(url, `CREATE DATABASE ${name}`);
  return {
    url: own.href,
    query: (text, values) => run(own.href, text, values),
    [Symbol.asyncDispose]: async () => void (await run(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

async function run<R extends object>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<R>(text, values);
    return rows;
  } finally {
    await client.end();
  }
}
