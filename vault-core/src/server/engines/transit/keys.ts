// Keys of the transit engine: one record for all versions of a key, encrypted under the mount's key and bound to its place.
//
//   header length (4 bytes, big endian) | header (JSON) | for each version: 32 bytes of key, 32 bytes of HMAC key

import { randomBytes } from 'node:crypto';
import { ZvaultError } from '../../../domain/errors.ts';
import { type TransitKeyType, transitKeyTypes } from '../../../wire/words.ts';
import { Bodies } from '../../bodies.ts';
import type { Keyring } from '../../keyring.ts';
import { Records } from '../../records.ts';
import type { Soon } from '../../soon.ts';
import { keys } from '../../store/keys.ts';
import type { Reader, Store, Transaction } from '../../store/store.ts';
import type { MountRecord, Mounts } from '../mounts.ts';

interface KeyHeader {
  readonly name: string;
  readonly type: TransitKeyType;
  readonly created_at: number;
  readonly min_decryption_version: number;
  /** Times of creation, of versions 1, 2, … */
  readonly versions: readonly number[];
}

/** A key in memory. Its buffers are overwritten on seal. */
export interface TransitKeyring {
  readonly header: KeyHeader;
  readonly bytes: Buffer;
}

export interface KeyMaterial {
  /** An AES-256 key, or the seed of an Ed25519 key. */
  readonly key: Buffer;
  readonly hmacKey: Buffer;
}

const keyBytes = 32;
const versionBytes = 2 * keyBytes;
/** Of one key: they are read and written together. */
const maxVersions = 5000;
const maxCachedBytes = 8 * 1024 * 1024;
/** Where the engine is mounted. */
const mountName = 'transit';

export class TransitKeys {
  readonly #store: Store;
  readonly #mounts: Mounts;
  readonly #keyring: () => Keyring;
  readonly #loaded: Bodies<TransitKeyring>;

  constructor(store: Store, mounts: Mounts, keyring: () => Keyring) {
    this.#store = store;
    this.#mounts = mounts;
    this.#keyring = keyring;
    this.#loaded = new Bodies<TransitKeyring>(store, { maxBytes: maxCachedBytes, bytes: ({ bytes }) => bytes });
  }

  /** @throws NOT_FOUND */
  get(name: string): Soon<TransitKeyring> {
    return this.#loaded.get(mountName, name, async (reader) => {
      const mount = await this.#mounts.find(reader, mountName, 'transit');
      return this.#read(reader, mount, name);
    });
  }

  /** Sorted. @throws NOT_FOUND (the engine is not mounted) */
  async list(): Promise<string[]> {
    const { id } = await this.#mounts.find(this.#store, mountName, 'transit');
    const entries = await this.#store.scan({ prefix: keys.transitKeyPrefix(id) });
    return entries.map(({ key }) => key.slice(keys.transitKeyPrefix(id).length));
  }

  /** @throws BAD_REQUEST (name, type, or there is one), NOT_FOUND (the engine is not mounted) */
  async create(transaction: Transaction, name: string, type: string, nowMs: number): Promise<void> {
    const mount = await this.#mounts.find(transaction, mountName, 'transit');
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name)) {
      throw new ZvaultError('BAD_REQUEST', 'the name of a key takes up to 128 letters, digits, "_", "-" and "."');
    }
    const known = transitKeyTypes.find((one) => one === type);
    if (!known) throw new ZvaultError('BAD_REQUEST', `the type of a key is one of ${transitKeyTypes.join(', ')}`);
    if (await transaction.get(keys.transitKey(mount.id, name)))
      throw new ZvaultError('BAD_REQUEST', `there is a key "${name}" already`);
    const header = { name, type: known, created_at: nowMs, min_decryption_version: 1, versions: [nowMs] };
    await this.#write(transaction, mount, header, randomBytes(versionBytes));
  }

  /** The number of the new version. @throws NOT_FOUND, BAD_REQUEST (too many) */
  async rotate(transaction: Transaction, name: string, nowMs: number): Promise<number> {
    const { mount, header, material } = await this.#open(transaction, name);
    if (header.versions.length >= maxVersions)
      throw new ZvaultError('BAD_REQUEST', `a key has at most ${maxVersions} versions`, {
        hint: 'go on with a new key',
      });
    const versions = [...header.versions, nowMs];
    const joined = Buffer.concat([material, randomBytes(versionBytes)]);
    material.fill(0);
    await this.#write(transaction, mount, { ...header, versions }, joined);
    return versions.length;
  }

  /** @throws NOT_FOUND, BAD_REQUEST: there is no such version */
  async setMinimum(transaction: Transaction, name: string, minimum: number): Promise<void> {
    const { mount, header, material } = await this.#open(transaction, name);
    const latest = header.versions.length;
    if (minimum > latest) throw new ZvaultError('BAD_REQUEST', `the minimum must be a version from 1 to ${latest}`);
    await this.#write(transaction, mount, { ...header, min_decryption_version: minimum }, material);
  }

  /** Overwrites what was read. */
  clear(): void {
    this.#loaded.clear();
  }

  async #open(
    transaction: Transaction,
    name: string,
  ): Promise<{ mount: MountRecord; header: KeyHeader; material: Buffer }> {
    const mount = await this.#mounts.find(transaction, mountName, 'transit');
    const { header, bytes } = await this.#read(transaction, mount, name);
    return { mount, header, material: bytes };
  }

  async #read(reader: Reader, mount: MountRecord, name: string): Promise<TransitKeyring> {
    const address = keys.transitKey(mount.id, name);
    const entry = await reader.get(address);
    if (!entry) throw new ZvaultError('NOT_FOUND', `there is no key "${name}"`);
    const record = await this.#records(mount).openBytes(reader, address, entry.value);
    const end = 4 + record.readUInt32BE(0);
    return { header: JSON.parse(record.toString('utf8', 4, end)) as KeyHeader, bytes: record.subarray(end) };
  }

  /** Overwrites `material`. */
  async #write(transaction: Transaction, mount: MountRecord, header: KeyHeader, material: Buffer): Promise<void> {
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    const record = Buffer.concat([length, text, material]);
    material.fill(0);
    await this.#records(mount).writeBytes(transaction, keys.transitKey(mount.id, header.name), record);
    record.fill(0);
  }

  #records(mount: MountRecord): Records {
    return new Records(this.#keyring, `mount/${mount.id}`);
  }
}

export function latestVersion({ header }: TransitKeyring): number {
  return header.versions.length;
}

/** Parts of the key's own buffer. @throws BAD_REQUEST (older than allowed), NOT_FOUND (no such version) */
export function materialOf(key: TransitKeyring, version: number): KeyMaterial {
  if (version > latestVersion(key)) throw new ZvaultError('NOT_FOUND', `the key has no version ${version}`);
  if (version < key.header.min_decryption_version) {
    throw new ZvaultError(
      'BAD_REQUEST',
      `version ${version} of the key is below the minimum, ${key.header.min_decryption_version}`,
    );
  }
  const start = (version - 1) * versionBytes;
  return {
    key: key.bytes.subarray(start, start + keyBytes),
    hmacKey: key.bytes.subarray(start + keyBytes, start + versionBytes),
  };
}
