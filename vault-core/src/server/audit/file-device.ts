// Appends audit lines to a file. A line is in the file as a whole or not at all: what a full disk cut off is taken back. A
// file that was renamed or removed (log rotation) is noticed by the next write, which goes to a new one.

import { hash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type ParsedLine, parseLine } from '../../domain/audit/line.ts';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import type { AuditDevice, FilePosition } from './device.ts';
import { syslogMessages } from './syslog-format.ts';

/** A write of another process takes microseconds; a file that is still the same after this is nobody's. */
const settleMs = 50;
const chunkBytes = 65_536;
/** `{"id":"<36 characters>",` and the first digits of the time. */
const beginBytes = 64;
const maxLastLineBytes = 1_048_576;

export interface FileDeviceOptions {
  /** @default `file:PATH` */
  readonly name?: string;
  /** Lines are on the disk before they count as taken. @default false */
  readonly fsync?: boolean;
  /** `syslog`: each line is a message of RFC 5424. @default 'json' */
  readonly format?: 'json' | 'syslog';
}

export class FileDevice implements AuditDevice {
  readonly path: string;
  readonly name: string;
  readonly #fsync: boolean;
  readonly #format: 'json' | 'syslog';
  #fd: number | undefined;
  #inode = 0;
  #sizeBytes = 0;
  #isFile = false;
  #begin: string | undefined;
  #rotated = false;

  /** @throws AUDIT_UNAVAILABLE when the file can't be opened: a server without its audit does not start. */
  constructor(path: string, options: FileDeviceOptions = {}) {
    this.path = path;
    this.name = options.name ?? `file:${path}`;
    this.#fsync = options.fsync ?? false;
    this.#format = options.format ?? 'json';
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

  async open(): Promise<void> {}

  /** Where the next line will stand, behind those of other processes too. */
  get position(): FilePosition | undefined {
    if (this.#format !== 'json') return undefined;
    const size = this.#fd === undefined ? this.#sizeBytes : fstatSync(this.#fd).size;
    this.#begin ??= this.#isFile ? beginOf(this.path, size) : undefined;
    return { path: this.path, inode: this.#inode, begin: this.#begin, offset: size };
  }

  /** True once after a new file was begun because the old one had gone. */
  takeRotated(): boolean {
    const rotated = this.#rotated;
    this.#rotated = false;
    return rotated;
  }

  /** Appends all of `bytes`, or nothing and throws. */
  append(lines: Buffer): void {
    const bytes = this.#format === 'json' ? lines : Buffer.concat(syslogMessages(lines));
    this.#reopenIfMoved();
    const fd = this.#fd ?? this.#open();
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      if (this.#fsync) flush(fd, fdatasyncSync);
    } catch (error) {
      if (written > 0) this.#takeBack(fd, written);
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  /** Waits until what was appended before is on the disk; meanwhile more may be appended. */
  async sync(): Promise<void> {
    if (this.#fd === undefined) return;
    try {
      await promisify(fsync)(this.#fd);
    } catch (error) {
      if (!hasNoDisk(error)) throw error;
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
    this.#begin = undefined;
    if (this.#isFile) this.#dropHalfLine(fd);
    return fd;
  }

  #reopenIfMoved(): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    // A pipe or a terminal has no size that could shrink.
    if (found?.ino === this.#inode && (!this.#isFile || found.size >= this.#sizeBytes)) return;
    // The next sync is of the new file.
    if (this.#fd !== undefined) flush(this.#fd, fsyncSync);
    this.close();
    this.#open();
    this.#rotated = true;
  }

  /**
   * What a crash cut off is taken off: no answer left for it. Only a line of ours is cut, in a file that has come to rest:
   * what another process is writing just now gets its end from there, and other text gets a line of its own.
   */
  #dropHalfLine(fd: number): void {
    const end = endOfLines(this.path, this.#sizeBytes);
    if (end === this.#sizeBytes) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, settleMs);
    const { size } = fstatSync(fd);
    if (size !== this.#sizeBytes) this.#sizeBytes = size;
    else if (isOurs(this.path, end, size)) {
      ftruncateSync(fd, end);
      this.#sizeBytes = end;
    } else this.#sizeBytes += writeSync(fd, '\n');
  }

  /** The last line of the file, if it is one of ours. */
  lastLine(): ParsedLine | undefined {
    if (!this.#isFile || this.#sizeBytes === 0) return undefined;
    const end = endOfLines(this.path, this.#sizeBytes);
    const start = endOfLines(this.path, Math.max(0, end - 1));
    if (end - start > maxLastLineBytes) return undefined;
    const bytes = Buffer.alloc(end - start);
    const reader = openSync(this.path, 'r');
    try {
      readSync(reader, bytes, 0, bytes.length, start);
    } finally {
      closeSync(reader);
    }
    return parseLine(bytes.toString().trimEnd());
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

function beginOf(path: string, sizeBytes: number): string | undefined {
  if (sizeBytes < beginBytes) return undefined;
  const found = Buffer.alloc(beginBytes);
  const reader = openSync(path, 'r');
  try {
    readSync(reader, found, 0, beginBytes, 0);
    return hash('sha256', found, 'base64url').slice(0, 22);
  } finally {
    closeSync(reader);
  }
}

function flush(fd: number, force: (fd: number) => void): void {
  try {
    force(fd);
  } catch (error) {
    if (!hasNoDisk(error)) throw error;
  }
}

/** A pipe or a terminal has no disk to wait for. */
function hasNoDisk(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EINVAL';
}

/** True if the text from `start` on can be the beginning of an audit line. */
function isOurs(path: string, start: number, sizeBytes: number): boolean {
  const reader = openSync(path, 'r');
  try {
    return ['{"id":"', '<38>1 '].some((text) => {
      const expected = Buffer.from(text).subarray(0, sizeBytes - start);
      const found = Buffer.alloc(expected.length);
      readSync(reader, found, 0, found.length, start);
      return found.equals(expected);
    });
  } finally {
    closeSync(reader);
  }
}

/** Where the last whole line ends, among the first `sizeBytes` of the file. */
function endOfLines(path: string, sizeBytes: number): number {
  const reader = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(Math.min(chunkBytes, sizeBytes));
    for (let end = sizeBytes; end > 0; end -= chunkBytes) {
      const start = Math.max(0, end - chunkBytes);
      const found = chunk.subarray(0, readSync(reader, chunk, 0, end - start, start)).lastIndexOf('\n');
      if (found !== -1) return start + found + 1;
    }
    return 0;
  } finally {
    closeSync(reader);
  }
}
