// zvault in the place of the command that it runs: exit codes, signals, streams. And as a server: start, stop,
// answers on stdout.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Result,
  bundle,
  dumpEnvironment,
  ended,
  execute,
  readJson,
  start,
  temporaryFolder,
  until,
  zvault,
} from './support.ts';

let vault: EphemeralVault;
beforeAll(async () => {
  vault = await startVault();
});
afterAll(() => vault.stop());

const wrappers = [
  { name: 'run', args: ['run', '--'], env: () => vault.env },
  { name: 'run --no-redact', args: ['run', '--no-redact', '--'], env: () => vault.env },
  { name: 'cloud run', args: ['cloud', 'run', '--'], env: () => vault.env },
  { name: 'dev', args: ['dev', '--'], env: () => ({}) },
];

for (const { name, args, env } of wrappers) {
  test.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])(`${name}: %s exits with %i`, async (script, code) => {
    using folder = temporaryFolder();
    const result = await zvault([...args, 'sh', '-c', script], { cwd: folder.path, env: env() });
    expect(result.stderr).toBe('');
    expect(result.code).toBe(code);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const)(
    `${name}: %s reaches the child, which decides`,
    async (signal) => {
      using folder = temporaryFolder();
      const script = `
        process.on('${signal}', () => { console.log('got it'); setTimeout(() => process.exit(42), 50); });
        console.log('ready'); setInterval(() => {}, 1000);`;
      const child = start([...args, process.execPath, '-e', script], { cwd: folder.path, env: env() });
      let text = '';
      let errors = '';
      child.stderr?.on('data', (chunk) => (errors += String(chunk)));
      child.stdout?.on('data', (chunk) => {
        if (!text.includes('ready') && String(chunk).includes('ready')) child.kill(signal);
        text += String(chunk);
      });
      expect(await ended(child)).toEqual([42, null]);
      expect(text).toBe('ready\ngot it\n');
      expect(errors).toBe('');
    },
  );

  test(`${name}: stdin, stdout and stderr go through byte for byte`, async () => {
    using folder = temporaryFolder();
    const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) & 255));
    const result = await zvault([...args, 'sh', '-c', 'cat; echo done >&2'], { cwd: folder.path, env: env(), input });
    expect(result.output.equals(input)).toBe(true);
    expect(result.stderr).toBe('done\n');
  });
}

test('a reader that has enough ends it quietly', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: vault.env };
  const piped = (command: string): Promise<Result> => execute('sh', ['-c', command, process.execPath, bundle], at);
  const endless = await piped(`"$0" "$1" run -- sh -c 'while echo y; do :; done 2>/dev/null' | head -1`);
  expect(endless.stdout).toBe('y\n');
  expect(endless.stderr).toBe('');
  const list = await piped('"$0" "$1" completion bash | true; echo "$?"');
  expect(list.stderr).toBe('');
});

test('Ctrl-C while the vault does not answer leaves nothing behind', async () => {
  using folder = temporaryFolder();
  const { createServer } = await import('node:net');
  await using silent = createServer((socket) => void socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  writeFileSync(join(folder.path, '.env'), 'A=1\n');
  const connected = new Promise((resolve) => silent.once('connection', resolve));
  const child = start(['import'], { cwd: folder.path, env: { ...vault.env, ZVAULT_URL: `http://127.0.0.1:${port}` } });
  await connected;
  await sleep(50);
  child.kill('SIGINT');
  expect(await ended(child)).toEqual([130, null]);
  expect(existsSync(join(folder.path, '.env.zvault'))).toBe(false);
});

test(
  'a key at the terminal reaches the child once',
  { skip: spawnSync('python3', ['-c', 'import pty']).status !== 0 },
  async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'count');
    const child = `
    const fs = require('fs'); let n = 0;
    process.on('SIGINT', () => { n += 1; fs.writeFileSync('${file}', String(n)); setTimeout(() => process.exit(9), 300); });
    fs.writeFileSync('${file}', '0'); setInterval(() => {}, 1000);`;
    writeFileSync(join(folder.path, 'child.cjs'), child);
    // A terminal of its own; ^C is typed once the child has written its file.
    const script = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
for _ in range(500):
    if os.path.exists(${JSON.stringify(file)}): break
    time.sleep(0.01)
time.sleep(0.1)
os.write(fd, b"\\x03")
while True:
    try:
        if not os.read(fd, 1000): break
    except OSError: break
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
    const command = [process.execPath, bundle, 'run', '--', process.execPath, 'child.cjs'];
    const result = await execute('python3', ['-c', script, ...command], { cwd: folder.path, env: vault.env });
    expect(result.stdout.trim()).toBe('9');
    expect(readFileSync(file, 'utf8')).toBe('1');
  },
);

test('dev gives its command a vault, and takes it away afterwards', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'out.json');
  writeFileSync(join(folder.path, 'seed.yaml'), 'projects: {shop: {production: {A: seeded}}}\n');
  writeFileSync(join(folder.path, 'my.env'), 'B=from-file\n');
  const env = { ZVAULT_TOKEN_FILE: '/nowhere', ZVAULT_CLOUD_URL: 'https://elsewhere.example.com', OTHER: 'kept' };
  const args = ['dev', '--seed', 'seed.yaml', '--env-file', 'my.env', '--', ...dumpEnvironment(file)];
  expect((await zvault(args, { cwd: folder.path, env })).code).toBe(0);
  const seen = readJson(file);
  expect(seen).toMatchObject({ ZVAULT_ORG: 'dev', ZVAULT_PROJECT: 'app', ZVAULT_ENV: 'development', OTHER: 'kept' });
  expect(seen).not.toHaveProperty('ZVAULT_TOKEN_FILE');
  expect(seen).not.toHaveProperty('ZVAULT_CLOUD_URL');
  const gone = await zvault(['status', '--url', String(seen['ZVAULT_URL'])], { cwd: folder.path });
  expect(gone.code).toBe(6);
  const seeded = ['dev', '--seed', 'seed.yaml', '--', process.execPath, bundle];
  const read = await zvault([...seeded, 'cloud', 'get', 'A', '--project', 'shop', '--env', 'production'], {
    cwd: folder.path,
  });
  expect(read.stdout).toBe('seeded');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 0],
] as const)('dev without a command serves until %s, then exits with %i', async (signal, code) => {
  using folder = temporaryFolder();
  const child = start(['dev', '--json', '--port', '0'], { cwd: folder.path });
  const [line] = await until(child, /^.*\n/);
  const variables = JSON.parse(line) as Record<string, string>;
  expect(Object.keys(variables).sort()).toEqual([
    'ZVAULT_ENV',
    'ZVAULT_ORG',
    'ZVAULT_ORG_ID',
    'ZVAULT_PROJECT',
    'ZVAULT_PROJECT_ID',
    'ZVAULT_SERVICE_TOKEN',
    'ZVAULT_TOKEN',
    'ZVAULT_URL',
  ]);
  expect((await zvault(['status'], { cwd: folder.path, env: variables })).code).toBe(0);
  child.kill(signal);
  expect(await ended(child)).toEqual([code, null]);
});

test('dev prints lines that a shell takes', async () => {
  using folder = temporaryFolder();
  const child = start(['dev'], { cwd: folder.path });
  const [text] = await until(child, /^(export \w+='[^']*'\n){8}$/);
  writeFileSync(join(folder.path, 'env.sh'), text);
  const script = '. ./env.sh; exec "$0" "$1" cloud status --json';
  const shell = await execute('sh', ['-c', script, process.execPath, bundle], { cwd: folder.path });
  expect(JSON.parse(shell.stdout)).toMatchObject({ organisation: 'dev', project: 'app', environment: 'development' });
  child.kill('SIGTERM');
  await ended(child);
});

test('a start loads nothing that costs', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'modules');
  const hook = join(folder.path, 'hook.cjs');
  writeFileSync(
    hook,
    `process.on('exit', () => require('fs').writeFileSync('${file}', process.moduleLoadList.join('\\n')));`,
  );
  for (const args of [['run', '--', 'true'], ['dev', '--', 'true'], ['--version']]) {
    const at = { cwd: folder.path, env: vault.env };
    expect((await execute(process.execPath, ['--require', hook, bundle, ...args], at)).code).toBe(0);
    const loaded = readFileSync(file, 'utf8').split('\n');
    const costly = loaded.filter((name) =>
      /undici|NativeModule (https|tls|readline|worker_threads|inspector)$/.test(name),
    );
    expect(costly, args.join(' ')).toEqual([]);
  }
});
