// AppRoles (contract 1.4): shapes and statuses, who may give what, and that a secret id is good for as often and as long as
// its role says.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashToken } from '../src/domain/token.ts';
import { sweep } from '../src/server/cloud/sweeper.ts';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, startDiskVault, startTestVault, temporaryFolder } from '../../test/support/vault.ts';

const role = '/v1/auth/approle/role';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
  await writePolicy('lister', [{ path: 'sys/policies', capabilities: ['list'] }]);
  await writePolicy('admin', [{ path: 'auth/approle/role/**', capabilities: ['read', 'create', 'update', 'delete'] }]);
  await writePolicy('closed', [{ path: 'sys/mounts', capabilities: ['deny'] }]);
  await writePolicy('deployer', [{ path: 'auth/approle/role/web', capabilities: ['read', 'update'] }]);
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown, vaultToken = vault.rootToken): Promise<Answer> =>
  vault.call(method, path, { vaultToken, body });
async function writePolicy(name: string, rules: object[]): Promise<void> {
  expect((await call('POST', `/v1/sys/policies/${name}`, { rules })).status).toBe(204);
}
const tokenWith = async (...policies: string[]): Promise<string> =>
  (await call('POST', '/v1/auth/token/create', { policies })).json.client_token;
const secretId = async (name: string): Promise<string> =>
  (await call('POST', `${role}/${name}/secret-id`, {})).json.secret_id;
const login = (role_id: string, secret_id: string): Promise<Answer> =>
  vault.call('POST', '/v1/auth/approle/login', { body: { role_id, secret_id } });
const make = async (name: string, body: object = {}): Promise<string> =>
  (await call('POST', `${role}/${name}`, { policies: ['lister'], ...body })).json.role_id;

test('from a role to a token that works', async () => {
  const written = await call('POST', `${role}/web`, { policies: ['lister', 'default'] });
  expect(written.json).toEqual({ role_id: expect.stringMatching(uuid), status: 'ok' });
  const { role_id } = written.json;
  expect((await call('GET', role)).json).toEqual({ keys: ['web'] });
  expect((await call('GET', `${role}/web`)).json).toEqual({
    name: 'web',
    role_id,
    policies: ['lister', 'default'],
    token_ttl_secs: 3600,
    token_max_ttl_secs: 86_400,
    bind_secret_id: true,
    secret_id_num_uses: 0,
    secret_id_ttl_secs: 0,
  });
  expect((await call('GET', `${role}/web/role-id`)).json).toEqual({ role_id });
  const secret = await call('POST', `${role}/web/secret-id`);
  expect(secret.json).toEqual({ secret_id: expect.stringMatching(uuid) });
  const { json } = await login(role_id, secret.json.secret_id);
  expect(json).toEqual({
    client_token: expect.stringMatching(/^zvv_/),
    token_hash: hashToken(json.client_token),
    policies: ['lister', 'default'],
    ttl: 3600,
    renewable: true,
  });
  expect((await call('GET', '/v1/sys/policies', undefined, json.client_token)).status).toBe(200);
  const looked = await call('POST', '/v1/auth/token/lookup-self', undefined, json.client_token);
  expect(looked.json).toMatchObject({ display_name: 'approle-web', ttl: expect.closeTo(3600, -1) });
  expect((await call('DELETE', `${role}/web`)).json).toEqual({ status: 'deleted' });
  expect((await call('DELETE', `${role}/web`)).json).toEqual({ status: 'deleted' });
  expect((await call('GET', `${role}/web`)).status).toBe(404);
});

test('a renewal goes up to the role’s maximum', async () => {
  const roleId = await make('bounded', { policies: ['default'], token_ttl_secs: 60, token_max_ttl_secs: 120 });
  const { client_token: token } = (await login(roleId, await secretId('bounded'))).json;
  const renewed = await call('POST', '/v1/auth/token/renew-self', { increment: '1h' }, token);
  expect(renewed.json.ttl).toBeOneOf([119, 120]);
  vault.clock.offsetMs += 120_000;
  expect((await call('POST', '/v1/auth/token/renew-self', {}, token)).status).toBe(401);
});

test('written anew: another role id, the same secret ids', async () => {
  const first = await make('again');
  const secret = await secretId('again');
  const second = await make('again');
  expect(second).not.toBe(first);
  expect((await login(first, secret)).status).toBe(404);
  expect((await login(second, secret)).status).toBe(200);
});

test('refused log-ins: 404 for the role id, one and the same 401 for everything about the secret id', async () => {
  const roleId = await make('strict', { secret_id_num_uses: 1, secret_id_ttl_secs: 60 });
  const otherRole = await make('strict-other');
  const used = await secretId('strict');
  expect((await login(roleId, used)).status).toBe(200);
  const expired = await secretId('strict');
  vault.clock.offsetMs += 60_000;
  const fresh = await secretId('strict');
  const ofAnother = await secretId('strict-other');
  expect((await login('none', fresh)).status).toBe(404);
  const answers = [];
  for (const secret of ['', 'none', used, expired, ofAnother]) answers.push(await login(roleId, secret));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect((await login(otherRole, fresh)).status).toBe(401);
  expect((await login(roleId, fresh)).status).toBe(200);
  expect((await vault.call('POST', '/v1/auth/approle/login', { body: { role_id: roleId } })).status).toBe(422);
});

test('uses are counted although many log in at once', async () => {
  const roleId = await make('counted', { secret_id_num_uses: 5 });
  const secret = await secretId('counted');
  const answers = await Promise.all(Array.from({ length: 20 }, () => login(roleId, secret)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(15);
});

test('a role that binds no secret id takes any', async () => {
  const roleId = await make('unbound', { bind_secret_id: false });
  expect((await login(roleId, '')).status).toBe(200);
});

test('a role gives no more than its writer has, never root, and what denies goes along', async () => {
  const writer = await tokenWith('admin', 'lister', 'closed');
  expect((await call('POST', `${role}/given`, { policies: ['deployer'] }, writer)).status).toBe(403);
  for (const token of [vault.rootToken, writer]) {
    expect((await call('POST', `${role}/given`, { policies: ['root'] }, token)).status).toBe(403);
  }
  expect((await call('GET', `${role}/given`)).status).toBe(404);
  expect((await call('POST', `${role}/given`, { policies: ['lister'] }, writer)).status).toBe(200);
  expect((await call('GET', `${role}/given`)).json.policies).toEqual(['lister', 'closed']);
});

test('issuing secret ids is another right than writing the role', async () => {
  await make('web');
  const deployer = await tokenWith('deployer');
  expect((await call('POST', `${role}/web/secret-id`, {}, deployer)).status).toBe(200);
  expect((await call('GET', `${role}/web/role-id`, undefined, deployer)).status).toBe(200);
  expect((await call('POST', `${role}/web`, { policies: ['deployer'] }, deployer)).status).toBe(403);
  expect((await call('POST', `${role}/again/secret-id`, {}, deployer)).status).toBe(403);
  expect((await call('GET', role, undefined, deployer)).status).toBe(403);
});

test.each([
  ['no policies', { policies: [] }, 400],
  ['policies left out', {}, 422],
  ['a ttl of nothing', { policies: ['lister'], token_ttl_secs: 0 }, 422],
  ['a negative ttl', { policies: ['lister'], token_ttl_secs: -1 }, 422],
  ['a ttl beyond all times', { policies: ['lister'], token_ttl_secs: 1e15 }, 422],
  ['a ttl above the maximum', { policies: ['lister'], token_ttl_secs: 61, token_max_ttl_secs: 60 }, 400],
  ['a negative number of uses', { policies: ['lister'], secret_id_num_uses: -1 }, 422],
])('refused: %s', async (_, body, status) => {
  expect((await call('POST', `${role}/refused`, body)).status).toBe(status);
});

test('secret ids of a deleted role are worth nothing, also for a new one of its name, and are erased', async () => {
  await make('gone');
  const secret = await secretId('gone');
  await call('DELETE', `${role}/gone`);
  const roleId = await make('gone');
  expect((await login(roleId, secret)).status).toBe(401);
  const { store, records } = vault.vault;
  const left = async (): Promise<number> =>
    (await store.scan({ prefix: 'secretid/' })).filter(({ key }) => key.endsWith(hashToken(secret))).length;
  expect(await left()).toBe(1);
  await sweep(store, records, Date.now() + vault.clock.offsetMs + 1);
  expect(await left()).toBe(0);
});

test('neither secret ids nor tokens are in the database or the audit', async () => {
  using folder = temporaryFolder();
  const seen: string[] = [];
  {
    await using disk = await startDiskVault(folder.path);
    const as = { vaultToken: disk.rootToken };
    const made = await disk.call('POST', `${role}/canary`, { ...as, body: { policies: ['default'] } });
    const secret = await disk.call('POST', `${role}/canary/secret-id`, as);
    const body = { role_id: made.json.role_id, secret_id: secret.json.secret_id };
    const answer = await disk.call('POST', '/v1/auth/approle/login', { body });
    await disk.call('POST', '/v1/auth/approle/login', { body: { ...body, secret_id: 'canary-guess' } });
    seen.push(body.secret_id, answer.json.client_token, 'canary-guess');
  }
  const { readFileSync, readdirSync } = await import('node:fs');
  for (const file of readdirSync(folder.path)) {
    const bytes = readFileSync(`${folder.path}/${file}`);
    for (const text of seen) expect([file, bytes.includes(text)]).toEqual([file, false]);
  }
});

test('while the vault is sealed nobody logs in, and nobody learns which ids exist', async () => {
  await using sealed = await startTestVault();
  const made = await sealed.call('POST', `${role}/web`, {
    vaultToken: sealed.rootToken,
    body: { policies: ['default'] },
  });
  await sealed.call('POST', '/v1/sys/seal', { vaultToken: sealed.rootToken });
  for (const [way, body] of [
    ['approle', { role_id: made.json.role_id, secret_id: 'x' }],
    ['approle', { role_id: 'x', secret_id: 'x' }],
    ['jwt', { role: 'x', jwt: 'x' }],
  ] as const) {
    const answer = await sealed.call('POST', `/v1/auth/${way}/login`, { body });
    expect([way, answer.status, answer.json.error]).toEqual([way, 503, 'sealed']);
  }
});
