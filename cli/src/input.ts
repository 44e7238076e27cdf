// What comes in: stdin and the files that the user names. Text is UTF-8 or refused; nothing is replaced silently.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ErrorCode, ZvaultError, messageOf } from '@zvault/core/domain';
import type { Context } from './context.ts';

/** Everything that a command reads from stdin fits in this; a value has at most 1 MiB. */
const maxInputBytes = 33_554_432;

/**
 * Everything on stdin, as text.
 * @throws INPUT_INVALID when it is not UTF-8 or too long, INTERRUPTED.
 */
export async function readInput(context: Pick<Context, 'host' | 'interrupted'>): Promise<string> {
  return decodeText(await readInputBytes(context), 'stdin');
}

/**
 * Everything on stdin.
 * @throws INPUT_INVALID when it is too long, INTERRUPTED.
 */
export async function readInputBytes({ host, interrupted }: Pick<Context, 'host' | 'interrupted'>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const stop = (): void => void host.stdin.destroy();
  interrupted.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of host.stdin) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string);
      sizeBytes += bytes.length;
      if (sizeBytes > maxInputBytes)
        throw new ZvaultError('INPUT_INVALID', `stdin has more than ${maxInputBytes} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    interrupted.throwIfAborted();
    throw error;
  } finally {
    interrupted.removeEventListener('abort', stop);
  }
  interrupted.throwIfAborted();
  return Buffer.concat(chunks);
}

/** @throws INPUT_INVALID naming `source` when the bytes are not UTF-8. */
export function decodeText(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ZvaultError('INPUT_INVALID', `${source} is not valid UTF-8`);
  }
}

/**
 * The bytes of a file that the user named; `path` is relative to `cwd`.
 * @throws NOT_FOUND, FORBIDDEN, INPUT_INVALID
 */
export function readFileBytes(cwd: string, path: string): Buffer {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** What the operating system says about a file, as one of our errors. */
export function fileError(error: unknown, action: string, path: string): ZvaultError {
  const errno = (error as NodeJS.ErrnoException).code ?? '';
  const [code, why] = fileProblems[errno] ?? ['INTERNAL', messageOf(error)];
  return new ZvaultError(code, `cannot ${action} ${path}: ${why}`, { cause: error });
}

const fileProblems: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ['FORBIDDEN', 'permission denied'],
  EDQUOT: ['STORAGE_FULL', 'the disk quota is used up'],
  EEXIST: ['CONFLICT', 'it exists already'],
  EISDIR: ['INPUT_INVALID', 'it is a folder'],
  ELOOP: ['INPUT_INVALID', 'too many symbolic links'],
  ENAMETOOLONG: ['INPUT_INVALID', 'the name is too long'],
  ENOENT: ['NOT_FOUND', 'no such file'],
  ENOSPC: ['STORAGE_FULL', 'no space left on the disk'],
  ENOTDIR: ['INPUT_INVALID', 'a part of its path is not a folder'],
  EPERM: ['FORBIDDEN', 'not permitted'],
  EROFS: ['FORBIDDEN', 'the file system is read-only'],
};
