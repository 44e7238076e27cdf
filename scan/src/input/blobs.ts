// Reads objects from `git cat-file --batch`: each once, straight into the scanner's room, without keeping more than one.

import type { Host } from '@zvault/core/domain';
import { ZvaultError } from '@zvault/core/domain';
import { finished, runGitWithin, startGit } from './git.ts';
import type { ReadAhead } from './read-ahead.ts';

export interface BlobReader {
  /** Room for a blob's bytes. */
  room(count: number): Buffer;
  /** A blob is complete in the room. */
  onBlob(id: string, size: number): void;
  /** A blob larger than the limit was passed over. */
  onLarge(id: string, size: number): void;
  onMissing(id: string): void;
}

/** So many blobs, of so many bytes together, are read at once: that is what a commit mostly has. */
const fewBlobs = 200;
const fewBytes = 4 * 1024 * 1024;

/** Reads the blobs of the given ids, in this order. @throws PARTIAL when git fails or its stream breaks off */
export async function readBlobs(
  host: Host,
  ids: readonly string[],
  limit: number,
  reader: BlobReader,
  ahead?: ReadAhead,
): Promise<void> {
  const args = ['cat-file', '--batch', '--buffer'];
  const input = `${ids.join('\n')}\n`;
  const parser = new BatchParser(limit, reader);
  const all = ids.length > fewBlobs ? undefined : runGitWithin(host, args, { bytes: fewBytes }, input);
  if (all !== undefined) {
    parser.push(all);
    parser.end();
    return;
  }
  if (ahead) await ahead.read({ args, input }, (chunk) => parser.push(chunk));
  else {
    const child = startGit(host, args);
    const done = finished(child, args);
    child.stdin?.on('error', () => {}); // git's own message tells why it went away
    child.stdin?.end(input);
    child.stdout?.on('data', (chunk: Buffer) => parser.push(chunk));
    await done;
  }
  parser.end();
}

class BatchParser {
  readonly #limit: number;
  readonly #reader: BlobReader;
  #header: Buffer[] = [];
  #id = '';
  #size = 0;
  /** Bytes of the current object still to come, its final line feed included; -1 while a header is read. */
  #left = -1;
  #target: Buffer | undefined;
  #isBlob = false;

  constructor(limit: number, reader: BlobReader) {
    this.#limit = limit;
    this.#reader = reader;
  }

  /** Nothing of the chunk is kept. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#left === -1 ? this.#readHeader(chunk, at) : this.#readContent(chunk, at);
  }

  end(): void {
    if (this.#left !== -1 || this.#header.length > 0)
      throw new ZvaultError('PARTIAL', 'git cat-file broke off in the middle of an object');
  }

  #readHeader(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(10, at);
    if (end === -1) {
      this.#header.push(Buffer.from(chunk.subarray(at)));
      return chunk.length;
    }
    let line = chunk.toString('latin1', at, end);
    if (this.#header.length > 0) {
      line = Buffer.concat(this.#header).toString('latin1') + line;
      this.#header = [];
    }
    const [id = '', type = '', size = ''] = line.split(' ');
    if (size === '') {
      this.#reader.onMissing(id);
      return end + 1;
    }
    this.#id = id;
    this.#size = Number(size);
    this.#left = this.#size + 1;
    this.#isBlob = type === 'blob';
    const wanted = this.#isBlob && (this.#limit === 0 || this.#size <= this.#limit);
    this.#target = wanted ? this.#reader.room(this.#size) : undefined;
    return end + 1;
  }

  #readContent(chunk: Buffer, at: number): number {
    const count = Math.min(this.#left, chunk.length - at);
    const content = Math.min(count, this.#left - 1);
    if (this.#target && content > 0) chunk.copy(this.#target, this.#size + 1 - this.#left, at, at + content);
    this.#left -= count;
    if (this.#left === 0) {
      this.#left = -1;
      if (this.#target) this.#reader.onBlob(this.#id, this.#size);
      else if (this.#isBlob) this.#reader.onLarge(this.#id, this.#size);
    }
    return at + count;
  }
}
