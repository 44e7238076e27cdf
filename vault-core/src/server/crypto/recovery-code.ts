// Recovery codes: what is printed and kept in a safe, and opens a vault alone. 176 random bits and 24 bits that find a mistyped
// letter, in Crockford's base 32 (no I, L, O, U), eight groups of five: 7ZK3M-0QX9R-….

import { hash, randomBytes } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secretBytes = 22;
const checkBytes = 3;
const groupLength = 5;
const letters = ((secretBytes + checkBytes) * 8) / 5;

/** 22 random bytes. */
export function createRecoverySecret(random: (count: number) => Buffer = randomBytes): Buffer {
  return random(secretBytes);
}

export function formatRecoveryCode(secret: Buffer): string {
  const bytes = Buffer.concat([secret, check(secret)]);
  let text = '';
  for (let index = 0; index < letters; index += 1) {
    if (index > 0 && index % groupLength === 0) text += '-';
    text += alphabet[fiveBits(bytes, index * 5)] ?? '';
  }
  bytes.fill(0);
  return text;
}

/**
 * The secret of a code as somebody types it: upper or lower case, with or without dashes and blanks; O is read as 0, I and L as 1.
 * @throws BAD_REQUEST
 */
export function parseRecoveryCode(text: string): Buffer {
  const plain = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  const bytes = Buffer.alloc(secretBytes + checkBytes);
  if (plain.length !== letters || !/^[0-9A-HJKMNP-TV-Z]*$/.test(plain))
    throw malformed('is not 40 letters and digits in eight groups of five');
  for (let index = 0; index < letters; index += 1) putFiveBits(bytes, index * 5, alphabet.indexOf(plain.charAt(index)));
  const secret = Buffer.from(bytes.subarray(0, secretBytes));
  if (!check(secret).equals(bytes.subarray(secretBytes))) throw malformed('has a mistyped letter');
  return secret;
}

function check(secret: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from('zvault recovery code'), secret]), 'buffer').subarray(0, checkBytes);
}

function fiveBits(bytes: Buffer, start: number): number {
  const at = start >> 3;
  const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return (pair >> (11 - (start & 7))) & 31;
}

function putFiveBits(bytes: Buffer, start: number, value: number): void {
  const at = start >> 3;
  const pair = value << (11 - (start & 7));
  bytes[at] = (bytes[at] ?? 0) | (pair >> 8);
  if (at + 1 < bytes.length) bytes[at + 1] = (bytes[at + 1] ?? 0) | (pair & 0xff);
}

function malformed(why: string): ZvaultError {
  return new ZvaultError('BAD_REQUEST', `the recovery code ${why}`, { hint: 'compare it with the printed one' });
}
