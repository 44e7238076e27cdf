// The vault's KV store, as references need it: one path, unwrapped, and the field that is meant. Everything stays the text that
// the server sent: a number that a double can't hold is not changed on its way.

import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import { compactJson } from '../domain/json-text.ts';
import { badAnswer, decodeObject } from './decode.ts';
import { encodeSegments, path } from './path.ts';
import type { Call, Reply, Requester } from './requester.ts';

export interface KvRead {
  /** First segment of the path. @default secret */
  readonly mount?: string | undefined;
  readonly version?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface KvStored {
  /** The object without its envelopes, as compact JSON. */
  readonly text: string;
  readonly version: number | undefined;
  readonly created_time: string | undefined;
}

/** What is stored at a path. @throws NOT_FOUND, SEALED */
export async function readKv(requester: Requester, location: string, options: KvRead = {}): Promise<KvStored> {
  const { mount = 'secret', version, signal } = options;
  const route = {
    target: `/v1/${encodeURIComponent(mount)}/data/${encodeSegments(location)}`,
    template: '/v1/{}/data/{}',
  };
  const reply = await callVault(requester, { method: 'GET', path: route, query: { version }, signal });
  const envelope = decodeObject(decodeObject(reply.json, 'the answer')['data'], '"data"');
  const metadata = decodeObject(envelope['metadata'] ?? {}, '"metadata"');
  if (version !== undefined && metadata['version'] !== version) {
    throw new ZvaultError('BAD_ANSWER', `the server answered another version of "${location}" than the one asked for`, {
      hint: 'this server may read the latest version only',
    });
  }
  const { version: current, created_time: created } = metadata;
  return {
    text: unwrap(memberOf(memberOf(reply.text, 'data'), 'data')),
    version: typeof current === 'number' ? current : undefined,
    created_time: typeof created === 'string' ? created : undefined,
  };
}

/** A call of a vault route. A sealed vault of the older kind answers 401 to every token: its health tells. */
export async function callVault(requester: Requester, call: Call): Promise<Reply> {
  try {
    return await requester.call({ ...call, auth: 'vault' });
  } catch (error) {
    throw await sealedInstead(requester, error, call.signal);
  }
}

/** Writers that wrap their object in `{"data": …}` leave one envelope more. */
function unwrap(stored: string): string {
  const members = membersOf(stored);
  const inner = members?.get('data');
  return members?.size === 1 && inner?.startsWith('{') === true ? inner : stored;
}

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
export function selectField(stored: string, location: string, field: string | undefined): string {
  const members = membersOf(stored);
  if (field !== undefined) {
    const value = members?.get(field);
    if (value === undefined) throw noField(location, field);
    return textOf(value);
  }
  if (members === undefined) return textOf(stored);
  for (const name of ['value', location.split('/').at(-1) ?? '']) {
    const value = members.get(name);
    if (value?.startsWith('"')) return textOf(value);
  }
  const [only] = members.values();
  return members.size === 1 && only?.startsWith('"') ? textOf(only) : stored;
}

/** The field of a cloud secret whose value is a JSON object. @throws NOT_FOUND */
export function selectJsonField(value: string, name: string, field: string): string {
  let text: string | undefined;
  try {
    JSON.parse(value);
    text = membersOf(value)?.get(field);
  } catch {
    // Not JSON, or JSON that readers take differently: it has no fields.
  }
  if (text === undefined) throw noField(name, field);
  return textOf(text);
}

/** Names and values of an object, the values as JSON; `undefined` for anything else. */
export function membersOf(json: string): ReadonlyMap<string, string> | undefined {
  try {
    return compactJson(json).members;
  } catch (error) {
    throw badAnswer(isZvaultError(error) ? error.message : 'it is broken');
  }
}

/** What a person means by a JSON value: a text without its quotes, anything else as it is. */
export function textOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function memberOf(json: string, name: string): string {
  const member = membersOf(json)?.get(name);
  if (member === undefined) throw badAnswer(`it has no "${name}"`);
  return member;
}

function noField(location: string, field: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `"${location}" has no field "${field}"`);
}
