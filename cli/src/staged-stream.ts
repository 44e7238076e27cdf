// A stream becomes a file: whole, for its owner only, or not at all.

import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Host } from '@zvault/core/domain';
import { fileError } from './input.ts';
import { privateMode } from './staged-file.ts';

/**
 * Writes the stream beside `path`, forces it to disk, and moves it there.
 * @throws NOT_FOUND, FORBIDDEN, STORAGE_FULL …, and what the stream ends with
 */
export async function writeStreamAtomic(
  host: Pick<Host, 'randomBytes'>,
  path: string,
  stream: Readable,
  signal: AbortSignal,
): Promise<void> {
  const staged = join(dirname(path), `.${basename(path)}.${host.randomBytes(6).toString('hex')}.tmp`);
  try {
    await pipeline(stream, createWriteStream(staged, { flags: 'wx', mode: privateMode }), { signal });
    const file = await open(staged, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    signal.throwIfAborted();
    throw isFileError(error) ? fileError(error, 'write', path) : error;
  }
}

/** The network's errors have no path. */
function isFileError(error: unknown): boolean {
  return (
    typeof (error as NodeJS.ErrnoException).path === 'string' || (error as NodeJS.ErrnoException).code === 'ENOSPC'
  );
}
