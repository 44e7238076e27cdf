// The keys of an unsealed vault: the root key, and under it one system key, one key per organisation (and, with the vault
// engine, one per mount). Each is stored wrapped by the root key. All of them are Buffers, overwritten on seal and stop.

import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { ZvaultError } from '../domain/errors.ts';
import { type CipherKey, decrypt, encrypt, keyIdOf } from './crypto/cipher.ts';
import { Hmac } from './crypto/hmac.ts';
import type { Reader, Transaction } from './store/store.ts';

/** What a key is for: the system's own records, or one organisation's secrets. */
export type KeyOwner = 'system' | `org/${string}`;

/** The id that ciphertexts made directly with the root key carry. */
const rootKeyId = '00000000-0000-4000-8000-000000000001';

/** Where the id of the owner's current key stands. */
export const currentAddress = (owner: KeyOwner): string => `keys/current/${owner}`;
const wrappedAddress = (owner: KeyOwner, id: string): string => `keys/wrapped/${id}/${owner}`;

export class Keyring {
  readonly #root: CipherKey;
  readonly #byId = new Map<string, CipherKey>();
  /** Keys audit chains and the HMACs of audit fields; derived, so that it survives restarts. */
  readonly auditMac: Hmac;

  constructor(rootKey: Buffer) {
    this.#root = { id: rootKeyId, bytes: rootKey };
    this.auditMac = new Hmac(Buffer.from(hkdfSync('sha256', rootKey, Buffer.alloc(0), 'zvault audit mac', 32)));
  }

  /** Makes a new current key for the owner. Older ones stay readable. */
  async create(transaction: Transaction, owner: KeyOwner): Promise<CipherKey> {
    const key: CipherKey = { id: randomUUID(), bytes: randomBytes(32) };
    const address = wrappedAddress(owner, key.id);
    await transaction.put(address, encrypt(this.#root, address, key.bytes));
    await transaction.put(currentAddress(owner), key.id);
    this.#byId.set(key.id, key);
    return key;
  }

  /** The key that new ciphertexts of the owner are made with. Asked for anew each time: another server may have made one. */
  async current(reader: Reader, owner: KeyOwner): Promise<CipherKey> {
    const entry = await reader.get(currentAddress(owner));
    if (!entry) throw new ZvaultError('INTERNAL', `there is no key for ${owner}`);
    const id = entry.value.toString();
    return this.#byId.get(id) ?? this.#load(reader, owner, id);
  }

  /** The key that a stored ciphertext names. */
  async keyOf(reader: Reader, owner: KeyOwner, sealed: Buffer): Promise<CipherKey> {
    const id = keyIdOf(sealed);
    return this.#byId.get(id) ?? this.#load(reader, owner, id);
  }

  /** The key that a stored ciphertext names, if it is loaded already. */
  loadedKeyOf(sealed: Buffer): CipherKey | undefined {
    return this.#byId.get(keyIdOf(sealed));
  }

  /** False when the root key is no longer the one that the stored keys are wrapped with. */
  async opens(reader: Reader): Promise<boolean> {
    const id = (await reader.get(currentAddress('system')))?.value.toString();
    const address = wrappedAddress('system', id ?? '');
    const wrapped = await reader.get(address);
    if (!wrapped) return false;
    try {
      decrypt(this.#root, address, wrapped.value).fill(0);
      return true;
    } catch {
      return false;
    }
  }

  copyRootKey(): Buffer {
    return Buffer.from(this.#root.bytes);
  }

  /** Overwrites every key. The keyring is of no use afterwards. */
  zero(): void {
    this.#root.bytes.fill(0);
    for (const key of this.#byId.values()) key.bytes.fill(0);
    this.#byId.clear();
    this.auditMac.zero();
  }

  async #load(reader: Reader, owner: KeyOwner, id: string): Promise<CipherKey> {
    const address = wrappedAddress(owner, id);
    const entry = await reader.get(address);
    if (!entry) throw new ZvaultError('INTERNAL', `a record names a key of ${owner} that does not exist`);
    const key: CipherKey = { id, bytes: decrypt(this.#root, address, entry.value) };
    this.#byId.set(id, key);
    return key;
  }
}
