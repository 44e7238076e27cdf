// The routes of policies, and what a policy then allows (contract 1.6, 3.2).

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown, vaultToken = vault.rootToken): Promise<Answer> =>
  vault.call(method, `/v1/${path}`, { vaultToken, body });
const tokenWith = async (policies: string[]): Promise<string> =>
  (await call('POST', 'auth/token/create', { policies })).json.client_token;
const rule = (path: string, ...capabilities: string[]): object => ({ path, capabilities });

test('written, read, listed, deleted', async () => {
  expect((await call('GET', 'sys/policies')).json).toEqual({ policies: ['default', 'root'] });
  const rules = [rule('secret/data/ci/*', 'Read', 'LIST'), rule('secret/**', 'deny')];
  const written = await call('POST', 'sys/policies/ci', { name: 'ignored', rules });
  expect([written.status, written.text]).toEqual([204, '']);
  expect((await call('GET', 'sys/policies/ci')).json).toEqual({
    name: 'ci',
    rules: [rule('secret/data/ci/*', 'read', 'list'), rule('secret/**', 'deny')],
  });
  expect((await call('GET', 'sys/policies')).json).toEqual({ policies: ['ci', 'default', 'root'] });
  expect((await call('POST', 'sys/policies/ci', { rules: [rule('a', 'read')] })).status).toBe(204);
  expect((await call('GET', 'sys/policies/ci')).json.rules).toEqual([rule('a', 'read')]);
  expect((await call('DELETE', 'sys/policies/ci')).status).toBe(204);
  expect((await call('DELETE', 'sys/policies/ci')).status).toBe(204);
  expect((await call('GET', 'sys/policies/ci')).status).toBe(404);
});

test('the built-in ones are read, and never changed', async () => {
  expect((await call('GET', 'sys/policies/root')).json.rules).toEqual([
    rule('**', 'read', 'list', 'create', 'update', 'delete', 'sudo'),
  ]);
  expect((await call('GET', 'sys/policies/default')).json.rules).toEqual([
    rule('auth/token/lookup-self', 'read'),
    rule('auth/token/renew-self', 'update'),
  ]);
  for (const name of ['root', 'default']) {
    expect((await call('POST', `sys/policies/${name}`, { rules: [rule('a', 'read')] })).status).toBe(403);
    expect((await call('DELETE', `sys/policies/${name}`)).status).toBe(403);
  }
});

test.each([
  { name: 'no rules', body: { rules: [] }, status: 400 },
  { name: 'a rule without capabilities', body: { rules: [rule('a')] }, status: 400 },
  { name: 'the capability write', body: { rules: [rule('a', 'write')] }, status: 400 },
  { name: 'a malformed pattern', body: { rules: [rule('a{b', 'read')] }, status: 400 },
  { name: 'a leading slash', body: { rules: [rule('/a', 'deny')] }, status: 400 },
  { name: 'rules that are none', body: { rules: 'a' }, status: 422 },
  { name: 'no body', body: undefined, status: 415 },
])('refused: $name', async ({ body, status }) => {
  expect((await call('POST', 'sys/policies/refused', body)).status).toBe(status);
  expect((await call('GET', 'sys/policies/refused')).status).toBe(404);
});

test.each(['a%2Fb', 'a%20b', 'a,b', '%2e%2e', '%C3%A4', 'a'.repeat(129)])('no name: %s', async (name) => {
  expect((await call('POST', `sys/policies/${name}`, { rules: [rule('a', 'read')] })).status).toBe(400);
});

test('who may write policies is asked on the path sys/policies, whichever is meant', async () => {
  await call('POST', 'sys/policies/reader', { rules: [rule('sys/policies', 'read')] });
  await call('POST', 'sys/policies/other', { rules: [rule('sys/policies/*', 'read', 'create', 'list')] });
  expect((await call('GET', 'sys/policies/reader', undefined, await tokenWith(['reader']))).status).toBe(200);
  expect((await call('GET', 'sys/policies', undefined, await tokenWith(['reader']))).status).toBe(403);
  expect((await call('GET', 'sys/policies/reader', undefined, await tokenWith(['other']))).status).toBe(403);
});

const ask = async (vaultToken: string, path: string, capability: string): Promise<Answer> =>
  call('POST', 'auth/token/capabilities-self', { path, capability }, vaultToken);

test('capabilities-self says whether, and by which rule', async () => {
  await call('POST', 'sys/policies/team', { rules: [rule('secret/data/team/**', 'read')] });
  await call('POST', 'sys/policies/closed', { rules: [rule('secret/data/team/prod/*', 'deny')] });
  const token = await tokenWith(['team', 'closed']);
  expect((await ask(token, 'secret/data/team/dev/a', 'read')).json).toEqual({
    allowed: true,
    policy: 'team',
    rule: rule('secret/data/team/**', 'read'),
  });
  expect((await ask(token, '/v1/secret/data/team/prod/a', 'READ')).json).toEqual({
    allowed: false,
    policy: 'closed',
    rule: rule('secret/data/team/prod/*', 'deny'),
  });
  expect((await ask(token, 'secret/data/team/dev/a', 'delete')).json).toEqual({
    allowed: false,
    policy: null,
    rule: null,
  });
  expect((await ask(vault.rootToken, 'anything', 'sudo')).json).toMatchObject({ allowed: true, policy: 'root' });
  expect((await ask(token, 'a'.repeat(2049), 'read')).status).toBe(400);
  for (const capability of ['deny', 'write', '']) expect((await ask(token, 'a', capability)).status).toBe(400);
});

test('every token may ask, in either header; a service token has no policies', async () => {
  const place = await makeWorkspace(vault, 'asking');
  const token = await makeToken(vault, place.base);
  const body = { path: 'a', capability: 'read' };
  for (const how of [{ token }, { vaultToken: token }]) {
    const answer = await vault.call('POST', '/v1/auth/token/capabilities-self', { ...how, body });
    expect(answer.json).toEqual({ allowed: false, policy: null, rule: null });
  }
});
