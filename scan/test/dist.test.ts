// They hold parts of vault-core too, so that a change there makes them stale.

import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleScan } from '../build.ts';
import { Folder } from './run.ts';
import { crcToken } from './secrets.ts';

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
  const program = fileURLToPath(new URL('../dist/scan.cjs', import.meta.url));
  const scan = (...args: string[]) =>
    spawnSync(process.execPath, [program, '--json', ...args], { cwd: folder.path, encoding: 'utf8' });
  const one = scan('--threads', '1', '.');
  expect((JSON.parse(one.stdout) as { findings: unknown[] }).findings).toHaveLength(58);
  for (const threads of ['2', '3', '999'])
    expect(scan('--threads', threads, '.')).toMatchObject({ status: 7, stdout: one.stdout });
  expect(scan('--threads', '3', '.', 'missing')).toMatchObject({ status: 2, stdout: '' });
});
