// The Bitbucket pipe: its image as its Dockerfile says, its entry point as a process, and the loader in bash and dash.

import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BitbucketStep, readDockerfile } from '../support/bitbucket-step.ts';
import { startFakeCiVault } from '../support/fake-ci-vault.ts';
import { hostileSecrets, withProto } from '../support/hostile-secrets.ts';
import { unsignedToken } from '../support/id-token-endpoint.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pipe = 'pipes/inject-secrets';
const canary = join(process.env['TMPDIR'] ?? '/tmp', `zvault-pipe-canary-${process.pid}`);
const secrets = withProto(hostileSecrets(canary));

let vault: EphemeralVault;
let base: Record<string, string>;
beforeAll(async () => {
  vault = await startVault();
  await vault.client.batch(
    Array.from(secrets, ([key, value]) => ({ op: 'put' as const, key, value })),
    'staging',
  );
  await vault.client.batch(
    ['DB_URL', 'DB_PASSWORD', 'OTHER'].map((key) => ({ op: 'put' as const, key, value: `value-of-${key}` })),
    'development',
  );
  base = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: vault.serviceToken, ZVAULT_ENV: 'development' };
});
afterAll(() => vault.stop());

test('the image: any base by argument, files of this repository, an entry point that is among them', () => {
  const text = readFileSync(join(root, pipe, 'Dockerfile'), 'utf8');
  const image = readDockerfile(text);
  expect(text).toMatch(/^ARG BASE$/m);
  expect(image.base).toBe('${BASE}');
  const files = image.copies.flatMap(([sources]) => sources);
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  expect(image.entryPoint).toEqual(['sh', '/zvault/pipe.sh']);
  expect(() => readDockerfile('FROM x\nRUN curl | sh')).toThrow();
});

describe.each(['bash', 'dash'] as const)('%s', (shell) => {
  test('the script has exactly what the vault has; nothing runs, shows or stays', async () => {
    using step = new BitbucketStep(root, pipe);
    const { code, log, stdout } = await step.pipe({ ...base, ZVAULT_ENV: 'staging' });
    expect(code, log).toBe(0);
    expect(stdout).toBe('');
    expect(log).toContain('mask');
    expect(log).not.toContain('::add-mask');
    for (const value of [...secrets.values(), vault.serviceToken]) {
      for (const line of value.split(/[\r\n]+/).filter((one) => one.length >= 4))
        expect(log.includes(line)).toBe(false);
    }
    const folder = join(step.clone, '.zvault');
    expect(readdirSync(folder)).toEqual(['load.sh']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'load.sh')).mode & 0o777).toBe(0o600);
    expect(existsSync(step.shared)).toBe(false);
    const loaded = await step.script(shell, `. .zvault/load.sh; env -0 > '${step.root}/environment'; ls .zvault`);
    expect(loaded).toMatchObject({ code: 0, log: '' });
    const entries = readFileSync(join(step.root, 'environment'), 'utf8').split('\0');
    for (const [key, value] of secrets) expect(entries.includes(`${key}=${value}`), key).toBe(true);
    expect(existsSync(canary)).toBe(false);
    expect(readdirSync(step.temp)).toEqual([]);
  });
});

test.each<[string, Record<string, string | string[]>, string[]]>([
  ['a list of keys', { KEYS: ['DB_*', '!DB_PASSWORD'] }, ['DB_URL']],
  ['keys parted by commas', { KEYS: 'DB_URL,OTHER' }, ['DB_URL', 'OTHER']],
  ['a list of one', { KEYS: ['OTHER'] }, ['OTHER']],
  ['an empty list', { KEYS: [], EXCLUDE: 'DB_*' }, ['OTHER']],
  ['names of one’s own', { KEYS: ['OTHER'], MAP: ['DB_URL -> DATABASE', 'OTHER -> ELSE'] }, ['DATABASE', 'ELSE']],
  ['a prefix', { KEYS: 'OTHER', PREFIX: 'APP_' }, ['APP_OTHER']],
])('%s', async (_, variables, expected) => {
  using step = new BitbucketStep(root, pipe);
  const { code, log } = await step.pipe({ ...base, FORMAT: 'json', ...variables });
  expect(code, log).toBe(0);
  const read = JSON.parse(readFileSync(join(step.clone, '.zvault/secrets.json'), 'utf8')) as object;
  expect(Object.keys(read).sort()).toEqual(expected);
});

test.each<[string, Record<string, string>, number, RegExp]>([
  ['a missing key', { KEYS: 'NOT_THERE' }, 4, /ZVCI-140/],
  ['a wrong token', { ZVAULT_TOKEN: 'zvt_wrong' }, 3, /ZVCI-102/],
  ['no token', { ZVAULT_TOKEN: '' }, 3, /ZVCI-101/],
  ['no vault', { ZVAULT_URL: 'http://127.0.0.1:1' }, 6, /ZVCI-122/],
  ['a reserved name', { MAP: 'OTHER -> PATH' }, 2, /ZVCI-131/],
  ['a format that is none', { FORMAT: 'xml' }, 2, /ZVCI-100/],
  ['the clone as the folder', { OUTPUT_DIR: '.' }, 2, /ZVCI-100/],
])('%s', async (_, variables, code, expected) => {
  using step = new BitbucketStep(root, pipe);
  const result = await step.pipe({ ...base, ...variables });
  expect(result.log).toMatch(expected);
  expect(result.code).toBe(code);
  expect(existsSync(join(step.clone, '.zvault/load.sh'))).toBe(false);
});

test('the log-in with the identity token of the step; variables that are references', async () => {
  const jwt = unsignedToken({ aud: 'ari:cloud:bitbucket::workspace/1', repositoryUuid: '{1}' });
  await using fake = await startFakeCiVault({
    secrets: { A: 'value-by-identity' },
    token: 'zvt_minted_here',
    logIn: () => 'zvt_minted_here',
  });
  using step = new BitbucketStep(root, pipe, { BITBUCKET_STEP_OIDC_TOKEN: jwt });
  const result = await step.pipe({ ZVAULT_URL: fake.url, ZVAULT_ENV: 'prod', ROLE: 'deploy', DEBUG: 'true' });
  expect(result.code, result.log).toBe(0);
  expect(fake.lines).toEqual([
    'POST /v1/auth/jwt/login',
    'GET /v1/cloud/secrets?env=prod',
    'POST /v1/auth/token/revoke-self',
  ]);
  expect(result.log).not.toContain(jwt);
  using without = new BitbucketStep(root, pipe);
  const refused = await without.pipe({ ZVAULT_URL: fake.url, ZVAULT_ENV: 'prod', ROLE: 'deploy' });
  expect(refused.log).toMatch(/ZVCI-110/);
  expect(refused.code).toBe(3);
});

test('a folder with a quote in its name', async () => {
  using step = new BitbucketStep(root, pipe);
  const folder = join(step.root, `it's here`);
  expect((await step.pipe({ ...base, OUTPUT_DIR: folder })).code).toBe(0);
  writeFileSync(join(step.clone, 'x.sh'), '. "$1/load.sh"; printf %s "$OTHER"\n');
  const loaded = await step.script('dash', `sh x.sh '${folder.replaceAll("'", `'\\''`)}'`);
  expect(loaded.stdout).toBe('value-of-OTHER');
  expect(readdirSync(folder)).toEqual([]);
});
