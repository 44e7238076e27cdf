// Service tokens: what they may be made with, how long they live, what lists tell of them.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashToken, tokenChecksum } from '../src/domain/token.ts';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, type Workspace, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
});
afterAll(() => vault[Symbol.asyncDispose]());

const create = (body: object): Promise<Answer> =>
  vault.call('POST', `${place.base}/tokens`, { token: vault.rootToken, body: { name: 't', ...body } });

test('the checksum of the design', () => {
  expect(tokenChecksum('0123456789abcdef0123456789abcdef')).toBe('7759b50e');
});

test('form A: an object, and the text beside it', async () => {
  const { json } = await create({ environment_id: place.environmentIds['staging'] });
  expect(Object.keys(json)).toEqual(['token', 'plaintext_token']);
  expect(json.plaintext_token).toMatch(/^zvt_[0-9a-f]{40}$/);
  expect(json.token).toMatchObject({
    project_id: place.projectId,
    environment_id: place.environmentIds['staging'],
    environment: 'staging',
    token_prefix: `${json.plaintext_token.slice(0, 12)}...`,
    permissions: ['read'],
    expires_at: null,
    last_used_at: null,
    created_by: 'root',
    revoked_at: null,
  });
});

test('form B, asked for by environment or ttl: the token is the text', async () => {
  for (const body of [{ environment: 'staging' }, { ttl: '90d' }, { environment: place.environmentIds['staging'] }]) {
    const { json } = await create(body);
    expect(json.token).toBe(json.plaintext_token);
    expect(json.service_token.token_prefix).toBe(`${json.token.slice(0, 12)}...`);
  }
});

const second = 1000;
test.each([
  ['45s', 45 * second],
  ['90', 90 * second],
  ['15m', 15 * 60 * second],
  ['12h', 12 * 3600 * second],
  ['90d', 90 * 86_400 * second],
  ['2w', 14 * 86_400 * second],
  ['1y', 365 * 86_400 * second],
])('ttl %s', async (ttl, ms) => {
  const before = Date.now() + vault.clock.offsetMs;
  const { json } = await create({ ttl });
  const left = Date.parse(json.service_token.expires_at) - before;
  expect(left).toBeGreaterThanOrEqual(ms - 1);
  expect(left).toBeLessThan(ms + 5000);
});

test.each([
  { name: 'zero', body: { ttl: '0s' }, status: 400 },
  { name: 'negative', body: { ttl: '-1h' }, status: 400 },
  { name: 'a fraction', body: { ttl: '1.5h' }, status: 400 },
  { name: 'unknown unit', body: { ttl: '1M' }, status: 400 },
  { name: 'two units', body: { ttl: '1h30m' }, status: 400 },
  { name: 'empty', body: { ttl: '' }, status: 400 },
  { name: 'beyond a hundred years', body: { ttl: '999999999999y' }, status: 400 },
  { name: 'a number', body: { ttl: 3600 }, status: 422 },
  { name: 'ttl and expires_at', body: { ttl: '1h', expires_at: '2099-01-01T00:00:00Z' }, status: 400 },
  { name: 'expires_at in the past', body: { expires_at: '2001-01-01T00:00:00Z' }, status: 400 },
  { name: 'expires_at without a zone', body: { expires_at: '2099-01-01T00:00:00' }, status: 400 },
  { name: 'expires_at that is no date', body: { expires_at: '2099-13-01T00:00:00Z' }, status: 400 },
  { name: 'unknown environment', body: { environment: 'nowhere' }, status: 404 },
  { name: 'unknown environment id', body: { environment_id: randomUUID() }, status: 404 },
  { name: 'environment id that is none', body: { environment_id: 'staging' }, status: 422 },
  { name: 'unknown permission', body: { permissions: ['admin'] }, status: 422 },
  { name: 'permissions as a text', body: { permissions: 'read' }, status: 422 },
  { name: 'empty name', body: { name: ' ' }, status: 400 },
])('refused, $name: $status', async ({ body, status }) => {
  expect((await create(body)).status).toBe(status);
});

test('environment and environment_id must agree', async () => {
  const { development, staging } = place.environmentIds;
  expect((await create({ environment: 'staging', environment_id: staging })).status).toBe(200);
  expect((await create({ environment: 'staging', environment_id: development })).status).toBe(400);
});

test('null is the same as left out', async () => {
  const nulls = { environment: null, environment_id: null, ttl: null, expires_at: null };
  expect((await create(nulls)).json.token).toMatchObject({ environment_id: null, expires_at: null });
});

test('a token ends at its time, to the millisecond, and when the clock goes back it is valid again', async () => {
  const { json } = await create({ ttl: '1h', permissions: ['read'] });
  const me = async (): Promise<number> => (await vault.call('GET', '/v1/cloud/me', { token: json.token })).status;
  expect(await me()).toBe(200);
  vault.clock.offsetMs += 3600 * second;
  expect(await me()).toBe(401);
  vault.clock.offsetMs -= 60 * second;
  expect(await me()).toBe(200);
});

test('revoking ends a token at once, by either way, and may be repeated', async () => {
  for (const [method, suffix] of [
    ['POST', '/revoke'],
    ['DELETE', ''],
  ] as const) {
    const { json } = await create({});
    const me = async (): Promise<number> =>
      (await vault.call('GET', '/v1/cloud/me', { token: json.plaintext_token })).status;
    expect(await me()).toBe(200);
    const path = `${place.base}/tokens/${json.token.id}${suffix}`;
    expect(await vault.root(method, path)).toEqual({ ok: true });
    expect(await me()).toBe(401);
    expect(await vault.root(method, path)).toEqual({ ok: true });
    const listed = (await vault.root('GET', `${place.base}/tokens`)).tokens.find(({ id }: any) => id === json.token.id);
    expect(listed.revoked_at).not.toBeNull();
  }
});

test('a token of another project can’t be revoked here', async () => {
  const other = await makeWorkspace(vault, 'other');
  const { token } = await vault.root('POST', `${other.base}/tokens`, { name: 'o' });
  for (const id of [token.id, randomUUID(), 'x']) {
    const answer = await vault.call('DELETE', `${place.base}/tokens/${id}`, { token: vault.rootToken });
    expect(answer.status).toBe(404);
  }
});

test('two tokens may bear the same name; lists never hold a text or a hash', async () => {
  const first = (await create({ name: 'same' })).json;
  const again = (await create({ name: 'same' })).json;
  const { text } = await vault.call('GET', `${place.base}/tokens`, { token: vault.rootToken });
  for (const { plaintext_token: plain } of [first, again]) {
    expect(text).not.toContain(plain);
    expect(text).not.toContain(hashToken(plain));
  }
});

test('when a token was last used is told', async () => {
  const { json } = await create({});
  await vault.call('GET', '/v1/cloud/me', { token: json.plaintext_token });
  await vault.vault.tokenUse.flush();
  const { tokens } = await vault.root('GET', `${place.base}/tokens`);
  expect(tokens.find(({ id }: any) => id === json.token.id).last_used_at).not.toBeNull();
});

test('a mistyped token is known without a look-up', async () => {
  const { json } = await create({});
  const { store } = vault.vault;
  const get = store.get.bind(store);
  let looked = 0;
  Object.assign(store, {
    get: (key: string) => {
      if (key.startsWith('token/')) looked += 1;
      return get(key);
    },
  });
  try {
    const text: string = json.plaintext_token;
    const typo = text.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    expect((await vault.call('GET', '/v1/cloud/me', { token: typo })).status).toBe(401);
    expect(looked).toBe(0);
    await vault.call('GET', '/v1/cloud/me', { token: text });
    expect(looked).toBe(1);
  } finally {
    Reflect.deleteProperty(store, 'get');
  }
});
