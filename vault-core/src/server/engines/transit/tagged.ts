// What transit hands out and takes back: `vault:v<version of the key>:<standard base64>` (contract 1.10).

import { ZvaultError } from '../../../domain/errors.ts';

export interface Tagged {
  readonly version: number;
  readonly bytes: Buffer;
}

export function formatTagged({ version, bytes }: Tagged): string {
  return `vault:v${version}:${bytes.toString('base64')}`;
}

/** `what`: for the message. @throws BAD_REQUEST */
export function parseTagged(text: string, what: string): Tagged {
  const match = /^vault:v([1-9]\d{0,8}):/.exec(text);
  if (!match) throw new ZvaultError('BAD_REQUEST', `${what} must begin with vault:v1: (or another version)`);
  return { version: Number(match[1]), bytes: parseBase64(text.slice(match[0].length), what) };
}

/** Standard base64, padded, in its one canonical form. @throws BAD_REQUEST */
export function parseBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new ZvaultError('BAD_REQUEST', `${what} must be standard base64`);
  return bytes;
}
