// The file of an unseal key: it exists before the key does, since a key that can't be written would be lost.

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { fileError } from './input.ts';
import { privateMode } from './staged-file.ts';

export interface KeyFile extends Disposable {
  readonly path: string;
  /** @throws BAD_ANSWER when there is no key */
  write(key: string | undefined): void;
}

/**
 * Takes the file's place before the vault is made: a key that cannot be written would be lost. Removed unless it is
 * written.
 */
export function createKeyFile(cwd: string, path: string): KeyFile {
  const place = resolve(cwd, path);
  let descriptor: number;
  try {
    descriptor = openSync(place, 'wx', privateMode);
  } catch (error) {
    throw fileError(error, 'create', path);
  }
  let written = false;
  return {
    path,
    write(key) {
      if (key === undefined) {
        throw new ZvaultError('BAD_ANSWER', 'the server made no unseal key', {
          hint: 'unseal it with the shares; the server is of another kind',
        });
      }
      try {
        writeSync(descriptor, `${key}\n`);
        fsyncSync(descriptor);
      } catch (error) {
        throw fileError(error, 'write', path);
      }
      written = true;
    },
    [Symbol.dispose]() {
      closeSync(descriptor);
      if (!written) rmSync(place, { force: true });
    },
  };
}
