import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { Folder } from './run.ts';

const launcher = fileURLToPath(new URL('../dist/scan.cjs', import.meta.url));
const program = fileURLToPath(new URL('../dist/program.cjs', import.meta.url));

/** Scans a folder without secrets. Returns the status. */
function scan(home: Folder): number | null {
  const env = { PATH: process.env['PATH'], HOME: home.path, XDG_CACHE_HOME: join(home.path, 'cache') };
  return spawnSync(process.execPath, [launcher, 'work'], { cwd: home.path, env }).status;
}

function cacheOf(home: Folder): string {
  const folder = join(home.path, 'cache/zvault/code');
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name);
}

test.skipIf(process.platform === 'win32')(
  'the code cache is this user’s alone, and what is no cache does no harm',
  () => {
    using home = new Folder();
    home.write('work/a.txt', 'nothing\n');
    expect(scan(home)).toBe(0);
    const cache = cacheOf(home);
    expect(statSync(cache).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(cache)).mode & 0o777).toBe(0o700);
    const learnt = readFileSync(cache);
    for (const broken of [Buffer.alloc(0), Buffer.alloc(5000, 1), learnt.subarray(0, 5000)]) {
      writeFileSync(cache, broken);
      expect(scan(home)).toBe(0);
    }
  },
);

test.skipIf(process.platform === 'win32')('what stands in a folder that others can write to does not run', () => {
  using home = new Folder();
  home.write('work/a.txt', 'nothing\n');
  scan(home);
  const cache = cacheOf(home);
  // V8 knows a source by its length.
  const other = '(function () { process.exit(42); })'.padEnd(readFileSync(program, 'latin1').length);
  writeFileSync(cache, Buffer.concat([Buffer.alloc(8, 255), new Script(other).createCachedData()]));
  expect(scan(home)).toBe(42);
  chmodSync(dirname(cache), 0o770);
  expect(scan(home)).toBe(0);
});

test.skipIf(process.platform === 'win32')(
  'the cache of a run that kept its heap small is good for the next one',
  () => {
    using home = new Folder();
    const line = (number: number): string => `const token${number} = api.key(password, "${number * 7}"); // secret\n`;
    const text = Array.from({ length: 100_000 }, (_, i) => line(i)).join('');
    for (let file = 0; file < 6; file += 1) home.write(`work/${file}.js`, text);
    expect(scan(home)).toBe(0);
    const known = readFileSync(cacheOf(home)).subarray(8);
    const source = readFileSync(program, 'latin1');
    expect(new Script(source, { filename: program, cachedData: known }).cachedDataRejected).toBe(false);
  },
);
