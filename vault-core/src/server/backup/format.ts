// The form of a backup: one stream of bytes, encrypted and authenticated under keys of its own that come from the root key.
// docs/storage-format.md has the layout.
//
//   "ZVLTBAK1" | header length (4 bytes) | header (JSON, in clear: what it takes to open it)
//   'D' | length (4) | AES-256-GCM of a piece of the entries     … as many as there are
//   'E' | length (4) | number of entries (8) | SHA-256 of everything before (32) | HMAC-SHA-256 of everything before (32)
//
// The digest finds accidents, for whoever has no key; the MAC finds everything else.

import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { storeFormat } from '../store/migrations.ts';
import type { SealConfig } from '../seal/config.ts';

export const magic = Buffer.from('ZVLTBAK1');

export interface BackupHeader {
  readonly format: 1;
  /** Of zvault. */
  readonly version: string;
  /** RFC 3339. */
  readonly created_at: string;
  /** Format number of the store that the entries are of. */
  readonly store_format: number;
  /** Random, base64: no two backups have the same keys. */
  readonly salt: string;
  readonly seal: SealConfig;
}

/** Plaintext bytes in a piece. */
export const pieceBytes = 262_144;
export const tagBytes = 16;
export const mostHeaderBytes = 262_144;
/** Count, digest and MAC. */
export const endBytes = 8 + 32 + 32;
const saltBytes = 32;

export interface BackupKeys {
  readonly encryption: Buffer;
  readonly mac: Buffer;
}

export function backupKeys(rootKey: Buffer, { salt }: Pick<BackupHeader, 'salt'>): BackupKeys {
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', rootKey, Buffer.from(salt, 'base64'), `zvault backup ${info}`, 32));
  return { encryption: derive('encryption'), mac: derive('mac') };
}

/** `last`: nothing follows it, so that leaving pieces out at the end is found too. */
export function sealPiece(key: Buffer, headerText: Buffer, index: number, last: boolean, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, pieceNonce(index, last));
  cipher.setAAD(hash('sha256', headerText, 'buffer'));
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws BAD_REQUEST when it was changed, or made with another key */
export function openPiece(key: Buffer, headerText: Buffer, index: number, last: boolean, sealed: Buffer): Buffer {
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, pieceNonce(index, last));
  decipher.setAAD(hash('sha256', headerText, 'buffer'));
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (error) {
    plaintext.fill(0);
    throw changed(error);
  }
  return plaintext;
}

/** The number of the piece, then whether it is the last: the keys are the backup's own, so no nonce comes twice. */
function pieceNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 3);
  nonce[11] = Number(last);
  return nonce;
}

/** @throws BAD_REQUEST */
export function parseHeader(text: Buffer): BackupHeader {
  let header: Partial<BackupHeader>;
  try {
    header = JSON.parse(text.toString()) as Partial<BackupHeader>;
  } catch {
    throw notABackup('its header is not JSON');
  }
  if (header.format !== 1 || typeof header.store_format !== 'number' || header.store_format > storeFormat) {
    throw new ZvaultError('BAD_REQUEST', 'the backup was made by a newer version', { hint: 'run the newer zvault' });
  }
  const { salt, seal } = header;
  if (typeof salt !== 'string' || Buffer.from(salt, 'base64').length !== saltBytes || !Array.isArray(seal?.slots))
    throw notABackup('its header lacks what it takes to open it');
  return header as BackupHeader;
}

export function frameHead(type: 'D' | 'E', length: number): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(length, 1);
  return head;
}

export function notABackup(why: string): ZvaultError {
  return new ZvaultError('BAD_REQUEST', `this is no backup of a zvault vault: ${why}`, {
    hint: 'give a file that "zvault backup" wrote',
  });
}

export function cutOff(): ZvaultError {
  return new ZvaultError('BAD_REQUEST', 'the backup ends too early', { hint: 'it was cut off; use another copy' });
}

export function changed(cause?: unknown): ZvaultError {
  return new ZvaultError('BAD_REQUEST', 'the backup was changed since it was made', {
    hint: 'use another copy of it',
    cause,
  });
}
