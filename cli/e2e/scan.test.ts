// The scanner behind the command: its arguments and exit codes come through, and it learns of the vault what the command knows.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createToken } from '@zvault/core/domain';
import { startVault } from '@zvault/core/testing';
import { beforeEach, expect, test } from 'vitest';
import { type Result, bundle, execute, temporaryFolder, zvault } from './support.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  return () => folder[Symbol.dispose]();
});

const leak = (): string => createToken('service');
const write = (name: string, text: string): void => writeFileSync(join(folder.path, name), text);

async function git(...args: string[]): Promise<Result> {
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@acme.test'];
  const result = await execute('git', [...identity, ...args], { cwd: folder.path });
  expect(result.code, result.stderr).toBe(0);
  return result;
}

test('staged changes: 0 when clean, 7 with a leak that is not shown', async () => {
  await git('init', '-q');
  write('a.txt', 'nothing\n');
  await git('add', '-A');
  expect(await zvault(['scan', '--staged'], { cwd: folder.path })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const secret = leak();
  write('b.txt', `one\ntoken ${secret}\n`);
  await git('add', '-A');
  const { code, stdout, stderr } = await zvault(['scan', '--staged'], { cwd: folder.path });
  expect(stdout).toContain('b.txt:2:7');
  expect(stdout + stderr).not.toContain(secret.slice(8));
  expect(code).toBe(7);
});

test('arguments come through as they stand', async () => {
  const secret = leak();
  write('-x.txt', `${secret}\n`);
  const { path: cwd } = folder;
  expect((await zvault(['scan', '--', '-x.txt'], { cwd })).code).toBe(7);
  expect((await zvault(['scan', '--json', '--', '-x.txt'], { cwd })).stdout).toContain('"findings"');
  expect((await zvault(['scan', '-'], { cwd, input: `${secret}\n` })).code).toBe(7);
  expect((await zvault(['scan', '-'], { cwd, input: 'nothing\n' })).code).toBe(0);
  expect((await zvault(['--no-color', 'scan', '-'], { cwd, input: 'nothing\n' })).code).toBe(0);
  expect((await zvault(['scan', '--list-rules', '--json'], { cwd })).stdout).toContain('"pattern"');
  for (const wrong of [['--nonsense'], ['--staged'], ['--format', 'xml'], ['missing.txt']]) {
    const { code, stderr } = await zvault(['scan', ...wrong], { cwd });
    expect(code, wrong.join(' ')).toBe(2);
    expect(stderr).toMatch(/^zvault: error: [^A-Z\n].* \([A-Z_]+\)$/m);
  }
});

test('--vault finds a value of the vault that "zvault dev" runs it with', async () => {
  const value = randomBytes(18).toString('base64url');
  write('seed.json', JSON.stringify({ PAYMENT_KEY: value }));
  write('a.txt', `one\n  ${value}\n`);
  const inner = [process.execPath, bundle, 'scan', 'a.txt', '--vault=required'];
  const { code, stdout } = await zvault(['dev', '--seed', 'seed.json', '--', ...inner], { cwd: folder.path });
  expect(stdout).toContain('a.txt:2:3');
  expect(stdout).toContain('PAYMENT_KEY');
  expect(stdout).not.toContain(value);
  expect(code).toBe(7);
});

test('--vault knows .zvault.toml and saved tokens', async () => {
  const value = randomBytes(18).toString('base64url');
  await using vault = await startVault({ seed: { PAYMENT_KEY: value } });
  const { path: cwd } = folder;
  write('a.txt', `${value}\n`);
  write(
    '.zvault.toml',
    `[vault]\naddress = "${vault.url}"\n[cloud]\nproject = "${vault.project}"\ndefault_env = "${vault.environment}"\n`,
  );
  const missing = await zvault(['scan', 'a.txt', '--vault'], { cwd });
  expect(missing.stderr).toContain('TOKEN_MISSING');
  expect(missing.code).toBe(3);
  expect((await zvault(['scan', 'a.txt'], { cwd })).code).toBe(0);
  await zvault(['login', '--stdin', '--url', vault.url], { cwd, input: vault.serviceToken });
  const found = await zvault(['scan', 'a.txt', '--vault'], { cwd });
  expect(found.stdout).toContain('PAYMENT_KEY');
  expect(found.code).toBe(7);
  expect((await zvault(['scan', '--explain-index'], { cwd })).stdout).toContain('PAYMENT_KEY  looked for');
});

test('install writes a hook that runs the scan', async () => {
  await git('init', '-q');
  mkdirSync(join(folder.path, 'inner'));
  expect((await zvault(['scan', 'install'], { cwd: join(folder.path, 'inner') })).code).toBe(0);
  expect(readFileSync(join(folder.path, '.git/hooks/pre-commit'), 'utf8')).toContain('zvault scan --staged');
});
