// The README's examples, run as they stand.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToken } from '@zvault/core/domain';
import { startVault } from '@zvault/core/testing';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The code block that follows `<!-- test: name -->`. */
function example(name: string): string {
  const found = new RegExp(`<!-- test: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (found === undefined) throw new Error(`the README has no example "${name}"`);
  return found;
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string>): Promise<Result> {
  return new Promise((resolve) => {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const child = spawn(command, args, {
      cwd,
      env: { ...inherited, HOME: cwd, ...env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const shell = (name: string, cwd: string, env: Record<string, string> = {}): Promise<Result> =>
  run('bash', ['-e', '-c', example(name)], cwd, env);

test('the command', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  await using vault = await startVault();
  writeFileSync(join(folder.path, '.env'), 'DATABASE_URL=postgres://made-up-database-address\nEMPTY=\n');
  writeFileSync(join(folder.path, 'stripe.key'), 'made-up-payment-key');
  writeFileSync(
    join(folder.path, 'server.mjs'),
    "console.log('address', process.env.DATABASE_URL, JSON.stringify(process.env.EMPTY))",
  );
  const { code, stdout, stderr } = await shell('command', folder.path, vault.env);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  expect(stdout).toContain('address [redacted] ""');
  expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toEqual({
    DATABASE_URL: 'postgres://made-up-database-address',
    EMPTY: '',
    STRIPE_KEY: 'made-up-payment-key',
  });
});

test('the scanner, and the hook that it installs', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  await using vault = await startVault({ seed: { KEY: randomBytes(18).toString('base64url') } });
  const git = (...args: string[]): Promise<Result> =>
    run('git', ['-c', 'user.name=T', '-c', 'user.email=t@acme.test', ...args], folder.path, {});
  mkdirSync(join(folder.path, 'src'));
  writeFileSync(join(folder.path, 'src/a.txt'), 'nothing\n');
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'first');
  const { code, stdout, stderr } = await shell('scan', folder.path, vault.env);
  expect(stderr).not.toContain('error');
  expect(stdout).toBe('');
  expect(code).toBe(0);
  expect(JSON.parse(readFileSync(join(folder.path, 'scan.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
  writeFileSync(join(folder.path, 'src/a.txt'), `${createToken('service')}\n`);
  const refused = await git('commit', '-a', '-m', 'second');
  expect(refused.stdout + refused.stderr).toContain('src/a.txt:1:1');
  expect(refused.code).toBe(1);
});

test('KV and transit', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  await using vault = await startVault();
  writeFileSync(join(folder.path, 'password'), 'made-up-password;');
  writeFileSync(join(folder.path, 'message'), 'a message');
  const { code, stdout, stderr } = await shell('engines', folder.path, vault.env);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  expect(stdout).toBe('made-up-password;a message');
  expect(readFileSync(join(folder.path, 'message.enc'), 'utf8')).toMatch(/^vault:v1:/);
});

test('a vault for a test, on the command line', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  const { code, stdout, stderr } = await shell('dev', folder.path);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\ntrue\n$/);
});

test('a vault that stays', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  const address = `127.0.0.1:${await freePort()}`;
  const env = { ZVAULT_BIND_ADDR: address, ZVAULT_URL: `http://${address}` };
  const { code, stdout, stderr } = await run(
    'bash',
    ['-e', '-c', `set -m\n${example('server')}\nkill %1 && wait %1`],
    folder.path,
    env,
  );
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^sealed\tfalse$/m);
});

test.each([
  ['testing', /^postgres:\/\/localhost\/test http:\/\/127\.0\.0\.1:\d+\n$/],
  ['client', /^1 true\n$/],
])('in code: %s', async (name, expected) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-readme-'));
  await using vault = await startVault({ seed: { KEY: 'value' } });
  mkdirSync(join(folder.path, 'node_modules/@zvault'), { recursive: true });
  symlinkSync(join(root, 'vault-core'), join(folder.path, 'node_modules/@zvault/core'));
  writeFileSync(join(folder.path, 'example.mts'), example(name));
  const { code, stdout, stderr } = await run('node', ['example.mts'], folder.path, {
    ZVAULT_URL: vault.url,
    ZVAULT_TOKEN: vault.serviceToken,
    ZVAULT_ENV: vault.environment,
  });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(expected);
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
