// Appends audit lines to a file. A line is in the file as a whole or not at all: what a full disk cut off is taken back. A
// file that was renamed or removed (log rotation) is noticed by the next write, which goes to a new one.

import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZvaultError, messageOf } from '../../domain/errors.ts';

export class FileDevice {
  readonly path: string;
  #fd: number | undefined;
  #inode = 0;
  #sizeBytes = 0;

  /** @throws AUDIT_UNAVAILABLE when the file can't be opened: a server without its audit does not start. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.#open();
    } catch (error) {
      throw new ZvaultError('AUDIT_UNAVAILABLE', `can't open the audit file ${path}: ${messageOf(error)}`, {
        hint: 'name a writable file with --audit file:PATH',
        cause: error,
      });
    }
  }

  /** Bytes in the file. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends all of `bytes`, or nothing and throws. */
  append(bytes: Buffer): void {
    this.#reopenIfMoved();
    const fd = this.#fd ?? this.#open();
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (error) {
      if (written > 0) this.#takeBack(fd);
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  /** Waits until what was appended is on the disk. */
  sync(): void {
    if (this.#fd !== undefined) fsyncSync(this.#fd);
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    const fd = openSync(this.path, 'a', 0o600);
    const { ino, size } = fstatSync(fd);
    this.#fd = fd;
    this.#inode = ino;
    this.#sizeBytes = size;
    return fd;
  }

  #reopenIfMoved(): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found?.ino === this.#inode && found.size >= this.#sizeBytes) return;
    this.close();
    this.#open();
  }

  #takeBack(fd: number): void {
    try {
      ftruncateSync(fd, this.#sizeBytes);
    } catch {
      // The half line stays; the next open measures the file anew, and a reader sees a line that is not JSON.
      this.close();
    }
  }
}
