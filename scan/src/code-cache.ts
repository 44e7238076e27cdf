// Loads a program with V8's code cache of an earlier run of it, as the command's launcher does (docs/decisions/0003): a third of a
// hook's time would be compiling. Node's own compile cache holds only what is compiled at load, not the functions that a run needs.

import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { type CacheHost, cacheFolder } from './cache-folder.ts';

/** After so long the code of the start is no longer what a run needs, and V8 has begun to drop it. */
const longRunMs = 1000;
const longUnusedMs = 30 * 24 * 60 * 60_000;
/** So many runs add the functions that they needed: the first one may have had nothing to do. */
const runsToLearn = 5;
/** The program's first line tells its digest. */
const digestMark = '// ';
/** Before the cache proper, so that it is aligned: the number of runs in it. */
const headBytes = 8;

export interface CachedProgram {
  /** The program may change V8's flags while it runs; a cache is good only with those that the next start has. */
  withUsualFlags<T>(run: () => T): T;
}

/**
 * Like `require`, for a file that the build has put into a function (`programText`).
 * @param use names the cache: other ways to use the program need other functions of it
 * @param learns whether this run adds to the cache; a thread leaves that to the main one
 */
export function loadProgram(file: string, use: string, host: CacheHost, learns = true): CachedProgram {
  // It is ASCII: read so, it needs no decoding.
  const source = readFileSync(file, 'latin1');
  // Of a source V8 itself compares only the length.
  const digest = source.startsWith(digestMark) ? source.slice(digestMark.length, source.indexOf('\n')) : undefined;
  const folder = join(cacheFolder(host), 'code');
  const cache = join(folder, `${use}-${digest}-${process.version}-${process.arch}.cache`);
  const known = readOwn(folder, cache);
  const script = new Script(source, { filename: file, ...(known ? { cachedData: known.subarray(headBytes) } : {}) });
  const runs = script.cachedDataRejected === false ? (known?.[0] ?? 0) : 0;
  if (learns && digest !== undefined && runs < runsToLearn)
    atEnd(() => {
      // With another user's home (sudo -E), a folder made here would lock that user out of it.
      if (process.getuid && statSync(host.homeDir).uid !== process.getuid()) return;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!isOwn(folder)) return;
      const data = program.exports.withUsualFlags(() => script.createCachedData());
      replace(folder, cache, Buffer.concat([headOf(runs + 1), data]));
    });
  const program = { exports: {} as CachedProgram };
  const run = script.runInThisContext() as (...names: unknown[]) => void;
  run(program.exports, createRequire(file), program, file, dirname(file));
  return program.exports;
}

/** What the build makes of a CommonJS program. */
export function programText(digest: string, program: string): string {
  return `${digestMark}${digest}\n(function (exports, require, module, __filename, __dirname) {${program}\n})`;
}

/** What the cache holds will run: it is read from a folder only that nobody but this user can write to. */
function readOwn(folder: string, path: string): Buffer | undefined {
  try {
    return isOwn(folder) ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function isOwn(folder: string): boolean {
  const found = lstatSync(folder);
  const user = process.getuid?.();
  return found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & 0o77) === 0));
}

function headOf(runs: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head[0] = runs;
  return head;
}

/** Calls back when the process ends, or has run for long. Without a cache the start is slower, and that is all. */
function atEnd(keep: () => void): void {
  const once = (): void => {
    clearTimeout(timer);
    process.removeListener('exit', once);
    try {
      keep();
    } catch {
      // A home that can't be written to.
    }
  };
  const timer = setTimeout(once, longRunMs);
  timer.unref();
  process.once('exit', once);
}

/** Written beside its place and moved there, so that nobody reads half of it. What is old goes: who still needs it writes it again. */
function replace(folder: string, path: string, data: Uint8Array): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, data, { mode: 0o600 });
  renameSync(draft, path);
  for (const name of readdirSync(folder)) {
    const other = join(folder, name);
    if (Date.now() - statSync(other).mtimeMs > longUnusedMs) unlinkSync(other);
  }
}
