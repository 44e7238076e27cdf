// KV secrets. Values stay JSON text beside their parsed form, so that no number changes on its way.

import { compactJson } from '../../domain/json-text.ts';
import type { KvMetadata, KvWrittenReply } from '../../wire/engine-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray, decodeObject } from '../decode.ts';
import { callVault, membersOf, readKv, textOf } from '../kv.ts';
import { encodeSegments, path, type RequestPath, under } from '../path.ts';
import type { Requester } from '../requester.ts';

export interface KvOptions extends CallOptions {
  /** First segment of the path. @default secret */
  readonly mount?: string | undefined;
}

export interface KvWriteOptions extends KvOptions {
  /** The version that must be current; 0: the path has none. */
  readonly cas?: number | undefined;
}

export interface KvSecret {
  /** The stored object, as compact JSON with its numbers as they were written. */
  readonly text: string;
  /** Its members: texts without their quotes, anything else as JSON. `undefined` when it is no object. */
  readonly fields: ReadonlyMap<string, string> | undefined;
  /** `undefined` where the server does not tell. */
  readonly version: number | undefined;
  readonly created_time: string | undefined;
}

export class KvApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** The newest version, or another, without its envelopes. @throws NOT_FOUND, SEALED */
  async get(location: string, options: KvOptions & { readonly version?: number | undefined } = {}): Promise<KvSecret> {
    const stored = await readKv(this.#requester, location, options);
    const members = membersOf(stored.text);
    const fields = members && new Map(Array.from(members, ([name, value]) => [name, textOf(value)] as const));
    for (const value of fields?.values() ?? [stored.text]) this.#requester.settings.onValue(value);
    return { ...stored, fields };
  }

  /**
   * Writes the next version: an object, or its JSON as text. It is sent as `{"data": …}`, as readers of other makes expect it.
   * @throws CONFLICT when `cas` is not current
   */
  async put(
    location: string,
    data: Readonly<Record<string, unknown>> | string,
    options: KvWriteOptions = {},
  ): Promise<KvWrittenReply['data']> {
    const text = compactJson(typeof data === 'string' ? data : JSON.stringify(data)).text;
    const { cas } = options;
    const json = cas === undefined ? `{"data":${text}}` : `{"options":{"cas":${cas}},"data":${text}}`;
    const target = at('data', location, options);
    const hide = [...(membersOf(text)?.values() ?? [])].map(textOf).filter((value) => value.length > 2);
    const reply = await callVault(this.#requester, {
      method: 'POST',
      path: target,
      json,
      hide,
      signal: options.signal,
    });
    return decodeObject(decodeObject(reply.json, 'the answer')['data'], '"data"') as KvWrittenReply['data'];
  }

  /** Marks the newest version as deleted. @throws NOT_FOUND when it was never written */
  async delete(location: string, options: KvOptions = {}): Promise<void> {
    const call = { method: 'DELETE', path: at('data', location, options), repeatable: true } as const;
    await callVault(this.#requester, { ...call, signal: options.signal });
  }

  async metadata(location: string, options: KvOptions = {}): Promise<KvMetadata> {
    const call = { method: 'GET', path: at('metadata', location, options), signal: options.signal } as const;
    return decodeObject((await callVault(this.#requester, call)).json, 'the answer') as KvMetadata;
  }

  /** Paths under `folder` (empty: all), below it, with or without a slash at its end. */
  async list(folder = '', options: KvOptions = {}): Promise<string[]> {
    const mount = mountOf(options);
    const inside = folder.replace(/\/+$/, '');
    const target =
      inside === ''
        ? under(mount, path`/list/`)
        : under(mount, { target: `/list/${encodeSegments(inside)}/`, template: '/list/{}/' });
    const reply = await callVault(this.#requester, { method: 'GET', path: target, signal: options.signal });
    return decodeArray(decodeObject(reply.json, 'the answer')['data'], 'keys') as string[];
  }

  /** @throws NOT_FOUND */
  undelete(location: string, versions: readonly number[], options: KvOptions = {}): Promise<void> {
    return this.#change('undelete', location, versions, options);
  }

  /** Erases the values of the versions for good. @throws NOT_FOUND */
  destroy(location: string, versions: readonly number[], options: KvOptions = {}): Promise<void> {
    return this.#change('destroy', location, versions, options);
  }

  /** Erases the path with all its versions for good. @throws NOT_FOUND */
  async erase(location: string, options: KvOptions = {}): Promise<void> {
    const call = { method: 'DELETE', path: at('metadata', location, options) } as const;
    await callVault(this.#requester, { ...call, signal: options.signal });
  }

  async #change(
    verb: 'undelete' | 'destroy',
    location: string,
    versions: readonly number[],
    options: KvOptions,
  ): Promise<void> {
    const call = { method: 'POST', path: at(verb, location, options), body: { versions }, repeatable: true } as const;
    await callVault(this.#requester, { ...call, signal: options.signal });
  }
}

function mountOf({ mount = 'secret' }: KvOptions): RequestPath {
  return path`/v1/${mount}`;
}

function at(route: string, location: string, options: KvOptions): RequestPath {
  return under(mountOf(options), { target: `/${route}/${encodeSegments(location)}`, template: `/${route}/{}` });
}
