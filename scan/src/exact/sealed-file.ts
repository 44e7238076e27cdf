// The index on disk: sealed with a key that comes from the vault token, so that the file is of no use without it, not even to
// test guesses. The name tells nothing either.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '@zvault/core/domain';
import { cacheFolder } from '../cache-folder.ts';

const magic = Buffer.from('ZVSI\x03', 'latin1');
const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;

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

  /** The content, or `undefined` if there is none, or it is damaged, or another token's. */
  read(): Buffer | undefined {
    let file: Buffer;
    try {
      file = readFileSync(this.#path);
    } catch {
      return undefined;
    }
    const head = magic.length + saltBytes + ivBytes;
    if (file.length < head + tagBytes || !file.subarray(0, magic.length).equals(magic)) return undefined;
    const salt = file.subarray(magic.length, magic.length + saltBytes);
    const decipher = createDecipheriv(
      'aes-256-gcm',
      derive(this.#address, salt, 'zvault scan index'),
      file.subarray(magic.length + saltBytes, head),
    );
    decipher.setAAD(file.subarray(0, magic.length));
    decipher.setAuthTag(file.subarray(file.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(file.subarray(head, file.length - tagBytes)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  /** Replaces the content, atomically, readable by the user alone. */
  write(content: Buffer): void {
    const salt = this.#host.randomBytes(saltBytes);
    const iv = this.#host.randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', derive(this.#address, salt, 'zvault scan index'), iv);
    cipher.setAAD(magic);
    const sealed = Buffer.concat([magic, salt, iv, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}.tmp`;
    writeFileSync(draft, sealed, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

function derive(address: IndexAddress, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', address.token, salt, [purpose, ...address.place].join('\0'), 32));
}
