// The doorway to the world. Everything that reads the environment, the clock, randomness or the terminal takes a Host, so
// that tests can share a process and time is a value.

import { homedir, tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { nodeCrypto } from './builtin.ts';

/** An output stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };
/** An input stream that may be a terminal. */
export type Input = Readable & { readonly isTTY?: boolean | undefined };

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly homeDir: string;
  readonly tempDir: string;
  readonly platform: NodeJS.Platform;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Cryptographically strong random bytes. */
  readonly randomBytes: (count: number) => Buffer;
}

/** The process itself. Only entry points call it. */
export function processHost(): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    homeDir: process.env['HOME'] || homedir(),
    tempDir: tmpdir(),
    platform: process.platform,
    // Getters: opening a stream that is not used costs a millisecond of start-up.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    now: () => Date.now(),
    randomBytes: (count) => nodeCrypto().randomBytes(count),
  };
}

/** A setting from the environment; empty counts as unset. */
export function envSetting(host: Pick<Host, 'env'>, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = host.env[name];
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}
