// The vault's key for checkpoints of its audit log: Ed25519 (RFC 8032). It rests encrypted under the system key; the public half is
// for auditors, who verify with it what they have no vault for.

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { decrypt, encrypt } from '../crypto/cipher.ts';
import type { Keyring } from '../keyring.ts';
import type { Store, Transaction } from '../store/store.ts';
import { openEscrow, publishKey } from './escrow.ts';

const address = 'audit/signing-key';
const seedBytes = 32;
/** PKCS #8 of an Ed25519 key, up to the 32 bytes of the key itself. Source: RFC 8410, section 7. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

export class SigningKey {
  #seed: Buffer | undefined;

  /** Loads the key of an open vault. */
  async open(store: Store, keyring: Keyring): Promise<void> {
    const stored = await store.get(address);
    if (!stored) return store.transaction((transaction) => this.create(transaction, keyring));
    this.#seed = decrypt(await keyring.keyOf(store, 'system', stored.value), address, stored.value);
  }

  /** Makes the key, for a new vault, and loads it. */
  async create(transaction: Transaction, keyring: Keyring): Promise<void> {
    const seed = randomBytes(seedBytes);
    await transaction.put(address, encrypt(await keyring.current(transaction, 'system'), address, seed));
    this.#seed = seed;
  }

  /** Base64; `undefined` while the key is not loaded. */
  sign(message: Buffer): string | undefined {
    if (!this.#seed) return undefined;
    const der = Buffer.concat([pkcs8Head, this.#seed]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    return sign(null, message, key).toString('base64');
  }

  /** In PEM (RFC 7468), with its id; `undefined` while the key is not loaded. */
  get publicKey(): { readonly keyId: string; readonly pem: string } | undefined {
    if (!this.#seed) return undefined;
    const der = Buffer.concat([pkcs8Head, this.#seed]);
    const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    der.fill(0);
    const keyId = createHash('sha256')
      .update(key.export({ format: 'der', type: 'spki' }))
      .digest('hex')
      .slice(0, 16);
    return { keyId, pem: key.export({ format: 'pem', type: 'spki' }).toString() };
  }

  /** Publishes what sealed processes encrypt the keys of their chains to. @throws SEALED */
  async publishEscrowKey(transaction: Transaction): Promise<void> {
    await publishKey(transaction, this.#open());
  }

  /** The key of a chain that a sealed process has stored. @throws SEALED, INTERNAL */
  openEscrow(address: string, value: Buffer): Buffer {
    return openEscrow(this.#open(), address, value);
  }

  /** Overwrites the key. */
  zero(): void {
    this.#seed?.fill(0);
    this.#seed = undefined;
  }

  #open(): Buffer {
    if (!this.#seed) throw new ZvaultError('SEALED', 'the vault is sealed');
    return this.#seed;
  }
}
