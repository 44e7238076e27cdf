// Records of the system (organisations, members, projects, environments, tokens …): JSON, encrypted under the system key and
// bound to the store key they rest at. Names that must be found or ordered are store keys, in clear (docs/storage-format.md).

import type { Actor } from '../domain/actor.ts';
import { decrypt, encrypt } from './crypto/cipher.ts';
import type { KeyOwner, Keyring } from './keyring.ts';
import type { Reader, Transaction } from './store/store.ts';
import type { Permission, Role } from '../wire/words.ts';

export interface OrgRecord {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly owner_id: string;
  readonly tier: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface MemberRecord {
  readonly id: string;
  readonly org_id: string;
  /** The `sub` of the person's identity tokens; null while pending. */
  readonly user_id: string | null;
  /** Set at the first log-in; from then on no other issuer's `sub` of that text is this person. */
  readonly issuer: string | null;
  readonly email: string;
  readonly role: Role;
  readonly invited_at: number;
  readonly accepted_at: number | null;
}

export interface ProjectRecord {
  readonly id: string;
  readonly org_id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly created_at: number;
  readonly updated_at: number;
  /** Milliseconds; set while the project waits in the trash. */
  readonly deleted_at: number | null;
}

export interface EnvironmentRecord {
  readonly id: string;
  readonly project_id: string;
  readonly org_id: string;
  readonly name: string;
  readonly slug: string;
  readonly sort_order: number;
  readonly created_at: number;
  readonly deleted_at: number | null;
}

export interface TokenRecord {
  readonly id: string;
  readonly kind: 'service' | 'root';
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly org_id: string;
  readonly project_id: string;
  readonly environment_id: string | null;
  readonly name: string;
  readonly token_prefix: string;
  readonly permissions: readonly Permission[];
  readonly expires_at: number | null;
  readonly created_by: Actor;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

/** A person, as an issuer vouched for at sign-in. People are (issuer, subject). */
export interface PersonRecord {
  readonly issuer: string;
  readonly subject: string;
  /** For display; empty when the issuer says none, or says that it is not verified. */
  readonly email: string;
  readonly name: string;
}

/** A token of the vault API. Shares the place of `TokenRecord` in the store, where `kind` tells them apart. */
export interface VaultTokenRecord {
  readonly id: string;
  readonly kind: 'vault';
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  /** Names of policies; those that don't exist grant nothing. */
  readonly policies: readonly string[];
  readonly display_name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly renewable: boolean;
  /** Milliseconds. */
  readonly expires_at: number | null;
  /** No renewal goes beyond it. Milliseconds. */
  readonly expires_at_most: number | null;
  /** Hash of the token that created it and whose revocation ends it too. */
  readonly parent: string | null;
  /** A session: for the cloud API the token stands for this person. */
  readonly person?: PersonRecord;
  readonly created_by: Actor;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

/** Reads and writes records, under the key of their owner. `keyring` throws while the vault is sealed. */
export class Records {
  readonly #keyring: () => Keyring;
  readonly #owner: KeyOwner;

  constructor(keyring: () => Keyring, owner: KeyOwner = 'system') {
    this.#keyring = keyring;
    this.#owner = owner;
  }

  async read<T>(reader: Reader, key: string): Promise<T | undefined> {
    const entry = await reader.get(key);
    return entry && this.open<T>(reader, key, entry.value);
  }

  async open<T>(reader: Reader, key: string, sealed: Buffer): Promise<T> {
    return JSON.parse((await this.openBytes(reader, key, sealed)).toString()) as T;
  }

  /** The bytes of a record that is no JSON; the caller overwrites them. */
  async openBytes(reader: Reader, key: string, sealed: Buffer): Promise<Buffer> {
    const keyring = this.#keyring();
    const cipherKey = keyring.loadedKeyOf(sealed) ?? (await keyring.keyOf(reader, this.#owner, sealed));
    return decrypt(cipherKey, key, sealed);
  }

  write(transaction: Transaction, key: string, record: object): Promise<void> {
    return this.writeBytes(transaction, key, Buffer.from(JSON.stringify(record)));
  }

  async writeBytes(transaction: Transaction, key: string, bytes: Buffer): Promise<void> {
    // A mount gets its key with its first record; the others have theirs from the beginning.
    const cipherKey = await this.#keyring().ensure(transaction, this.#owner);
    await transaction.put(key, encrypt(cipherKey, key, bytes));
  }
}
