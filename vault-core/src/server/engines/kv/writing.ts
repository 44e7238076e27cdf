// Writing secrets of a KV mount, inside a transaction.

import { randomUUID } from 'node:crypto';
import type { Actor } from '../../../domain/actor.ts';
import { ZvaultError } from '../../../domain/errors.ts';
import { compactJson } from '../../../domain/json-text.ts';
import { maxValueBytes, refuse } from '../../../domain/names.ts';
import type { Transaction } from '../../store/store.ts';
import type { MountRecord, Mounts } from '../mounts.ts';
import { pathProblem } from './path.ts';
import { type KvMeta, type KvRecords, type KvVersion, currentOf, maxVersions } from './record.ts';

/** A body that was sent, taken apart. */
export interface KvWrite {
  /** The object to store, as compact JSON. */
  readonly text: string;
  /** The version that must be current; 0: the path has none. */
  readonly cas: number | undefined;
}

/**
 * What a body asks for. The body is stored whole, except `options` beside `data`; what is no object becomes the member "value"
 * of one (contract 1.9). `source`: text that JSON.parse has taken.
 * @throws BAD_REQUEST, UNPROCESSABLE
 */
export function parseKvBody(source: string): KvWrite {
  const { text, members } = compactJson(source);
  const options = members?.get('options');
  const withOptions = members?.has('data') === true && options?.startsWith('{') === true;
  const stored = members === undefined ? `{"value":${text}}` : withOptions ? withoutOptions(members) : text;
  if (Buffer.byteLength(stored) > maxValueBytes)
    throw new ZvaultError('BAD_REQUEST', `a secret must have at most ${maxValueBytes} bytes as JSON`);
  return { text: stored, cas: withOptions ? parseCas(options) : undefined };
}

function withoutOptions(members: ReadonlyMap<string, string>): string {
  const rest = [...members].filter(([name]) => name !== 'options');
  return `{${rest.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

function parseCas(options: string): number | undefined {
  const { members } = compactJson(options);
  const text = members?.get('cas');
  if (text === undefined) return undefined;
  const cas = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(cas <= 2_147_483_647)) throw new ZvaultError('UNPROCESSABLE', '"cas" must be a version number, or 0');
  return cas;
}

export class KvWriter {
  readonly #mounts: Mounts;
  readonly #records: KvRecords;

  constructor(mounts: Mounts, records: KvRecords) {
    this.#mounts = mounts;
    this.#records = records;
  }

  /** Writes the next version; the oldest ones beyond those kept are erased. @throws NOT_FOUND (the mount), CONFLICT */
  async put(
    transaction: Transaction,
    mountName: string,
    path: string,
    write: KvWrite,
    by: { readonly actor: Actor; readonly nowMs: number },
  ): Promise<KvVersion> {
    const mount = await this.#open(transaction, mountName, path);
    const earlier = await this.#records.readMeta(transaction, mount, path);
    const currentVersion = earlier ? currentOf(earlier).version : 0;
    if (write.cas !== undefined && write.cas !== currentVersion) {
      throw new ZvaultError('CONFLICT', `version ${currentVersion} is current, not ${write.cas}`, {
        hint: 'read it again, and write with its version',
      });
    }
    const meta = earlier ?? { id: randomUUID(), versions: [] };
    const last = earlier ? currentVersion : await this.#records.takeLast(transaction, mount, path);
    const version: KvVersion = {
      version: last + 1,
      created_at: by.nowMs,
      created_by: by.actor,
      deleted_at: null,
      destroyed: false,
    };
    const versions = [...meta.versions, version];
    for (const { version: dropped } of versions.slice(0, -maxVersions))
      await this.#records.eraseValue(transaction, mount, meta.id, dropped);
    await this.#records.writeValue(transaction, mount, meta.id, version.version, write.text);
    await this.#records.writeMeta(transaction, mount, path, { ...meta, versions: versions.slice(-maxVersions) });
    return version;
  }

  /** Marks the newest version as deleted; again, if it is already. @throws NOT_FOUND */
  async delete(transaction: Transaction, mountName: string, path: string, nowMs: number): Promise<KvVersion> {
    const { mount, meta } = await this.#existing(transaction, mountName, path);
    const current = { ...currentOf(meta), deleted_at: nowMs };
    await this.#change(transaction, mount, path, meta, [current]);
    return current;
  }

  /** @throws NOT_FOUND: the path, one of the versions, or the value of one (it was destroyed) */
  async undelete(
    transaction: Transaction,
    mountName: string,
    path: string,
    versions: readonly number[],
  ): Promise<void> {
    const { mount, meta } = await this.#existing(transaction, mountName, path);
    const meant = versionsOf(meta, versions);
    for (const { version, destroyed } of meant)
      if (destroyed) throw new ZvaultError('NOT_FOUND', `version ${version} was destroyed`);
    const live = meant.map((version) => ({ ...version, deleted_at: null }));
    await this.#change(transaction, mount, path, meta, live);
  }

  /** Erases the values of the versions for good. @throws NOT_FOUND */
  async destroy(transaction: Transaction, mountName: string, path: string, versions: readonly number[]): Promise<void> {
    const { mount, meta } = await this.#existing(transaction, mountName, path);
    const gone = versionsOf(meta, versions).map((version) => ({ ...version, destroyed: true }));
    for (const { version } of gone) await this.#records.eraseValue(transaction, mount, meta.id, version);
    await this.#change(transaction, mount, path, meta, gone);
  }

  /** Erases the path with all its versions. A later write goes on counting. @throws NOT_FOUND */
  async erase(transaction: Transaction, mountName: string, path: string): Promise<void> {
    const { mount, meta } = await this.#existing(transaction, mountName, path);
    for (const { version } of meta.versions) await this.#records.eraseValue(transaction, mount, meta.id, version);
    await this.#records.eraseMeta(transaction, mount, path, meta);
  }

  async #open(transaction: Transaction, mountName: string, path: string): Promise<MountRecord> {
    const mount = await this.#mounts.find(transaction, mountName, 'kv');
    refuse(pathProblem(path));
    return mount;
  }

  async #existing(
    transaction: Transaction,
    mountName: string,
    path: string,
  ): Promise<{ mount: MountRecord; meta: KvMeta }> {
    const mount = await this.#open(transaction, mountName, path);
    const meta = await this.#records.readMeta(transaction, mount, path);
    if (!meta) throw noSecret(path);
    return { mount, meta };
  }

  async #change(
    transaction: Transaction,
    mount: MountRecord,
    path: string,
    meta: KvMeta,
    changed: readonly KvVersion[],
  ): Promise<void> {
    const byNumber = new Map(changed.map((version) => [version.version, version]));
    const versions = meta.versions.map((version) => byNumber.get(version.version) ?? version);
    await this.#records.writeMeta(transaction, mount, path, { ...meta, versions });
  }
}

function versionsOf(meta: KvMeta, numbers: readonly number[]): KvVersion[] {
  return [...new Set(numbers)].map((number) => {
    const version = meta.versions.find((one) => one.version === number);
    if (!version) throw new ZvaultError('NOT_FOUND', `there is no version ${number}`);
    return version;
  });
}

export function noSecret(path: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `there is no secret at ${path}`);
}
