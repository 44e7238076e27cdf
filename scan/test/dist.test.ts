// They hold parts of vault-core too, so that a change there makes them stale.

import { chmodSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleScan } from '../build.ts';
import { Folder, scanIn } from './run.ts';
import { crcToken } from './secrets.ts';

const program = fileURLToPath(new URL('../dist/scan.cjs', import.meta.url));

test('the committed bundle is what the sources give', async () => {
  for (const [name, contents] of await bundleScan()) {
    const committed = readFileSync(new URL(`../dist/${name}`, import.meta.url));
    expect(committed.equals(contents), `dist/${name} is stale: run npm run build, and commit it`).toBe(true);
  }
});

test('several threads find what one finds', () => {
  using folder = new Folder();
  for (let i = 0; i < 400; i++) {
    const secret = i % 7 === 0 ? crcToken((limit) => randomInt(limit), 'ghp_') : 'none';
    folder.write(`d${i % 10}/f${i}.txt`, `${'line\n'.repeat(i)}key ${secret}\n`);
  }
  const scan = (...args: string[]) =>
    spawnSync(process.execPath, [program, '--json', ...args], { cwd: folder.path, encoding: 'utf8' });
  const one = scan('--threads', '1', '.');
  expect((JSON.parse(one.stdout) as { findings: unknown[] }).findings).toHaveLength(58);
  for (const threads of ['2', '3', '999'])
    expect(scan('--threads', threads, '.')).toMatchObject({ status: 7, stdout: one.stdout });
  expect(scan('--threads', '3', '.', 'missing')).toMatchObject({ status: 2, stdout: '' });
});

/** More commits than are read without a thread, more bytes than it may be ahead, and a file larger than that. */
function makeHistory(folder: string): void {
  const draw = (limit: number): number => randomInt(limit);
  const large = Buffer.from(`${'x'.repeat(999)}\n`.repeat(12_000) + `key ${crcToken(draw, 'ghp_')}\n`);
  const parts: (string | Buffer)[] = [];
  for (let commit = 0; commit < 1200; commit += 1) {
    const secret = commit % 100 === 0 ? `key ${crcToken(draw, 'ghp_')}\n` : '';
    const text = `${`line ${commit}\n`.repeat(randomInt(2000))}${secret}`;
    parts.push(`commit refs/heads/main\ncommitter T <t@acme.test> ${1_600_000_000 + commit} +0000\ndata 1\nx\n`);
    parts.push(`M 100644 inline d${commit % 30}/f.txt\ndata ${text.length}\n${text}\n`);
    if (commit === 600) parts.push(`M 100644 inline large.txt\ndata ${large.length}\n`, large, '\n');
  }
  const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
  for (const args of [
    ['init', '-q', '--bare'],
    ['fast-import', '--quiet'],
  ])
    expect(spawnSync('git', args, { cwd: folder, ...(args[0] === 'init' ? {} : { input }) }).status).toBe(0);
}

test('history: a thread that reads ahead changes nothing but the time, and git failing in the middle is an error', async () => {
  using folder = new Folder();
  makeHistory(folder.path);
  const args = ['--history', '--json', '--max-file-size', '0'];
  const scan = (env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  const alone = await scanIn(folder.path, args);
  expect((JSON.parse(alone.out) as { findings: unknown[] }).findings).toHaveLength(13);
  expect(scan()).toMatchObject({ status: 7, stdout: alone.out, stderr: '' });

  const git = `#!/bin/sh
case "$*" in *cat-file*) "$REAL" "$@" | head -c 3000000; echo broken >&2; exit 9;; *) exec "$REAL" "$@";; esac
`;
  using tools = new Folder().write('git', git);
  chmodSync(join(tools.path, 'git'), 0o755);
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  const failed = scan({ REAL: real, PATH: `${tools.path}${delimiter}${process.env['PATH']}` });
  expect(failed).toMatchObject({ status: 6, stdout: '' });
  expect(failed.stderr).toContain('git cat-file ended with status 9: broken (PARTIAL)');
});
