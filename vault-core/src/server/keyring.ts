// The keys of an unsealed vault: the root key, and under it one system key, one key per organisation (and, with the vault
// engine, one per mount). Each is stored wrapped by the root key. All of them are Buffers, overwritten on seal and stop.
//
// Every key may be replaced while the vault works, by another server too. So nothing here remembers what is current: the store
// says it, in the transaction that encrypts. What was written before names its key by id.

import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { ZvaultError, isZvaultError } from '../domain/errors.ts';
import { type CipherKey, decrypt, encrypt, keyIdOf } from './crypto/cipher.ts';
import { Hmac } from './crypto/hmac.ts';
import { requireSealConfig } from './seal/config.ts';
import type { Reader, Store, Transaction } from './store/store.ts';

/** What a key is for: the system's own records, one organisation's secrets, one mount's, or the MACs of the audit. */
export type KeyOwner = 'system' | 'audit' | `org/${string}` | `mount/${string}`;

export const currentKeyPrefix = 'keys/current/';
export const wrappedKeyPrefix = 'keys/wrapped/';
/** Where the id of the owner's current key stands. */
export const currentAddress = (owner: KeyOwner): string => currentKeyPrefix + owner;
export const wrappedAddress = (owner: KeyOwner, id: string): string => `${wrappedKeyPrefix}${id}/${owner}`;
/** From a root key to the next one, for servers that hold the former; erased after a while. */
export const rootLinkPrefix = 'keys/root/';
const rootLinkAddress = (id: string): string => rootLinkPrefix + id;

/** Characters of a UUID. */
const idLength = 36;

export class Keyring {
  readonly #roots = new Map<string, CipherKey>();
  readonly #byId = new Map<string, CipherKey & { readonly owner: KeyOwner }>();
  /** Within one transaction the current keys stay, unless it makes new ones itself. */
  readonly #currentIn = new WeakMap<Reader, Map<KeyOwner, CipherKey>>();
  readonly #changing = new WeakSet<Reader>();
  #auditMac: Hmac;

  constructor(root: CipherKey) {
    this.#roots.set(root.id, root);
    this.#auditMac = new Hmac(auditKey(root.bytes));
  }

  /** With the audit's key as it was before the root key was first replaced. @throws INTERNAL, SEALED */
  static async open(reader: Reader, root: CipherKey): Promise<Keyring> {
    const keyring = new Keyring(root);
    if (await reader.get(currentAddress('audit'))) {
      const { bytes } = await keyring.current(reader, 'audit');
      keyring.#auditMac.zero();
      keyring.#auditMac = new Hmac(bytes);
    }
    return keyring;
  }

  /** Keys audit chains and the HMACs of audit fields. It stays the same when the root key is replaced. */
  get auditMac(): Hmac {
    return this.#auditMac;
  }

  /** The root key that the vault has now. @throws SEALED when it was replaced, and no way leads from ours to it */
  async root(reader: Reader): Promise<CipherKey> {
    return this.#root(reader, (await requireSealConfig(reader)).root_id);
  }

  /** A copy of it, for another process; to be overwritten after use. */
  async copyRoot(reader: Reader): Promise<CipherKey> {
    const { id, bytes } = await this.root(reader);
    return { id, bytes: Buffer.from(bytes) };
  }

  /** Makes a new current key for the owner. Older ones stay readable. */
  async create(transaction: Transaction, owner: KeyOwner, bytes: Buffer = randomBytes(32)): Promise<CipherKey> {
    const key = { id: randomUUID(), bytes, owner };
    const address = wrappedAddress(owner, key.id);
    await transaction.put(address, encrypt(await this.root(transaction), address, key.bytes));
    await transaction.put(currentAddress(owner), key.id);
    this.#byId.set(key.id, key);
    // It may yet be undone: from here on this transaction asks the store.
    this.#changing.add(transaction);
    return key;
  }

  /** The key that new ciphertexts of the owner are made with. Ask inside the transaction that writes them. */
  async current(reader: Reader, owner: KeyOwner): Promise<CipherKey> {
    const key = await this.#current(reader, owner);
    if (!key) throw new ZvaultError('INTERNAL', `there is no key for ${owner}`);
    return key;
  }

  /** The same, made now if there is none yet. */
  async ensure(transaction: Transaction, owner: KeyOwner): Promise<CipherKey> {
    return (await this.#current(transaction, owner)) ?? this.create(transaction, owner);
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

  /** False when the stored keys are wrapped under a root key that we neither have nor find. @throws UNAVAILABLE */
  async opens(reader: Reader): Promise<boolean> {
    try {
      await this.root(reader);
      const id = (await reader.get(currentAddress('system')))?.value.toString();
      const address = wrappedAddress('system', id ?? '');
      const wrapped = await reader.get(address);
      if (!wrapped) return false;
      decrypt(await this.#root(reader, keyIdOf(wrapped.value)), address, wrapped.value).fill(0);
      return true;
    } catch (error) {
      if (isZvaultError(error) && ['SEALED', 'INTERNAL', 'NOT_INITIALIZED'].includes(error.code)) return false;
      throw error;
    }
  }

  /** Puts a new root key into the place of the present one: wraps every key anew and leaves a link for other servers. */
  async replaceRoot(transaction: Transaction, next: CipherKey): Promise<{ from: CipherKey }> {
    const from = await this.root(transaction);
    // Derived from the first root key; from now on a key of its own, so that equal values keep equal MACs in the log.
    if (!(await transaction.get(currentAddress('audit'))))
      await this.create(transaction, 'audit', auditKey(from.bytes));
    for (const { key: address, value } of await transaction.scan({ prefix: wrappedKeyPrefix })) {
      const bytes = decrypt(await this.#root(transaction, keyIdOf(value)), address, value);
      await transaction.put(address, encrypt(next, address, bytes));
      bytes.fill(0);
    }
    const link = Buffer.concat([Buffer.from(next.id), next.bytes]);
    await transaction.put(rootLinkAddress(from.id), encrypt(from, rootLinkAddress(from.id), link));
    link.fill(0);
    // Harmless if the transaction is undone: nothing names it then.
    this.#roots.set(next.id, next);
    return { from };
  }

  /** Overwrites keys that the store has no more, and root keys from which no link leads on any more. */
  async dropErased(store: Store): Promise<void> {
    const loaded = [...this.#byId.values()];
    const revisions = await store.revisions(loaded.map(({ owner, id }) => wrappedAddress(owner, id)));
    for (const [index, key] of loaded.entries()) {
      if (revisions[index] !== 0) continue;
      this.#byId.delete(key.id);
      key.bytes.fill(0);
    }
    const { root_id: present } = await requireSealConfig(store);
    for (const root of this.#roots.values()) {
      if (root.id === present || !this.#roots.has(present) || (await store.get(rootLinkAddress(root.id)))) continue;
      this.#roots.delete(root.id);
      root.bytes.fill(0);
    }
  }

  /** Overwrites every key. The keyring is of no use afterwards. */
  zero(): void {
    for (const root of this.#roots.values()) root.bytes.fill(0);
    for (const key of this.#byId.values()) key.bytes.fill(0);
    this.#byId.clear();
    this.#auditMac.zero();
  }

  async #current(reader: Reader, owner: KeyOwner): Promise<CipherKey | undefined> {
    const known = this.#changing.has(reader) ? undefined : this.#currentIn.get(reader)?.get(owner);
    if (known) return known;
    const entry = await reader.get(currentAddress(owner));
    if (!entry) return undefined;
    const id = entry.value.toString();
    const key = this.#byId.get(id) ?? (await this.#load(reader, owner, id));
    if ('put' in reader) {
      let current = this.#currentIn.get(reader);
      if (!current) this.#currentIn.set(reader, (current = new Map()));
      current.set(owner, key);
    }
    return key;
  }

  async #load(reader: Reader, owner: KeyOwner, id: string): Promise<CipherKey> {
    const address = wrappedAddress(owner, id);
    const entry = await reader.get(address);
    if (!entry) throw new ZvaultError('INTERNAL', `a record names a key of ${owner} that does not exist`);
    const bytes = decrypt(await this.#root(reader, keyIdOf(entry.value)), address, entry.value);
    const key = { id, bytes, owner };
    this.#byId.set(id, key);
    return key;
  }

  /** Follows the links from the root keys that we hold. */
  async #root(reader: Reader, id: string): Promise<CipherKey> {
    for (const from of this.#roots.values()) {
      const known = this.#roots.get(id);
      if (known) return known;
      const address = rootLinkAddress(from.id);
      const link = await reader.get(address);
      if (!link) continue;
      const content = decrypt(from, address, link.value);
      const next = { id: content.toString('latin1', 0, idLength), bytes: Buffer.from(content.subarray(idLength)) };
      content.fill(0);
      // A Map goes on to what is added while it is walked: the links are followed to their end.
      if (this.#roots.has(next.id)) next.bytes.fill(0);
      else this.#roots.set(next.id, next);
    }
    const known = this.#roots.get(id);
    if (known) return known;
    throw new ZvaultError('SEALED', 'the root key was replaced while this server did not look', {
      hint: 'unseal it again with "zvault unseal"',
    });
  }
}

function auditKey(rootKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey, Buffer.alloc(0), 'zvault audit mac', 32));
}
