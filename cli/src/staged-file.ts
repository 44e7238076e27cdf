// Files appear whole or not at all: they are written beside their place under another name, then moved onto it.
// Staging several files first and moving them at the end makes a set that appears together.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Host } from '@zvault/core/domain';
import { fileError } from './input.ts';

/** Only the owner reads and writes: for files that hold values. */
export const privateMode = 0o600;

export interface StagedFile {
  readonly path: string;
  /** Moves the file onto its place. */
  commit(): void;
  /** Removes it if it has not been moved. */
  discard(): void;
}

export interface StageOptions {
  /** Mode of the new file. Default: that of the file it replaces, else 0644 less the umask. */
  readonly mode?: number;
}

/**
 * Writes `content` to the disk beside `path`.
 * @throws NOT_FOUND, FORBIDDEN, STORAGE_FULL, INPUT_INVALID
 */
export function stageFile(
  host: Pick<Host, 'randomBytes'>,
  path: string,
  content: string | Uint8Array,
  options: StageOptions = {},
): StagedFile {
  const staged = join(dirname(path), `.${basename(path)}.${host.randomBytes(6).toString('hex')}.tmp`);
  const mode = options.mode ?? modeOf(path) ?? 0o644;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let moved = false;
  let created = false;
  const discard = (): void => {
    if (created && !moved) rmSync(staged, { force: true });
  };
  try {
    // `wx`: a file or link that stands there already is never followed.
    const descriptor = openSync(staged, 'wx', mode);
    created = true;
    try {
      for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    discard();
    throw fileError(error, 'write', path);
  }
  return {
    path,
    commit() {
      try {
        renameSync(staged, path);
        moved = true;
      } catch (error) {
        discard();
        throw fileError(error, 'write', path);
      }
    },
    discard,
  };
}

/** Writes one file whole: see `stageFile`. */
export function writeFileAtomic(
  host: Pick<Host, 'randomBytes'>,
  path: string,
  content: string | Uint8Array,
  options: StageOptions = {},
): void {
  stageFile(host, path, content, options).commit();
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}
