// Zip, tar and gzip, one level deep, with limits on size and ratio. Members are reported as `archive!member`.

import { gunzipSync, inflateRawSync } from 'node:zlib';
import type { Found } from '../scanner.ts';
import type { InputContext } from './source.ts';

/** Bytes of one unpacked member, and of all members of an archive. */
const maxMember = 64 * 1024 * 1024;
const maxTotal = 256 * 1024 * 1024;
const maxMembers = 100_000;

interface Member {
  readonly name: string;
  content(): Buffer;
}

/** What the archive's members hold; `undefined` if the bytes are no archive. What can't be unpacked is named. */
export function scanArchive(context: InputContext, path: string, bytes: Buffer): Found[] | undefined {
  const members = membersOf(bytes);
  if (members === undefined) return undefined;
  const found: Found[] = [];
  let total = 0;
  let count = 0;
  try {
    for (const member of members) {
      count += 1;
      const name = `${path}!${member.name}`;
      try {
        const content = member.content();
        total += content.length;
        if (total > maxTotal || count > maxMembers) {
          context.onSkipped({ path, reason: 'the archive unpacks to more than the limit' });
          return found;
        }
        found.push(...context.scanner.scan(name, content));
      } catch {
        context.onSkipped({ path: name, reason: "can't be unpacked" });
      }
    }
  } catch {
    context.onSkipped({ path, reason: 'the archive is damaged' });
  }
  return found;
}

function membersOf(bytes: Buffer): Iterable<Member> | undefined {
  if (bytes.length > 4 && bytes.readUInt32LE(0) === 0x04034b50) return zipMembers(bytes);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gzipMembers(bytes);
  return isTar(bytes) ? tarMembers(bytes) : undefined;
}

function* gzipMembers(bytes: Buffer): Iterable<Member> {
  let content: Buffer;
  try {
    content = gunzipSync(bytes, { maxOutputLength: maxMember });
  } catch (error) {
    yield {
      name: '',
      content: () => {
        throw error;
      },
    };
    return;
  }
  if (isTar(content)) yield* tarMembers(content);
  else yield { name: 'content', content: () => content };
}

function isTar(bytes: Buffer): boolean {
  return bytes.length >= 512 && bytes.toString('latin1', 257, 262) === 'ustar';
}

function* tarMembers(bytes: Buffer): Iterable<Member> {
  let longName: string | undefined;
  for (let at = 0; at + 512 <= bytes.length;) {
    const header = bytes.subarray(at, at + 512);
    if (header[0] === 0) return;
    const size = parseInt(textOf(header.subarray(124, 136)).trim() || '0', 8);
    if (!Number.isSafeInteger(size) || size < 0) throw new Error('bad size');
    const content = bytes.subarray(at + 512, at + 512 + size);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') longName = textOf(content);
    else if (type === 'x') longName = /\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1] ?? longName;
    else {
      const prefix = textOf(header.subarray(345, 500));
      const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + textOf(header.subarray(0, 100));
      longName = undefined;
      if (type === '0' || type === '\0') yield { name, content: () => content };
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

/** Reads the central directory at the end: local headers may leave sizes out. Source: APPNOTE.TXT 4.3, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
function* zipMembers(bytes: Buffer): Iterable<Member> {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end === -1) throw new Error('no directory');
  const entries = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < entries; i++) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw new Error('bad entry');
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const encrypted = (bytes.readUInt16LE(at + 8) & 1) !== 0;
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (name.endsWith('/')) continue;
    yield { name, content: () => unzip(bytes, local, packed, method, encrypted) };
  }
}

function unzip(bytes: Buffer, local: number, packed: number, method: number, encrypted: boolean): Buffer {
  if (encrypted || bytes.readUInt32LE(local) !== 0x04034b50) throw new Error('not readable');
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const data = bytes.subarray(start, start + packed);
  if (method === 0) return data;
  if (method === 8) return inflateRawSync(data, { maxOutputLength: maxMember });
  throw new Error('unknown method');
}
