// What transit does with a key. AES-256-GCM as `nonce (12) | ciphertext | tag (16)` without associated data (contract 1.10);
// Ed25519 (RFC 8032); HMAC-SHA-256 with a key of its own for each version.

import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  sign as signMessage,
  timingSafeEqual,
  verify as verifyMessage,
} from 'node:crypto';
import { ZvaultError } from '../../../domain/errors.ts';
import { freshNonce, nonceBytes } from '../../crypto/nonce.ts';
import { type TransitKeyring, latestVersion, materialOf } from './keys.ts';
import { type Tagged, formatTagged, parseTagged } from './tagged.ts';

const tagBytes = 16;
/** A PKCS #8 private key of Ed25519, up to its 32 bytes. Source: RFC 8410 §7 */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `nonce`: for vectors alone. @throws BAD_REQUEST when the key does not encrypt */
export function encrypt(key: TransitKeyring, plaintext: Buffer, nonce: Buffer = freshNonce()): string {
  requireType(key, 'aes256-gcm96', 'encrypt');
  const version = latestVersion(key);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(materialOf(key, version).key), nonce);
  const bytes = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return formatTagged({ version, bytes });
}

/** The caller overwrites what it gets. @throws BAD_REQUEST, NOT_FOUND (no such version) */
export function decrypt(key: TransitKeyring, ciphertext: string): Buffer {
  requireType(key, 'aes256-gcm96', 'decrypt');
  const { version, bytes } = parseTagged(ciphertext, 'the ciphertext');
  const material = materialOf(key, version);
  const end = bytes.length - tagBytes;
  if (end < nonceBytes) throw new ZvaultError('BAD_REQUEST', 'the ciphertext is too short');
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(material.key), bytes.subarray(0, nonceBytes));
  decipher.setAuthTag(bytes.subarray(end));
  const text = decipher.update(bytes.subarray(nonceBytes, end));
  try {
    decipher.final();
  } catch {
    text.fill(0);
    throw new ZvaultError('BAD_REQUEST', 'the ciphertext was changed, or made with another key');
  }
  return text;
}

/** @throws BAD_REQUEST when the key does not sign */
export function sign(key: TransitKeyring, input: Buffer): string {
  requireType(key, 'ed25519', 'sign');
  const version = latestVersion(key);
  return formatTagged({ version, bytes: signMessage(null, input, privateKey(materialOf(key, version).key)) });
}

/** @throws BAD_REQUEST, NOT_FOUND (no such version) */
export function verifySignature(key: TransitKeyring, input: Buffer, signature: string): boolean {
  requireType(key, 'ed25519', 'sign');
  const { version, bytes } = parseTagged(signature, 'the signature');
  const { key: seed } = materialOf(key, version);
  return verifyMessage(null, input, createPublicKey(privateKey(seed)), bytes);
}

export function hmac(key: TransitKeyring, input: Buffer): string {
  return formatTagged(hmacOf(key, latestVersion(key), input));
}

/** @throws BAD_REQUEST, NOT_FOUND (no such version) */
export function verifyHmac(key: TransitKeyring, input: Buffer, text: string): boolean {
  const given = parseTagged(text, 'the HMAC');
  const right = hmacOf(key, given.version, input);
  return given.bytes.length === right.bytes.length && timingSafeEqual(given.bytes, right.bytes);
}

/** Standard base64 of the 32 bytes; `null` for what does not sign, and for versions below the minimum. */
export function publicKeyOf(key: TransitKeyring, version: number): string | null {
  if (key.header.type !== 'ed25519' || version < key.header.min_decryption_version) return null;
  let known = publicKeys.get(key);
  if (!known) publicKeys.set(key, (known = new Map()));
  let text = known.get(version);
  if (text === undefined) {
    const { x = '' } = createPublicKey(privateKey(materialOf(key, version).key)).export({ format: 'jwk' });
    text = Buffer.from(x, 'base64url').toString('base64');
    known.set(version, text);
  }
  return text;
}

/** Made once for each key in memory: a key can have thousands of versions. */
const publicKeys = new WeakMap<TransitKeyring, Map<number, string>>();

function hmacOf(key: TransitKeyring, version: number, input: Buffer): Tagged {
  const { hmacKey } = materialOf(key, version);
  return { version, bytes: createHmac('sha256', createSecretKey(hmacKey)).update(input).digest() };
}

/** Made for each use: the key object could not be overwritten on seal. */
function privateKey(seed: Buffer): KeyObject {
  const der = Buffer.concat([pkcs8Head, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

function requireType({ header }: TransitKeyring, type: TransitKeyring['header']['type'], verb: string): void {
  if (header.type !== type)
    throw new ZvaultError('BAD_REQUEST', `the key "${header.name}" is of type ${header.type} and does not ${verb}`);
}
