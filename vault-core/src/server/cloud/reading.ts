// Reading secrets: ready-made JSON bodies (bodies.ts).

import { formatTimestamp } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { keyProblem, refuse } from '../../domain/names.ts';
import type { SecretEntry, SecretKey, SecretVersion, WrittenSecret } from '../../wire/shapes.ts';
import { Bodies } from '../bodies.ts';
import type { Keyring } from '../keyring.ts';
import type { EnvironmentRecord } from '../records.ts';
import type { Soon } from '../soon.ts';
import { keys } from '../store/keys.ts';
import type { Entry, Reader, Store } from '../store/store.ts';
import { readState } from './environments.ts';
import { type SecretHeader, headerOf, openSecret } from './secret-record.ts';

/** An environment's secrets as a body, with the revision that it stands for. */
export interface EnvironmentBody {
  readonly body: Buffer;
  readonly revision: number;
}

/** Bytes of bodies kept in memory. */
const maxBodyBytes = 64 * 1024 * 1024;

export class SecretReader {
  readonly #store: Store;
  readonly #keyring: () => Keyring;
  readonly #single: Bodies<Buffer>;
  readonly #whole: Bodies<EnvironmentBody>;

  constructor(store: Store, keyring: () => Keyring) {
    this.#store = store;
    this.#keyring = keyring;
    this.#single = new Bodies<Buffer>(store, { maxBytes: maxBodyBytes / 2, bytes: (body) => body });
    this.#whole = new Bodies<EnvironmentBody>(store, { maxBytes: maxBodyBytes / 2, bytes: ({ body }) => body });
  }

  /** `{"secret":{…}}` of the current version. @throws NOT_FOUND, BAD_REQUEST */
  one(environment: EnvironmentRecord, key: string): Soon<Buffer> {
    const known = this.#single.peek(environment.id, key);
    if (known) return known;
    refuse(keyProblem(key));
    return this.#single.get(environment.id, key, async (reader) => {
      const entry = await reader.get(keys.secret(environment.id, key));
      if (!entry) throw notFound(key);
      return this.#entryBody(reader, environment, key, entry.value);
    });
  }

  /** `{"secret":{…}}` of any version that is kept. @throws NOT_FOUND, BAD_REQUEST */
  async version(environment: EnvironmentRecord, key: string, version: number): Promise<Buffer> {
    const current = await this.#current(environment, key);
    const header = headerOf(current.value);
    if (header.version === version) return this.one(environment, key);
    const old = await this.#store.get(keys.history(environment.id, header.id, version));
    if (!old) throw new ZvaultError('NOT_FOUND', `there is no version ${version} of ${JSON.stringify(key)}`);
    return this.#entryBody(this.#store, environment, key, old.value);
  }

  /** `{"keys":[…]}`, or with values `{"secrets":[…],"keys":[…]}`. */
  all(environment: EnvironmentRecord, withValues: boolean): Soon<EnvironmentBody> {
    return this.#whole.get(environment.id, withValues ? 'values' : 'keys', async (reader) => {
      // The state is read first: a write that comes between makes the body newer than its revision, never older.
      const { revision } = await readState(reader, environment.id);
      const entries = await this.#store.scan({ prefix: keys.secretPrefix(environment.id) });
      const body = await this.#wholeBody(environment, entries, withValues);
      return { body, revision };
    });
  }

  /** Without values, newest first. @throws NOT_FOUND, BAD_REQUEST */
  async versions(environment: EnvironmentRecord, key: string): Promise<SecretVersion[]> {
    const current = await this.#current(environment, key);
    const older = await this.#store.scan({
      prefix: keys.historyPrefix(environment.id, headerOf(current.value).id),
      reverse: true,
    });
    const found: SecretVersion[] = [];
    for (const { value } of [current, ...older]) {
      const opened = await openSecret(this.#store, this.#keyring(), environment, key, value);
      opened.value.fill(0);
      found.push({
        version: opened.version,
        id: opened.id,
        comment: opened.comment,
        created_at: formatTimestamp(opened.updated_at),
        created_by: opened.created_by,
      });
    }
    return found;
  }

  /** What was just restored, for the answer. */
  async opened(
    environment: EnvironmentRecord,
    key: string,
    stored: Buffer,
    reader: Reader,
  ): Promise<{ value: string; comment: string }> {
    const opened = await openSecret(reader, this.#keyring(), environment, key, stored);
    const text = opened.value.toString();
    opened.value.fill(0);
    return { value: text, comment: opened.comment };
  }

  /** Overwrites every body. */
  clear(): void {
    this.#single.clear();
    this.#whole.clear();
  }

  async #current(environment: EnvironmentRecord, key: string): Promise<Entry> {
    refuse(keyProblem(key));
    const entry = await this.#store.get(keys.secret(environment.id, key));
    if (!entry) throw notFound(key);
    return entry;
  }

  async #entryBody(reader: Reader, environment: EnvironmentRecord, key: string, stored: Buffer): Promise<Buffer> {
    return Buffer.from(`{"secret":${JSON.stringify(await this.#entry(reader, environment, key, stored))}}`);
  }

  async #wholeBody(environment: EnvironmentRecord, entries: readonly Entry[], withValues: boolean): Promise<Buffer> {
    const prefixLength = keys.secretPrefix(environment.id).length;
    const secrets: string[] = [];
    const names: string[] = [];
    for (const { key, value } of entries) {
      const entry = await this.#entry(this.#store, environment, key.slice(prefixLength), value);
      if (withValues) secrets.push(JSON.stringify(entry));
      const { key: name, version, comment, updated_at, id } = entry;
      names.push(JSON.stringify({ key: name, version, comment, updated_at, id } satisfies SecretKey));
    }
    // "secrets" comes before "keys": a client of dialect D pairs each "key" with the next "value" by text search.
    return Buffer.from(
      withValues ? `{"secrets":[${secrets.join(',')}],"keys":[${names.join(',')}]}` : `{"keys":[${names.join(',')}]}`,
    );
  }

  async #entry(reader: Reader, environment: EnvironmentRecord, key: string, stored: Buffer): Promise<SecretEntry> {
    const opened = await openSecret(reader, this.#keyring(), environment, key, stored);
    const entry = { ...secretFields(opened), value: opened.value.toString(), comment: opened.comment };
    opened.value.fill(0);
    return inOrder(entry);
  }
}

/** What a write answers; the value only to who may read it. */
export function writtenSecret(
  header: SecretHeader,
  content: { value: string; comment: string },
  mayRead: boolean,
): WrittenSecret {
  const { value, comment } = content;
  const entry = inOrder({ ...secretFields(header), value, comment });
  if (mayRead) return entry;
  const { value: _hidden, ...rest } = entry;
  return rest;
}

function secretFields(header: SecretHeader): Omit<SecretEntry, 'value' | 'comment'> {
  return {
    key: header.key,
    version: header.version,
    created_at: formatTimestamp(header.created_at),
    updated_at: formatTimestamp(header.updated_at),
    id: header.id,
  };
}

/** The order of the wire contract: clients that search the text rely on the value following its key. */
function inOrder(entry: SecretEntry): SecretEntry {
  const { key, value, version, comment, created_at, updated_at, id } = entry;
  return { key, value, version, comment, created_at, updated_at, id };
}

function notFound(key: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `there is no secret ${JSON.stringify(key)}`);
}
