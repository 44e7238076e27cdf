// The launcher as a shell starts it, by its first line. The bundle behind it is one of the test's own, which says what it was given.

import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'zvault-launcher-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, 'bin/zvault.cjs');
mkdirSync(join(folder, 'bin'));
mkdirSync(join(folder, 'dist'));
copyFileSync(fileURLToPath(new URL('../bin/zvault.cjs', import.meta.url)), program);
writeFileSync(
  join(folder, 'dist/run.cjs'),
  "process.stdout.write(JSON.stringify({ args: process.argv.slice(2), file: require('node:fs').readFileSync(0, 'utf8') }));",
);

function launch(args: readonly string[], input = ''): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
    const child = execFile(program, args, { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

// Node looks for its own --env-file among the arguments of the script too, up to a "--".
describe('a file for the command is none for Node', () => {
  it('leaves a missing one to the command', async () => {
    const args = ['run', '--env-file', 'missing.env', '--', 'true'];
    const { code, stdout, stderr } = await launch(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ args });
  });

  it('does not obey the NODE_OPTIONS in it', async () => {
    const mark = join(folder, 'obeyed');
    writeFileSync(join(folder, 'hook.cjs'), `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`);
    writeFileSync(join(folder, 'hostile.env'), `NODE_OPTIONS=--require=${join(folder, 'hook.cjs')}\n`);
    for (const args of [
      ['run', '--env-file', 'hostile.env'],
      ['run', '--env-file=hostile.env'],
      ['run', '--env-file-if-exists=hostile.env'],
    ])
      expect(await launch(args)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(mark)).toBe(false);
  });

  it('leaves what can be read only once', async () => {
    const { stdout } = await launch(['run', '--env-file', '/dev/stdin'], 'A=1\n');
    expect(JSON.parse(stdout)).toMatchObject({ file: 'A=1\n' });
  });
});

it.skipIf(process.platform === 'win32')('two versions in turns keep their code caches; what is old goes', async () => {
  const caches = join(folder, '.cache/zvault');
  const bundle = join(folder, 'dist/zvault.cjs');
  const run = async (digest: string): Promise<void> => {
    writeFileSync(bundle, `// ${digest.repeat(16)}\nprocess.stdout.write('ran');`);
    expect(await launch(['status'])).toMatchObject({ code: 0, stdout: 'ran', stderr: '' });
  };
  const cacheOf = (digest: string): string | undefined =>
    readdirSync(caches).find((name) => name.startsWith(`status-${digest.repeat(16)}-`));
  await run('a');
  const first = statSync(join(caches, cacheOf('a') ?? '')).mtimeMs;
  await run('b');
  await run('a');
  expect(statSync(join(caches, cacheOf('a') ?? '')).mtimeMs).toBe(first);
  expect(cacheOf('b')).toBeDefined();
  const longAgo = Date.now() / 1000 - 31 * 24 * 60 * 60;
  utimesSync(join(caches, cacheOf('a') ?? ''), longAgo, longAgo);
  await run('c');
  expect(cacheOf('a')).toBeUndefined();
  expect(cacheOf('b')).toBeDefined();
});
