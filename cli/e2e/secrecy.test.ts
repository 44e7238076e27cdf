// A canary in every value: it may reach the vault and the child, and nothing else that anybody can read.

import { globSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Result,
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

const canaries = {
  WORD: 'canary-one-7f3a',
  QUOTED: `canary "two" 'quoted' $x \\ 81bc`,
  LINES: 'canary-three-a1\ncanary-three-b2\ncanary-three-c3',
  UNICODE: 'canary-ünï-four-5522',
};

/** Every form in which a canary is looked for. */
function forms(value: string): string[] {
  return [value, ...value.split('\n'), JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
}

function expectSecret({ stdout, stderr }: Pick<Result, 'stdout' | 'stderr'>, what: string): void {
  for (const value of Object.values(canaries)) {
    for (const form of forms(value)) {
      expect(stdout.includes(form), `${what}: stdout shows ${form}`).toBe(false);
      expect(stderr.includes(form), `${what}: stderr shows ${form}`).toBe(false);
    }
  }
}

function writeEnv(folder: string): void {
  const lines = [
    `WORD=${canaries.WORD}`,
    `QUOTED="${canaries.QUOTED.replaceAll(/["\\$]/g, String.raw`\$&`)}"`,
    `LINES='${canaries.LINES}'`,
    `UNICODE=${canaries.UNICODE}`,
  ];
  writeFileSync(join(folder, '.env'), `${lines.join('\n')}\n`);
}

test('no command shows a value that it was not asked to show', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'tmp'));
  const env = { ...vault.env, TMPDIR: join(folder.path, 'tmp'), ZVAULT_DEBUG: '1' };
  const at = { cwd: folder.path, env };
  writeEnv(folder.path);
  const commands: (readonly [args: string[], input?: string])[] = [
    [['import', '--dry-run']],
    [['import', '--json']],
    [['import']],
    [['import', '--env', 'nowhere']],
    [['import', '--url', 'http://127.0.0.1:1']],
    [['cloud', 'push']],
    [['cloud', 'push', '--json', '--env', 'nowhere']],
    [['cloud', 'set', 'WORD'], canaries.WORD],
    [['cloud', 'set', 'WORD', '--cas', '999'], canaries.WORD],
    [['cloud', 'set', '.'], canaries.WORD],
    [['cloud', 'secrets']],
    [['cloud', 'secrets', '--json']],
    [['cloud', 'history', 'WORD', '--json']],
    [['cloud', 'rollback', 'WORD', '--to', '1']],
    [['cloud', 'rollback', 'WORD', '--to', '999']],
    [['cloud', 'envs', '--json']],
    [['cloud', 'status', '--json']],
    [['cloud', 'token', 'list', '--json']],
    [['cloud', 'pull', '--output', 'pulled.env']],
    [['cloud', 'pull', '--format', 'xml']],
    [['cloud', 'delete', 'UNICODE']],
    [['cloud', 'restore', 'UNICODE']],
    [['kv', 'put', 'app/db', 'WORD=-'], canaries.WORD],
    [['kv', 'put', 'app/db', 'WORD=-', '--cas', '9'], canaries.WORD],
    [['kv', 'put', 'a.b', 'WORD=-'], canaries.WORD],
    [['kv', 'put', 'app/db', '--file', '-'], `{"WORD":"${canaries.WORD}","WORD":1}`],
    [['kv', 'put', 'app/db', '--file', '-'], `{"WORD":"${canaries.WORD}"`],
    [['kv', 'metadata', 'app/db', '--json']],
    [['kv', 'list', '--json']],
    [['transit', 'create-key', 'k']],
    [['transit', 'encrypt', 'k'], canaries.WORD],
    [['transit', 'encrypt', 'none'], canaries.WORD],
    [['transit', 'decrypt', 'k'], canaries.WORD],
    [['run', '--', '/nowhere/command']],
    [['run', '--', 'sh', '-c', 'env; env >&2; echo "$LINES" | base64; node -p "JSON.stringify(process.env)"']],
    [['login', '--stdin'], canaries.WORD],
    [['unseal'], Buffer.from(canaries.WORD).toString('base64')],
  ];
  for (const [args, input] of commands) {
    const result = await zvault(args, { ...at, ...(input === undefined ? {} : { input }) });
    expectSecret(result, args.join(' '));
    expect(result.stdout + result.stderr, args.join(' ')).not.toContain(vault.rootToken);
  }
  expect(readdirSync(join(folder.path, 'tmp'))).toEqual([]);
  const written = globSync('**', {
    cwd: folder.path,
    exclude: (name) => /^\.env$|^\.env\.backup$|^pulled\.env$/.test(name),
  });
  for (const name of ['.env.zvault', '.gitignore', ...written]) {
    let text = '';
    try {
      text = readFileSync(join(folder.path, name), 'utf8');
    } catch {
      continue;
    }
    expectSecret({ stdout: text, stderr: '' }, name);
  }
});

test('no value is in the arguments of any process, and the child’s environment is the only one that has them', async () => {
  using folder = temporaryFolder();
  writeEnv(folder.path);
  await zvault(['import'], { cwd: folder.path, env: vault.env });
  const child = start(['run', '--', process.execPath, '-e', 'console.log("up"); setInterval(() => {}, 1000)'], {
    cwd: folder.path,
    env: vault.env,
  });
  await until(child, /up/);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  let withValues = 0;
  for (const pid of processes) {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      expect(argv.includes(canaries.WORD), argv).toBe(false);
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(canaries.WORD)) withValues += 1;
    } catch {
      // It ended, or belongs to somebody else.
    }
  }
  expect(withValues).toBe(1);
  child.kill('SIGTERM');
  await ended(child);
});

test('a child that prints its secrets prints none', async () => {
  using folder = temporaryFolder();
  writeEnv(folder.path);
  await zvault(['import'], { cwd: folder.path, env: vault.env });
  const script = `
    const e = process.env;
    console.log(e.WORD, encodeURIComponent(e.QUOTED), JSON.stringify(e.LINES));
    for (const k of ['WORD', 'QUOTED', 'LINES', 'UNICODE']) {
      const b = Buffer.from(e[k]);
      console.error(b.toString('base64'), b.toString('base64url'), Buffer.from('x' + e[k]).toString('base64'), Buffer.from('xy' + e[k]).toString('base64'));
    }`;
  const result = await zvault(['run', '--', process.execPath, '-e', script], { cwd: folder.path, env: vault.env });
  expect(result.code).toBe(0);
  expectSecret(result, 'run');
  for (const value of Object.values(canaries)) {
    const bytes = Buffer.from(value);
    for (const offset of [0, 1, 2]) {
      const encoded = Buffer.concat([Buffer.alloc(offset, 'x'), bytes]).toString('base64');
      // The characters that the value alone determines, but for the first and last group.
      expect(result.stderr).not.toContain(encoded.slice(4, -4));
    }
  }
  const plain = await zvault(['run', '--no-redact', '--', 'sh', '-c', 'printf %s "$WORD"'], {
    cwd: folder.path,
    env: vault.env,
  });
  expect(plain.stdout).toBe(canaries.WORD);
});

test('our token stays with us', async () => {
  using folder = temporaryFolder();
  const env = { ...vault.env, ZVAULT_UNSEAL_PASSPHRASE: 'canary-passphrase', ZVAULT_UNSEAL_KEY_FILE: '/nowhere' };
  const file = join(folder.path, 'out.json');
  await zvault(['run', '--', ...dumpEnvironment(file)], { cwd: folder.path, env });
  const names = Object.keys(readJson(file));
  expect(names).not.toContain('ZVAULT_TOKEN');
  expect(names.filter((name) => name.startsWith('ZVAULT_UNSEAL'))).toEqual([]);
  await zvault(['run', '--keep-token', '--', ...dumpEnvironment(file)], { cwd: folder.path, env });
  expect(readJson(file)['ZVAULT_TOKEN']).toBe(vault.rootToken);
});

test('names from the server cannot command the terminal', async () => {
  using folder = temporaryFolder();
  const key = 'evil\u001b]0;title\u0007\u001b[2J\nfake line\u202e';
  await vault.client.set(key, 'x', 'production', 'comment\u001b[31m');
  const { stdout } = await zvault(['cloud', 'secrets', '--env', 'production'], { cwd: folder.path, env: vault.env });
  expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(stdout.split('\n')).toHaveLength(2);
  const json = await zvault(['cloud', 'secrets', '--env', 'production', '--json'], {
    cwd: folder.path,
    env: vault.env,
  });
  expect((JSON.parse(json.stdout) as { key: string }[])[0]?.key).toBe(key);
  await vault.client.delete(key, 'production');
});

test('exports for a shell execute nothing, whatever the values are', async () => {
  using folder = temporaryFolder();
  const values = { A: `'; touch pwned; '`, B: '$(touch pwned)', C: '`touch pwned`', D: 'a\nb\\' };
  await vault.client.batch(
    Object.entries(values).map(([key, value]) => ({ op: 'put' as const, key, value })),
    'production',
  );
  const { stdout } = await zvault(['cloud', 'pull', '--env', 'production', '--format', 'shell'], {
    cwd: folder.path,
    env: vault.env,
  });
  writeFileSync(join(folder.path, 'exports.sh'), stdout);
  const script =
    ". ./exports.sh && node -p 'JSON.stringify([process.env.A, process.env.B, process.env.C, process.env.D])'";
  const shell = await execute('sh', ['-c', script], { cwd: folder.path });
  expect(JSON.parse(shell.stdout)).toEqual(Object.values(values));
  expect(readdirSync(folder.path)).toEqual(['exports.sh']);
});
