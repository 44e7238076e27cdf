// Appends audit lines to a file. A line is in the file as a whole or not at all: what a full disk cut off is taken back. A
// file that was renamed or removed (log rotation) is noticed by the next write, which goes to a new one.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ZvaultError, messageOf } from '../../domain/errors.ts';

const newline = 0x0a;

export class FileDevice {
  readonly path: string;
  #fd: number | undefined;
  #inode = 0;
  #sizeBytes = 0;
  #isFile = false;
  #rotated = false;

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

  /** Where the next line will stand. The inode tells a file from the one that took its name. */
  get position(): { readonly path: string; readonly inode: number; readonly offset: number } {
    return { path: this.path, inode: this.#inode, offset: this.#sizeBytes };
  }

  /** True once after a new file was begun because the old one had gone. */
  takeRotated(): boolean {
    const rotated = this.#rotated;
    this.#rotated = false;
    return rotated;
  }

  /** Appends all of `bytes`, or nothing and throws. */
  append(bytes: Buffer): void {
    this.#reopenIfMoved();
    const fd = this.#fd ?? this.#open();
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (error) {
      if (written > 0) this.#takeBack(fd, written);
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  /** Waits until what was appended is on the disk. */
  sync(): void {
    if (this.#fd === undefined) return;
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      // A pipe or a terminal has no disk to wait for.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    }
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    const fd = openSync(this.path, 'a', 0o600);
    const stats = fstatSync(fd);
    const { ino, size } = stats;
    this.#fd = fd;
    this.#inode = ino;
    this.#sizeBytes = size;
    this.#isFile = stats.isFile();
    if (size > 0) this.#endHalfLine(fd);
    return fd;
  }

  #reopenIfMoved(): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    // A pipe or a terminal has no size that could shrink.
    if (found?.ino === this.#inode && (!this.#isFile || found.size >= this.#sizeBytes)) return;
    this.close();
    this.#open();
    this.#rotated = true;
  }

  /** What a crash or a full disk left without its end must not take the next line with it. */
  #endHalfLine(fd: number): void {
    const last = Buffer.alloc(1);
    const reader = openSync(this.path, 'r');
    try {
      if (readSync(reader, last, 0, 1, this.#sizeBytes - 1) === 0 || last[0] === newline) return;
    } finally {
      closeSync(reader);
    }
    this.#sizeBytes += writeSync(fd, Buffer.of(newline));
  }

  #takeBack(fd: number, written: number): void {
    try {
      // Behind the half line may stand whole ones of another process.
      if (fstatSync(fd).size !== this.#sizeBytes + written) throw new Error('the file is shared');
      ftruncateSync(fd, this.#sizeBytes);
    } catch {
      // The half line stays; the next open measures the file anew, and a reader sees a line that is not JSON.
      this.close();
    }
  }
}
