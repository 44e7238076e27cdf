// How a value rests in the store: AES-256-GCM with a header that names the key, and the record's address as associated
// data, so that a stored value can't be moved to another place. docs/storage-format.md has the layout and test vectors.
//
//   format (1 byte, 0x01) | key id (16 bytes) | nonce (12 bytes) | ciphertext | tag (16 bytes)

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { freshNonce, nonceBytes } from './nonce.ts';

const format = 0x01;
const keyIdBytes = 16;
const tagBytes = 16;
const headerBytes = 1 + keyIdBytes + nonceBytes;

/** A 256-bit key and the id that ciphertexts name it by. */
export interface CipherKey {
  /** A UUID. */
  readonly id: string;
  readonly bytes: Buffer;
}

// Node finds out by two exceptions that a Buffer is no key object, which costs four times the encryption of a short text. So each use
// makes one of the bytes, which go on to be what is overwritten; OpenSSL overwrites its copies when they are collected.

/** Encrypts under a fresh random nonce. `address`: where the ciphertext will rest; the same text is needed to open it. */
export function encrypt(key: CipherKey, address: string, plaintext: Buffer, nonce: Buffer = freshNonce()): Buffer {
  const head = Buffer.concat([Buffer.of(format), uuidBytes(key.id), nonce]);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key.bytes), nonce);
  cipher.setAAD(associatedData(head, address));
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Opens what `encrypt` made.
 * @throws INTERNAL when the key is another, the address is another, or a bit was changed.
 */
export function decrypt(key: CipherKey, address: string, sealed: Buffer): Buffer {
  if (sealed.length < headerBytes + tagBytes || sealed[0] !== format) throw damaged('is not in a known format');
  if (!sealed.subarray(1, 1 + keyIdBytes).equals(uuidBytes(key.id))) throw damaged('names another key');
  const end = sealed.length - tagBytes;
  const nonce = sealed.subarray(1 + keyIdBytes, headerBytes);
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key.bytes), nonce);
  decipher.setAAD(associatedData(sealed.subarray(0, headerBytes), address));
  decipher.setAuthTag(sealed.subarray(end));
  const text = decipher.update(sealed.subarray(headerBytes, end));
  try {
    decipher.final();
  } catch (error) {
    text.fill(0);
    throw damaged('fails its authentication', error);
  }
  return text;
}

/** The id of the key that a ciphertext was made with. */
export function keyIdOf(sealed: Buffer): string {
  if (sealed.length < headerBytes + tagBytes || sealed[0] !== format) throw damaged('is not in a known format');
  return uuidText(sealed.subarray(1, 1 + keyIdBytes));
}

/** Format and key id (not the nonce, which GCM binds itself), then the address. */
function associatedData(head: Buffer, address: string): Buffer {
  return Buffer.concat([head.subarray(0, 1 + keyIdBytes), Buffer.from(address)]);
}

function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function damaged(what: string, cause?: unknown): ZvaultError {
  return new ZvaultError('INTERNAL', `a stored record ${what}`, {
    hint: 'restore the database from a backup; it was changed or damaged outside the vault',
    cause,
  });
}
