// Writes audit lines to standard output, for platforms that collect it.

import { writeSync } from 'node:fs';
import type { AuditDevice } from './device.ts';

const stdout = 1;
/** How long a reader that does not read holds up an answer before the device counts as failed. */
const patienceMs = 1000;
const pauseMs = 5;

export class StdoutDevice implements AuditDevice {
  readonly name = 'stdout';
  readonly #write: (bytes: Buffer, offset: number) => number;
  /** The rest of lines that were begun: it goes out before anything else. */
  #rest: Buffer = Buffer.alloc(0);

  /** `write`: to a descriptor that may not block, as `fs.writeSync` does. @default standard output */
  constructor(write: (bytes: Buffer, offset: number) => number = (bytes, offset) => writeSync(stdout, bytes, offset)) {
    this.#write = write;
  }

  async open(): Promise<void> {}

  append(lines: Buffer): void {
    this.#rest = this.#rest.subarray(this.#send(this.#rest));
    if (this.#rest.length > 0) throw new Error('the reader of the output does not read');
    const sent = this.#send(lines);
    if (sent === 0) throw new Error('the reader of the output does not read');
    // What was begun counts as taken, and is finished first.
    if (sent < lines.length) this.#rest = Buffer.from(lines.subarray(sent));
  }

  takeRotated(): boolean {
    return false;
  }

  async sync(): Promise<void> {}

  close(): void {
    if (this.#rest.length > 0) this.#send(this.#rest);
  }

  /** Bytes that went out. */
  #send(bytes: Buffer): number {
    let sent = 0;
    const until = performance.now() + patienceMs;
    while (sent < bytes.length) {
      try {
        sent += this.#write(bytes, sent);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
          if (sent > 0) return sent;
          throw error;
        }
        if (performance.now() > until) return sent;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      }
    }
    return sent;
  }
}
