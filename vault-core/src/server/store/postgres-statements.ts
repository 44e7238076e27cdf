// The statements that read. Named ones are parsed once in each connection.

import type { QueryConfig } from 'pg';
import { type Entry, type ScanRange, prefixEnd } from './store.ts';

/** 64-bit numbers come as text. */
export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly revision: string;
}

type Statement = QueryConfig & { readonly values: unknown[] };

export function readStatement(keys: readonly string[]): Statement {
  return {
    name: 'zvault_read',
    text: 'SELECT key, value, revision FROM zvault_kv WHERE key = ANY($1::bytea[])',
    values: [keys.map((key) => Buffer.from(key))],
  };
}

export function revisionsStatement(keys: readonly string[]): Statement {
  return {
    name: 'zvault_revisions',
    text: 'SELECT key, revision FROM zvault_kv WHERE key = ANY($1::bytea[])',
    values: [keys.map((key) => Buffer.from(key))],
  };
}

export function scanStatement({ prefix, after, before, limit, reverse }: ScanRange): Statement {
  const start = Buffer.from(prefix);
  const values: unknown[] = [start];
  const clauses = ['key >= $1'];
  const add = (comparison: string, value: Buffer | undefined): void => {
    if (value) clauses.push(`key ${comparison} $${values.push(value)}`);
  };
  add('<', prefixEnd(start));
  add('>', after === undefined ? undefined : Buffer.from(after));
  add('<', before === undefined ? undefined : Buffer.from(before));
  const end = limit === undefined ? '' : ` LIMIT $${values.push(limit)}`;
  const order = reverse ? 'DESC' : 'ASC';
  return {
    text: `SELECT key, value, revision FROM zvault_kv WHERE ${clauses.join(' AND ')} ORDER BY key ${order}${end}`,
    values,
  };
}

export function entryOf(row: Row): Entry {
  return { key: row.key.toString(), value: row.value, revision: Number(row.revision) };
}
