// The vault's KV store, as references need it: one path, unwrapped, and the field that is meant.

import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import { badAnswer, decodeObject } from './decode.ts';
import { encodeSegments, path } from './path.ts';
import type { Requester } from './requester.ts';

export interface KvRead {
  readonly version?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The object at a path, without its envelopes. @throws NOT_FOUND, SEALED */
export async function readKv(requester: Requester, location: string, options: KvRead = {}): Promise<unknown> {
  const { version, signal } = options;
  const route = { target: `/v1/secret/data/${encodeSegments(location)}`, template: '/v1/secret/data/{}' };
  let json: unknown;
  try {
    ({ json } = await requester.call({ method: 'GET', path: route, query: { version }, auth: 'vault', signal }));
  } catch (error) {
    throw await sealedInstead(requester, error, signal);
  }
  const envelope = decodeObject(decodeObject(json, 'the answer')['data'], '"data"');
  if (version !== undefined && decodeObject(envelope['metadata'], '"metadata"')['version'] !== version) {
    throw new ZvaultError('BAD_ANSWER', `the server answered another version of "${location}" than the one asked for`, {
      hint: 'this server may read the latest version only',
    });
  }
  return unwrap(envelope['data']);
}

/** Writers that wrap their object in `{"data": …}` leave one envelope more. */
function unwrap(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return stored;
  const fields = stored as Readonly<Record<string, unknown>>;
  const inner = fields['data'];
  const onlyData =
    Object.keys(fields).length === 1 && typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  return onlyData ? inner : stored;
}

/** A sealed vault of the older kind answers 401 to every token: its health tells. */
async function sealedInstead(requester: Requester, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (!isZvaultError(error) || error.code !== 'UNAUTHORIZED') return error;
  try {
    const health = await requester.call({
      method: 'GET',
      path: path`/v1/sys/health`,
      auth: 'none',
      accept: [501, 503],
      maxRetries: 0,
      signal,
    });
    const { sealed } = decodeObject(health.json, 'the health');
    return sealed === true ? new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal the vault' }) : error;
  } catch {
    return error;
  }
}

/**
 * The field of a KV object that a reference means: the named one, else `value`, else the one called like the path's last
 * segment, else the only text, else the whole as JSON.
 * @throws NOT_FOUND when the named field is not there
 */
export function selectField(stored: unknown, location: string, field: string | undefined): string {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) {
    if (field !== undefined) throw noField(location, field);
    return textOf(stored);
  }
  const fields = stored as Readonly<Record<string, unknown>>;
  const own = (name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  if (field !== undefined) {
    const value = own(field);
    if (value === undefined) throw noField(location, field);
    return textOf(value);
  }
  for (const name of ['value', location.split('/').at(-1) ?? '']) {
    const value = own(name);
    if (typeof value === 'string') return value;
  }
  const texts = Object.values(fields).filter((value) => typeof value === 'string');
  return texts.length === 1 && Object.keys(fields).length === 1 ? (texts[0] ?? '') : JSON.stringify(fields);
}

/** The field of a cloud secret whose value is a JSON object. @throws NOT_FOUND */
export function selectJsonField(value: string, name: string, field: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // Not JSON: it has no fields.
  }
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, field)) throw noField(name, field);
  return textOf((parsed as Readonly<Record<string, unknown>>)[field]);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw badAnswer('it holds no value');
  return text;
}

function noField(name: string, field: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `"${name}" has no field "${field}"`);
}
