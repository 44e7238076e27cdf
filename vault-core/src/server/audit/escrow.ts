// How the key of an audit chain rests in the store while the vault is sealed, so that lines of a process which was never unsealed can
// be verified once another one is. Whoever can read the store can't read it: it is encrypted to a public key, whose private half comes
// of the vault's signing key. Before a vault is initialized there is nothing to encrypt to, nor anything to protect: then it rests in
// clear. The next unsealing wraps what it finds under the system key.
//
//   0x02 | public key of one use (32 bytes) | the chain's key as crypto/cipher.ts encrypts it, under the key agreed on
//   0x00 | the chain's key (32)

import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { type CipherKey, decrypt, encrypt } from '../crypto/cipher.ts';
import type { Reader, Transaction } from '../store/store.ts';

/** The public key, 32 bytes. */
const publicAddress = 'audit/escrow-key';
const sealedForm = 0x02;
const clearForm = 0x00;
const keyBytes = 32;
const headBytes = 1 + keyBytes;
/** PKCS #8 and SPKI of an X25519 key, up to the 32 bytes of the key itself. Source: RFC 8410, sections 4 and 7 */
const pkcs8Head = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiHead = Buffer.from('302a300506032b656e032100', 'hex');
/** No keyring has a key of this id: what it encrypts says itself how its key is found. */
const agreedKeyId = '00000000-0000-0000-0000-000000000000';

export function isEscrow(value: Buffer): boolean {
  return value[0] === sealedForm || value[0] === clearForm;
}

/** The key in a value that holds it in clear: a part of the value. */
export function clearKeyIn(value: Buffer): Buffer | undefined {
  return value[0] === clearForm && value.length === headBytes ? value.subarray(1) : undefined;
}

export async function hasPublicKey(reader: Reader): Promise<boolean> {
  return (await reader.get(publicAddress)) !== undefined;
}

/** `seed`: of the vault's signing key. */
export async function publishKey(transaction: Transaction, seed: Buffer): Promise<void> {
  await transaction.put(publicAddress, rawPublicKey(createPublicKey(privateKeyOf(seed))));
}

/** The chain's key as it may rest at `address`; `undefined` where a vault is initialized that has published no key. */
export async function escrow(
  reader: Reader,
  address: string,
  key: Buffer,
  initialized: boolean,
): Promise<Buffer | undefined> {
  const published = await reader.get(publicAddress);
  if (!published) return initialized ? undefined : Buffer.concat([Buffer.of(clearForm), key]);
  const once = generateKeyPairSync('x25519');
  const publicKey = publicKeyFrom(published.value);
  const head = Buffer.concat([Buffer.of(sealedForm), rawPublicKey(once.publicKey)]);
  const agreed = agreedKey(once.privateKey, publicKey, head);
  const encrypted = encrypt(agreed, address, key);
  agreed.bytes.fill(0);
  return Buffer.concat([head, encrypted]);
}

/** What `escrow` made; the caller overwrites it. @throws INTERNAL when it was changed, stood elsewhere, or is another vault's */
export function openEscrow(seed: Buffer, address: string, value: Buffer): Buffer {
  const clear = clearKeyIn(value);
  if (clear) return Buffer.from(clear);
  if (value[0] !== sealedForm || value.length <= headBytes) throw damaged();
  const head = value.subarray(0, headBytes);
  const agreed = agreedKey(privateKeyOf(seed), publicKeyFrom(head.subarray(1)), head);
  try {
    return decrypt(agreed, address, value.subarray(headBytes));
  } finally {
    agreed.bytes.fill(0);
  }
}

function agreedKey(privateKey: KeyObject, publicKey: KeyObject, salt: Buffer): CipherKey {
  const secret = diffieHellman({ privateKey, publicKey });
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, 'zvault audit escrow', keyBytes));
  secret.fill(0);
  return { id: agreedKeyId, bytes };
}

function privateKeyOf(seed: Buffer): KeyObject {
  const derived = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), 'zvault audit escrow key', keyBytes));
  const der = Buffer.concat([pkcs8Head, derived]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  derived.fill(0);
  der.fill(0);
  return key;
}

function publicKeyFrom(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: 'der', type: 'spki' });
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(spkiHead.length);
}

function damaged(): ZvaultError {
  return new ZvaultError('INTERNAL', 'the stored key of an audit chain is damaged');
}
