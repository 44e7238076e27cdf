// Answers of the server become typed objects here: what is not as expected is BAD_ANSWER, named by field, without
// quoting it.

import { ZvaultError } from '../domain/errors.ts';

type Json = Readonly<Record<string, unknown>>;

export function decodeObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badAnswer(`${what} is not an object`);
  return value as Json;
}

/** An array field of an object. */
export function decodeArray(value: unknown, field: string): readonly unknown[] {
  const items = decodeObject(value, 'the answer')[field];
  if (!Array.isArray(items)) throw badAnswer(`it has no "${field}"`);
  return items as unknown[];
}

export function decodeString(value: Json, field: string): string {
  const text = value[field];
  if (typeof text !== 'string') throw badAnswer(`"${field}" is not a string`);
  return text;
}

/** A secret with its value, as bulk and single reads answer. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly comment: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** Stable over versions; servers of other makes have none. */
  readonly id?: string;
}

export function decodeEntry(value: unknown): Entry {
  const object = decodeObject(value, 'a secret');
  return { ...decodeMetadata(object), value: decodeString(object, 'value') };
}

/** What a server says about a secret without its value. */
export type SecretMetadata = Omit<Entry, 'value'>;

export function decodeMetadata(value: unknown): SecretMetadata {
  const object = decodeObject(value, 'a secret');
  const { version, id } = object;
  if (typeof version !== 'number') throw badAnswer('"version" is not a number');
  return {
    key: decodeString(object, 'key'),
    version,
    comment: text(object['comment']),
    created_at: text(object['created_at']),
    updated_at: text(object['updated_at']),
    ...(typeof id === 'string' ? { id } : {}),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function badAnswer(why: string): ZvaultError {
  return new ZvaultError('BAD_ANSWER', `the server's answer is not as expected: ${why}`, {
    hint: 'check that the address is that of a zvault server',
  });
}
