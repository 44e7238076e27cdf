// Runs the command in a folder made for the test, with a host of its own.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Host } from '@zvault/core/domain';
import { runScan } from '../src/command.ts';

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `zvault scan` with the arguments in the folder. */
export async function scanIn(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Outcome> {
  const texts = { out: '', err: '' };
  const sink = (name: 'out' | 'err'): Writable =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[name] += chunk.toString('utf8');
        done();
      },
    });
  const host: Host = {
    env: { PATH: process.env['PATH'], HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', ...env },
    cwd,
    homeDir: cwd,
    tempDir: tmpdir(),
    platform: process.platform,
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: sink('out'),
    stderr: sink('err'),
    now: () => Date.now(),
    randomBytes: (count) => Buffer.alloc(count, 7),
  };
  const status = await runScan(args, host);
  return { status, ...texts };
}

/** A folder that is removed with `[Symbol.dispose]`. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'zvault-scan-'));

  write(name: string, content: string | Buffer): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
    return this;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
