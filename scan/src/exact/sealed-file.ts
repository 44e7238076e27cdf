// The index on disk: sealed with a key that comes from the vault token, so that the file is of no use without it, not even to
// test guesses. The name tells nothing either.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Host, ZvaultError } from '@zvault/core/domain';
import { cacheFolder } from '../cache-folder.ts';

const magic = Buffer.from('ZVSI\x07', 'latin1');
const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
/** So much is sealed at a time: an index of long values has 50 MB. */
const sealedBytes = 1024 * 1024;
/** Magic, salt, length of the first part (u32). */
const headBytes = magic.length + saltBytes + 4;

/** What is sealed: a part that every scan reads, and one that few do. */
export interface SealedParts {
  readonly first: Uint8Array;
  /** @throws PARTIAL if it has been damaged */
  readonly second: Uint8Array;
}

/** What an index is for: whose values, of where. */
export interface IndexAddress {
  readonly token: string;
  /** Server, organisation, project, environment as far as they are set. */
  readonly place: readonly string[];
}

export class SealedFile {
  readonly #path: string;
  readonly #host: Host;
  readonly #address: IndexAddress;

  constructor(host: Host, address: IndexAddress) {
    this.#host = host;
    this.#address = address;
    const name = derive(address, Buffer.alloc(saltBytes), 'zvault scan index name').subarray(0, 16).toString('hex');
    this.#path = join(cacheFolder(host), `scan-${name}.idx`);
  }

  /** The content, or `undefined` if there is none, or it is damaged, or another token's. The second part is read when it is asked for. */
  read(): SealedParts | undefined {
    let file: number | undefined;
    try {
      file = openSync(this.#path, 'r');
      const head = readPart(file, 0, headBytes);
      if (!head.subarray(0, magic.length).equals(magic)) return undefined;
      const key = this.#key(head);
      const firstEnd = headBytes + head.readUInt32LE(headBytes - 4);
      const { size } = fstatSync(file);
      const first = open(key, head, 1, readPart(file, headBytes, firstEnd - headBytes));
      const readSecond = (): Uint8Array => this.#readSecond(key, head, { from: firstEnd, to: size });
      let second: Uint8Array | undefined;
      return {
        first,
        get second() {
          return (second ??= readSecond());
        },
      };
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  #readSecond(key: Buffer, head: Buffer, place: { from: number; to: number }): Uint8Array {
    let file: number | undefined;
    try {
      file = openSync(this.#path, 'r');
      return open(key, head, 2, readPart(file, place.from, place.to - place.from));
    } catch (error) {
      throw new ZvaultError('PARTIAL', "the index of the vault's values changed while it was read, or is damaged", {
        hint: 'run the scan again; if this goes on, remove the scan-*.idx files of the cache folder',
        cause: error,
      });
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  #key(head: Buffer): Buffer {
    return derive(this.#address, head.subarray(magic.length, magic.length + saltBytes), 'zvault scan index');
  }

  /** Replaces the content, atomically, readable by the user alone. The parts come in pieces. */
  write({ first, second }: Record<keyof SealedParts, readonly Uint8Array[]>): void {
    const head = Buffer.concat([magic, this.#host.randomBytes(saltBytes), Buffer.alloc(4)]);
    const length = first.reduce((sum, piece) => sum + piece.length, 0);
    head.writeUInt32LE(length + ivBytes + tagBytes, headBytes - 4);
    const key = this.#key(head);
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}.tmp`;
    const file = openSync(draft, 'w', 0o600);
    try {
      fchmodSync(file, 0o600);
      const write = (bytes: Uint8Array): void => writeFileSync(file, bytes);
      write(head);
      for (const [i, part] of [first, second].entries())
        seal(key, head, i + 1, part, this.#host.randomBytes(ivBytes), write);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** The number of the part is authenticated, too: one can't stand for the other. */
function seal(
  key: Buffer,
  head: Buffer,
  number: number,
  content: readonly Uint8Array[],
  iv: Buffer,
  write: (bytes: Uint8Array) => void,
): void {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.concat([head, Buffer.of(number)]));
  write(iv);
  for (const piece of content)
    for (let at = 0; at < piece.length; at += sealedBytes) write(cipher.update(piece.subarray(at, at + sealedBytes)));
  cipher.final();
  write(cipher.getAuthTag());
}

function open(key: Buffer, head: Buffer, number: number, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes));
  decipher.setAAD(Buffer.concat([head, Buffer.of(number)])).setAuthTag(sealed.subarray(sealed.length - tagBytes));
  // All of the content comes at once, as a buffer of its own.
  const content = decipher.update(sealed.subarray(ivBytes, sealed.length - tagBytes));
  decipher.final();
  return content;
}

/** @throws RangeError if the file has less */
function readPart(file: number, from: number, count: number): Buffer {
  if (count < 0) throw new RangeError('cut off');
  const part = Buffer.allocUnsafeSlow(count);
  for (let done = 0; done < count;) {
    const read = readSync(file, part, done, count - done, from + done);
    if (read === 0) throw new RangeError('cut off');
    done += read;
  }
  return part;
}

function derive(address: IndexAddress, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', address.token, salt, [purpose, ...address.place].join('\0'), 32));
}
