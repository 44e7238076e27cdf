// How a secret of a KV mount rests in the store: one entry for its versions, and one for the value of each. All are encrypted
// under the mount's key and bound to their store key, which holds the ids of mount and secret and the version; only the path is
// in clear, as it must be ordered.

import type { Actor } from '../../../domain/actor.ts';
import { ZvaultError } from '../../../domain/errors.ts';
import type { Keyring } from '../../keyring.ts';
import { Records } from '../../records.ts';
import { keys } from '../../store/keys.ts';
import type { Reader, Transaction } from '../../store/store.ts';
import type { MountRecord } from '../mounts.ts';

/** Versions kept of each secret (contract 3.1). */
export const maxVersions = 10;

export interface KvVersion {
  readonly version: number;
  readonly created_at: number;
  readonly created_by: Actor;
  /** Milliseconds; set while it is deleted, and can be undeleted. */
  readonly deleted_at: number | null;
  /** Its value is gone. */
  readonly destroyed: boolean;
}

export interface KvMeta {
  /** Of the secret: the same for all versions. */
  readonly id: string;
  /** Those that are kept, oldest first; never empty. Their numbers are never used again. */
  readonly versions: readonly KvVersion[];
}

/** The newest version. */
export function currentOf(meta: KvMeta): KvVersion {
  const current = meta.versions.at(-1);
  if (!current) throw new ZvaultError('INTERNAL', 'a stored secret has no version');
  return current;
}

export class KvRecords {
  readonly #keyring: () => Keyring;

  constructor(keyring: () => Keyring) {
    this.#keyring = keyring;
  }

  readMeta(reader: Reader, mount: MountRecord, path: string): Promise<KvMeta | undefined> {
    return this.#of(mount).read<KvMeta>(reader, keys.kvMeta(mount.id, path));
  }

  writeMeta(transaction: Transaction, mount: MountRecord, path: string, meta: KvMeta): Promise<void> {
    return this.#of(mount).write(transaction, keys.kvMeta(mount.id, path), meta);
  }

  /** Erases the versions of a path, whose values are gone, but for the last number. */
  async eraseMeta(transaction: Transaction, mount: MountRecord, path: string, meta: KvMeta): Promise<void> {
    await transaction.delete(keys.kvMeta(mount.id, path));
    const { version } = currentOf(meta);
    await this.#of(mount).write(transaction, keys.kvLast(mount.id, path), { version });
  }

  /** The last number that an erased path has had; 0 for one that was never written. The path has versions from then on. */
  async takeLast(transaction: Transaction, mount: MountRecord, path: string): Promise<number> {
    const key = keys.kvLast(mount.id, path);
    const last = await this.#of(mount).read<{ version: number }>(transaction, key);
    if (last) await transaction.delete(key);
    return last?.version ?? 0;
  }

  /** The JSON text of a version, which the caller overwrites. */
  async readValue(reader: Reader, mount: MountRecord, id: string, version: number): Promise<Buffer> {
    const key = keys.kvData(mount.id, id, version);
    const entry = await reader.get(key);
    if (!entry) throw new ZvaultError('INTERNAL', 'the value of a stored version is missing');
    return this.#of(mount).openBytes(reader, key, entry.value);
  }

  async writeValue(
    transaction: Transaction,
    mount: MountRecord,
    id: string,
    version: number,
    text: string,
  ): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#of(mount).writeBytes(transaction, keys.kvData(mount.id, id, version), bytes);
    bytes.fill(0);
  }

  eraseValue(transaction: Transaction, mount: MountRecord, id: string, version: number): Promise<void> {
    return transaction.delete(keys.kvData(mount.id, id, version));
  }

  #of(mount: MountRecord): Records {
    return new Records(this.#keyring, `mount/${mount.id}`);
  }
}
