// Secrets one by one, lists, tokens, formats; and the files of a project.

import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDotenv } from '@zvault/core/domain';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryFolder, zvault } from './support.ts';

let vault: EphemeralVault;
beforeAll(async () => {
  vault = await startVault();
});
afterAll(() => vault.stop());

test('a value goes in and comes out byte for byte', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: vault.env };
  for (const value of [
    'x',
    '',
    'line\n',
    '\r\n',
    '\ufeffbom',
    'nul\0byte',
    '日本 😀',
    ' spaces ',
    'é'.repeat(400_000),
  ]) {
    const set = await zvault(['cloud', 'set', 'ONE'], { ...at, input: value });
    expect(set.code, set.stderr).toBe(0);
    expect((await zvault(['cloud', 'get', 'ONE'], at)).output.equals(Buffer.from(value))).toBe(true);
  }
  const invalid = await zvault(['cloud', 'set', 'ONE'], { ...at, input: Buffer.from([0xc3, 0x28]) });
  expect(invalid.code).toBe(2);
  expect(invalid.stderr).toContain('stdin is not valid UTF-8');
  writeFileSync(join(folder.path, 'value'), 'from a file\r\n');
  await zvault(['cloud', 'set', 'ONE', '--file', 'value', '--trim', '--comment', 'why'], at);
  expect((await zvault(['cloud', 'get', 'ONE', '--json'], at)).stdout).toBe('{"key":"ONE","value":"from a file"}\n');
  await zvault(['cloud', 'set', 'ONE'], { ...at, input: 'kept its comment' });
  expect((await vault.client.listKeys()).find(({ key }) => key === 'ONE')?.comment).toBe('why');
});

test('odd keys are one argument', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: { ...vault.env, ZVAULT_ENV: 'staging' } };
  for (const key of ['a/b', 'with space', '100%', 'ü', '__proto__', '-dash', '?#&']) {
    expect((await zvault(['cloud', 'set', '--', key], { ...at, input: `value of ${key}` })).code, key).toBe(0);
    expect((await zvault(['cloud', 'get', '--', key], at)).stdout, key).toBe(`value of ${key}`);
    expect((await zvault(['cloud', 'delete', '--', key], at)).code, key).toBe(0);
  }
});

test('versions: history, older values, rollback, compare-and-set, delete, restore', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: vault.env };
  for (const value of ['first', 'second']) await zvault(['cloud', 'set', 'V'], { ...at, input: value });
  expect((await zvault(['cloud', 'get', 'V', '--version', '1'], at)).stdout).toBe('first');
  const history = JSON.parse((await zvault(['cloud', 'history', 'V', '--json'], at)).stdout) as { version: number }[];
  expect(history.map(({ version }) => version)).toEqual([2, 1]);
  expect(JSON.stringify(history)).not.toMatch(/first|second/);
  expect((await zvault(['cloud', 'rollback', 'V', '--to', '1'], at)).code).toBe(0);
  expect((await zvault(['cloud', 'get', 'V'], at)).stdout).toBe('first');
  expect((await zvault(['cloud', 'rollback', 'V', '--to', '99'], at)).code).toBe(4);
  expect((await zvault(['cloud', 'set', 'V', '--cas', '1'], { ...at, input: 'x' })).code).toBe(5);
  expect((await zvault(['cloud', 'set', 'V', '--cas', '3'], { ...at, input: 'x' })).code).toBe(0);
  expect((await zvault(['cloud', 'set', 'V', '--cas', '0'], { ...at, input: 'x' })).code).toBe(5);
  expect((await zvault(['cloud', 'delete', 'V', '--cas', '1'], at)).code).toBe(5);
  expect((await zvault(['cloud', 'delete', 'V'], at)).code).toBe(0);
  expect((await zvault(['cloud', 'get', 'V'], at)).code).toBe(4);
  expect((await zvault(['cloud', 'restore', 'V'], at)).code).toBe(0);
  expect((await zvault(['cloud', 'get', 'V'], at)).stdout).toBe('x');
});

test('pull gives back what push took, in every format', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: { ...vault.env, ZVAULT_ENV: 'production' } };
  const text = 'PEM="-----\nA\n-----\n"\nQUOTE=\'a "b" $c `d`\'\nEMPTY=\nREF=zvault://env/app/X\nUNI=ü😀\n';
  writeFileSync(join(folder.path, '.env'), text);
  const expected = { PEM: '-----\nA\n-----\n', QUOTE: 'a "b" $c `d`', EMPTY: '', UNI: 'ü😀' };
  const dry = await zvault(['cloud', 'push', '--dry-run'], at);
  expect(dry.stderr).toContain('would store 4 from .env: PEM, QUOTE, EMPTY, UNI');
  expect((await zvault(['cloud', 'secrets'], at)).stdout).toBe('');
  const pushed = await zvault(['cloud', 'push'], at);
  expect(pushed.stderr).toContain('1 references are left out');
  const pull = async (...args: string[]): Promise<string> => (await zvault(['cloud', 'pull', ...args], at)).stdout;
  expect(JSON.parse(await pull('--format', 'json'))).toEqual(expected);
  expect(parse(await pull('--format', 'yaml'))).toEqual(expected);
  const values = parseDotenv(await pull('--format', 'env')).values();
  expect(Object.fromEntries(Array.from(values, ([key, value]) => [key, value.expose()]))).toEqual(expected);
  expect(await pull('--format', 'shell')).toContain(`export QUOTE='a "b" $c \`d\`'\n`);
  const meta = JSON.parse(await pull('--format', 'json', '--meta')) as Record<string, unknown>;
  expect(meta['_meta']).toMatchObject({ project: 'app', environment: 'production', server: vault.url });
  const written = await zvault(['cloud', 'pull', '--output', 'out.env'], at);
  expect(written.stdout).toBe('');
  expect(statSync(join(folder.path, 'out.env')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder.path, 'out.env'), 'utf8')).toBe(await pull());
  expect(await pull('--output', '-')).toBe(await pull());
});

test('what a format cannot express is an error, and nothing is written', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: { ...vault.env, ZVAULT_ENV: 'staging' } };
  await vault.client.set('odd key', 'x', 'staging');
  const refused = await zvault(['cloud', 'pull', '--format', 'shell', '--output', 'out.sh'], at);
  expect(refused.code).toBe(2);
  expect(existsSync(join(folder.path, 'out.sh'))).toBe(false);
  await vault.client.delete('odd key', 'staging');
  await vault.client.set('LD_PRELOAD', 'x', 'staging');
  const reserved = await zvault(['cloud', 'pull', '--format', 'shell'], at);
  expect(reserved.code).toBe(2);
  expect(reserved.stderr).toContain('--allow-name LD_PRELOAD');
  const allowed = await zvault(['cloud', 'pull', '--format', 'shell', '--allow-name', 'LD_PRELOAD'], at);
  expect(allowed.stdout).toBe("export LD_PRELOAD='x'\n");
  await vault.client.delete('LD_PRELOAD', 'staging');
});

test('service tokens: made with limits, listed without their text, revoked', async () => {
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: vault.env };
  const made = await zvault(['cloud', 'token', 'create', '--name', 'ci', '--env', 'staging', '--ttl', '12h'], at);
  expect(made.stdout).toMatch(/^zvt_[0-9a-f]{40}\n$/);
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: made.stdout.trim() };
  const status = JSON.parse((await zvault(['cloud', 'status', '--json'], { cwd: folder.path, env })).stdout) as object;
  expect(status).toMatchObject({ token: 'service', environment: 'staging', project: 'app', permissions: ['read'] });
  expect((await zvault(['cloud', 'secrets'], { cwd: folder.path, env })).code).toBe(0);
  expect((await zvault(['cloud', 'set', 'X'], { cwd: folder.path, env, input: 'x' })).code).toBe(3);
  expect((await zvault(['cloud', 'secrets', '--env', 'production'], { cwd: folder.path, env })).code).toBe(3);
  const list = await zvault(['cloud', 'token', 'list', '--json'], at);
  expect(list.stdout).not.toContain(made.stdout.trim());
  const [token] = JSON.parse(list.stdout) as { id: string; name: string }[];
  expect(token?.name).toBe('ci');
  expect((await zvault(['cloud', 'token', 'revoke', token?.id ?? ''], at)).code).toBe(0);
  const refused = await zvault(['cloud', 'status'], { cwd: folder.path, env });
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain('project');
  expect((await zvault(['cloud', 'token', 'create', '--name', 'a', '--env', 'nowhere'], at)).code).toBe(4);
  expect((await zvault(['cloud', 'token', 'create', '--name', 'a', '--ttl', 'soon'], at)).code).toBe(2);
});

test('a folder belongs to a project: project-init and cloud init write only what is theirs', async () => {
  using folder = temporaryFolder();
  const { ZVAULT_URL, ZVAULT_TOKEN } = vault.env;
  const at = { cwd: folder.path, env: { ZVAULT_URL: ZVAULT_URL ?? '', ZVAULT_TOKEN: ZVAULT_TOKEN ?? '' } };
  const file = join(folder.path, '.zvault.toml');
  expect((await zvault(['project-init', '--name', 'web shop'], { cwd: folder.path })).code).toBe(0);
  const before = readFileSync(file, 'utf8');
  expect(readFileSync(join(folder.path, '.gitignore'), 'utf8')).toBe('.env\n.env.backup\n');
  const again = await zvault(['project-init', '--name', 'other'], { cwd: folder.path });
  expect(again.stderr).toContain('stays as it is');
  expect(readFileSync(file, 'utf8')).toBe(before);
  const linked = await zvault(['cloud', 'init', '--org', 'dev', '--project', 'app', '--env', 'staging', '--json'], at);
  expect(JSON.parse(linked.stdout)).toMatchObject({ org: 'dev', project: 'app', default_env: 'staging' });
  expect(readFileSync(file, 'utf8')).toBe(
    `${before}\n[cloud]\norg = "dev"\nproject = "app"\ndefault_env = "staging"\n`,
  );
  const status = await zvault(['cloud', 'status', '--json'], at);
  expect(JSON.parse(status.stdout)).toMatchObject({
    organisation: 'dev',
    project: 'app',
    environment: 'staging',
    project_file: file,
  });
  const created = await zvault(['cloud', 'init', '--project', 'another'], at);
  expect(created.stderr).toContain('created the project another');
  expect(readFileSync(file, 'utf8')).toContain('project = "another"\ndefault_env = "staging"\n');
});

test('lists are lines for pipes', async () => {
  using folder = temporaryFolder();
  const { stdout } = await zvault(['cloud', 'envs'], { cwd: folder.path, env: vault.env });
  expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(['development', 'staging', 'production', '']);
});

test
  .runIf(existsSync('/dev/full'))
  .each([
    [['--version']],
    [['completion', 'bash']],
    [['status', '--json']],
    [['cloud', 'envs']],
    [['cloud', 'pull']],
    [['cloud', 'get', 'LOST']],
    [['cloud', 'token', 'create', '--name', 'lost']],
  ])('zvault %j says that its output found no room', async (args) => {
  using folder = temporaryFolder();
  await vault.client.set('LOST', 'value');
  const full = openSync('/dev/full', 'w');
  try {
    const result = await zvault(args, { cwd: folder.path, env: vault.env, stdio: ['pipe', full, 'pipe'] });
    expect(result).toMatchObject({ code: 6, stderr: expect.stringMatching(/output cannot be written.*STORAGE_FULL/) });
  } finally {
    closeSync(full);
  }
});
