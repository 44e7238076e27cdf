// `zvault ci inject` and `zvault ci exec`, as a job runs them.

import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hostileSecrets, withProto } from '../../test/support/hostile-secrets.ts';
import { parseRunnerFile } from '../../test/support/runner-files.ts';
import { dumpEnvironment, execute, readJson, temporaryFolder, zvault } from './support.ts';

let vault: EphemeralVault;
let env: Record<string, string>;
const canary = join(process.env['TMPDIR'] ?? '/tmp', `zvault-cli-canary-${process.pid}`);
const secrets = withProto(hostileSecrets(canary));

beforeAll(async () => {
  vault = await startVault();
  await vault.client.batch(
    Array.from(secrets, ([key, value]) => ({ op: 'put' as const, key, value })),
    'staging',
  );
  await vault.client.set('GREETING', 'hello-from-the-vault', 'development');
  await vault.client.set('SHORT', 'secret', 'development');
  env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: vault.serviceToken };
});
afterAll(() => vault.stop());

const inject = (folder: string, args: string[], more: Record<string, string> = {}): ReturnType<typeof zvault> =>
  zvault(['ci', 'inject', ...args], { cwd: folder, env: { ...env, ...more } });

describe('formats: stdout has only data, the same as the vault', () => {
  test('sh, sourced', async () => {
    using folder = temporaryFolder();
    const { code, output, stderr } = await inject(folder.path, ['--env', 'staging']);
    expect(code, stderr).toBe(0);
    writeFileSync(join(folder.path, 'exports.sh'), output);
    const read = await execute('sh', ['-c', '. ./exports.sh; env -0'], { cwd: folder.path });
    for (const [key, value] of secrets) expect(read.stdout.split('\0').includes(`${key}=${value}`), key).toBe(true);
    expect(existsSync(canary)).toBe(false);
  });

  test('json is flat; yaml', async () => {
    using folder = temporaryFolder();
    const json = await inject(folder.path, ['--env', 'staging', '--format', 'json']);
    expect(new Map(Object.entries(JSON.parse(json.stdout) as object))).toEqual(secrets);
    const yaml = await inject(folder.path, ['--env', 'staging', '--format', 'yaml']);
    const read = parse(yaml.stdout, { mapAsMap: true }) as Map<string, string>;
    for (const [key, value] of secrets) expect(read.get(key), key).toBe(value);
  });

  test('dotenv: what no file can hold for every reader refuses the whole', async () => {
    using folder = temporaryFolder();
    const refused = await inject(folder.path, ['--env', 'staging', '--format', 'dotenv']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/ZVCI-135.*"CR_LF"/);
    const keys = ['PEM', 'DOLLARS', 'JSON_PRETTY', 'EMPTY'];
    const args = ['--env', 'staging', '--format', 'dotenv', '--keys', keys.join(',')];
    const { stdout, stderr } = await inject(folder.path, args);
    expect(stderr).not.toMatch(/error/);
    expect({ ...parseEnv(stdout) }).toEqual(Object.fromEntries(keys.map((key) => [key, secrets.get(key)])));
  });

  test('github: masks, then its file; refused elsewhere', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'github_env');
    writeFileSync(file, 'BEFORE=1\n');
    const job = { GITHUB_ACTIONS: 'true', GITHUB_ENV: file };
    const { code, stdout, stderr } = await inject(folder.path, ['--env', 'staging', '--format', 'github'], job);
    expect(code, stderr).toBe(0);
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('::add-mask::'))).toEqual([]);
    const read = new Map(parseRunnerFile(readFileSync(file, 'utf8')).pairs);
    expect(read.get('BEFORE')).toBe('1');
    for (const [key, value] of secrets) expect(read.get(key), key).toBe(value);
    for (const [more, expected] of [
      [{}, /ZVCI-150/],
      [{ GITHUB_ACTIONS: 'true' }, /ZVCI-150: GITHUB_ENV/],
      [{ GITHUB_ACTIONS: 'true', GITHUB_ENV: join(folder.path, 'none') }, /ZVCI-150/],
    ] as const) {
      const refused = await inject(folder.path, ['--env', 'development', '--format', 'github'], more);
      expect(refused.stderr).toMatch(expected);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
    }
  });

  test('powershell', async () => {
    using folder = temporaryFolder();
    const { stdout } = await inject(folder.path, [
      '--env',
      'development',
      '--keys',
      'GREETING',
      '--format',
      'powershell',
    ]);
    expect(stdout).toContain("${env:GREETING} = 'hello-from-the-vault'\n");
  });
});

test('--output is for its owner; --self-delete goes when it is sourced', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'inner/load.sh');
  const { code, stdout } = await inject(folder.path, [
    '--env',
    'development',
    '--output',
    'inner/load.sh',
    '--self-delete',
  ]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder.path, 'inner')).mode & 0o777).toBe(0o700);
  const read = await execute('sh', ['-c', '. inner/load.sh; printf %s "$GREETING"'], { cwd: folder.path });
  expect(read.stdout).toBe('hello-from-the-vault');
  expect(readdirSync(join(folder.path, 'inner'))).toEqual([]);
  expect((await inject(folder.path, ['--self-delete'])).stderr).toMatch(/ZVCI-100/);
});

test('options by flags and by variables; the flag wins', async () => {
  using folder = temporaryFolder();
  const more = { ZVAULT_CI_KEYS: 'SHORT', ZVAULT_CI_PREFIX: 'P_', ZVAULT_CI_ENV: 'development', ZVAULT_ENV: 'staging' };
  const keys = async (args: string[]): Promise<string[]> =>
    Object.keys(JSON.parse((await inject(folder.path, [...args, '--format', 'json'], more)).stdout) as object);
  expect(await keys([])).toEqual(['P_SHORT']);
  expect(await keys(['--keys', 'GREETING', '--prefix', 'Q_'])).toEqual(['Q_GREETING']);
});

test.each<[string, string[], Record<string, string>, number, RegExp]>([
  ['no token', [], { ZVAULT_TOKEN: '' }, 3, /ZVCI-101/],
  ['a wrong token', [], { ZVAULT_TOKEN: 'zvt_wrong' }, 3, /ZVCI-102/],
  ['no such environment', ['--env', 'nowhere'], {}, 4, /ZVCI-104/],
  ['no identity token', ['--auth', 'oidc', '--role', 'x'], {}, 3, /ZVCI-110/],
  ['no role', ['--auth', 'oidc'], {}, 2, /ZVCI-100/],
  ['nobody listens', [], { ZVAULT_URL: 'http://127.0.0.1:1', ZVAULT_CI_RETRIES: '0' }, 6, /ZVCI-122/],
  ['a name that is reserved', ['--map', 'GREETING -> PATH'], {}, 2, /ZVCI-131/],
  ['a name that is set', ['--map', 'GREETING -> TAKEN'], { TAKEN: 'x' }, 5, /ZVCI-132/],
  ['a missing key', ['--keys', 'NOT_THERE'], {}, 4, /ZVCI-140/],
  ['an option that is not valid', ['--retries', 'many'], {}, 2, /ZVCI-100: "retries"/],
])('%s', async (_, args, more, code, expected) => {
  using folder = temporaryFolder();
  const result = await inject(folder.path, ['--env', 'development', ...args], more);
  expect(result.stderr).toMatch(expected);
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|hello-from/);
  expect(result).toMatchObject({ code, stdout: '' });
});

describe('exec', () => {
  const exec = (folder: string, args: string[], more: Record<string, string> = {}): ReturnType<typeof zvault> =>
    zvault(['ci', 'exec', ...args], { cwd: folder, env: { ...env, ...more } });

  test('the command has the secrets, not our settings; its code is ours', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'out.json');
    const more = { ZVAULT_CI_ENV: 'staging', HELLO: 'zvault://cloud/app/development/GREETING' };
    expect((await exec(folder.path, ['--', ...dumpEnvironment(file)], more)).code).toBe(0);
    const seen = new Map(Object.entries(readJson(file)));
    for (const [key, value] of secrets) if (key !== '__proto__') expect(seen.get(key), key).toBe(value);
    expect(seen.get('HELLO')).toBe('hello-from-the-vault');
    expect([...seen.keys()].filter((name) => name.startsWith('ZVAULT_CI') || name === 'ZVAULT_TOKEN')).toEqual([]);
    expect((await exec(folder.path, ['--env', 'development', '--', 'sh', '-c', 'exit 23'])).code).toBe(23);
    expect((await exec(folder.path, ['--env', 'development', '--', 'sh', '-c', 'kill -9 $$'])).code).toBe(137);
  });

  test('redacts what a masker would mask, and nothing else', async () => {
    using folder = temporaryFolder();
    const script =
      'echo "$GREETING"; echo "$GREETING" | base64; printf %s "$GREETING" | od -An -tx1 | tr -d " \\n"; echo; echo "$SHORT $ZVAULT_URL"';
    const { stdout } = await exec(folder.path, ['--env', 'development', '--', 'sh', '-c', script]);
    expect(stdout).toMatch(/^\[redacted\]\n/);
    expect(stdout).not.toMatch(/hello|aGVsbG8|68656c6c6f/);
    // A common word is a secret here: the plan says so.
    expect(stdout).toContain(`[redacted] ${vault.url}`);
    const open = await exec(folder.path, [
      '--env',
      'development',
      '--unmask',
      'GREETING',
      '--',
      'sh',
      '-c',
      'echo "$GREETING $SHORT"',
    ]);
    expect(open.stdout).toBe('hello-from-the-vault [redacted]\n');
  });

  test('runs nothing when something cannot be read', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'x'));
    const { code, stderr } = await exec(folder.path, [
      '--env',
      'development',
      '--keys',
      'GREETING,GONE',
      '--',
      'rmdir',
      'x',
    ]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/ZVCI-140/);
    expect(existsSync(join(folder.path, 'x'))).toBe(true);
  });
});
