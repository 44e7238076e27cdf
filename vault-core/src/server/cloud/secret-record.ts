// How one version of a secret rests in the store: a header in clear that lists need, and the value with its comment,
// encrypted. The header is authenticated too: it is part of the associated data.
//
//   0x01 | header length (4 bytes) | header (JSON) | ciphertext of: comment length (4 bytes) | comment | value

import type { Actor } from '../../domain/actor.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { decrypt, encrypt, keyIdOf } from '../crypto/cipher.ts';
import type { Keyring } from '../keyring.ts';
import type { EnvironmentRecord } from '../records.ts';
import type { Reader, Transaction } from '../store/store.ts';

export interface SecretHeader {
  /** Stable over versions, new after delete and create. */
  readonly id: string;
  readonly key: string;
  readonly version: number;
  /** Of the secret. */
  readonly created_at: number;
  /** Of this version. */
  readonly updated_at: number;
  readonly created_by: Actor;
}

export interface SecretContent {
  /** UTF-8; the caller may overwrite it. */
  readonly value: Buffer;
  readonly comment: string;
}

const format = 0x01;

/** The ids (never slugs) of everything around the version, then the header as it is stored. */
function address(environment: EnvironmentRecord, header: SecretHeader, headerText: string): string {
  const { org_id: org, project_id: project, id } = environment;
  return `secret|${org}|${project}|${id}|${header.id}|${header.version}|${headerText}`;
}

export async function sealSecret(
  transaction: Transaction,
  keyring: Keyring,
  environment: EnvironmentRecord,
  header: SecretHeader,
  content: { value: string; comment: string },
): Promise<Buffer> {
  const key = await keyring.current(transaction, `org/${environment.org_id}`);
  const headerText = JSON.stringify(header);
  const comment = Buffer.from(content.comment);
  const value = Buffer.from(content.value);
  const plaintext = Buffer.concat([length(comment.length), comment, value]);
  const sealed = encrypt(key, address(environment, header, headerText), plaintext);
  plaintext.fill(0);
  value.fill(0);
  const headerBytes = Buffer.from(headerText);
  return Buffer.concat([Buffer.of(format), length(headerBytes.length), headerBytes, sealed]);
}

/**
 * The same version under the organisation's current key, or as it is when that is its key. Whoever puts a stored version to another
 * place calls it: what a transaction writes is always under the current key, so that old keys can be erased.
 */
export async function freshenSecret(
  transaction: Transaction,
  keyring: Keyring,
  environment: EnvironmentRecord,
  stored: Buffer,
): Promise<Buffer> {
  const { headerText, sealed } = split(stored);
  const owner = `org/${environment.org_id}` as const;
  const key = await keyring.current(transaction, owner);
  if (keyIdOf(sealed) === key.id) return stored;
  const place = address(environment, JSON.parse(headerText) as SecretHeader, headerText);
  const plaintext = decrypt(await keyring.keyOf(transaction, owner, sealed), place, sealed);
  const fresh = encrypt(key, place, plaintext);
  plaintext.fill(0);
  return Buffer.concat([stored.subarray(0, stored.length - sealed.length), fresh]);
}

/** The ciphertext in a stored version; `undefined` when it is none. */
export function sealedPartOf(stored: Buffer): Buffer | undefined {
  if (stored.length < 5 || stored[0] !== format) return undefined;
  return stored.subarray(5 + stored.readUInt32BE(1));
}

/** The header alone: no decryption. */
export function headerOf(stored: Buffer): SecretHeader {
  return JSON.parse(split(stored).headerText) as SecretHeader;
}

/** @throws INTERNAL when the record was moved, changed or damaged */
export async function openSecret(
  reader: Reader,
  keyring: Keyring,
  environment: EnvironmentRecord,
  key: string,
  stored: Buffer,
): Promise<SecretHeader & SecretContent> {
  const { headerText, sealed } = split(stored);
  const header = JSON.parse(headerText) as SecretHeader;
  if (header.key !== key) throw new ZvaultError('INTERNAL', 'a stored secret rests under another key');
  const cipherKey = keyring.loadedKeyOf(sealed) ?? (await keyring.keyOf(reader, `org/${environment.org_id}`, sealed));
  const plaintext = decrypt(cipherKey, address(environment, header, headerText), sealed);
  const commentEnd = 4 + plaintext.readUInt32BE(0);
  return { ...header, comment: plaintext.toString('utf8', 4, commentEnd), value: plaintext.subarray(commentEnd) };
}

function split(stored: Buffer): { headerText: string; sealed: Buffer } {
  if (stored.length < 5 || stored[0] !== format)
    throw new ZvaultError('INTERNAL', 'a stored secret is not in a known format');
  const end = 5 + stored.readUInt32BE(1);
  return { headerText: stored.toString('utf8', 5, end), sealed: stored.subarray(end) };
}

function length(bytes: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(bytes);
  return buffer;
}
