// Tokens of the vault API (contract 1.3, 3.3), and what is stricter than in the reference: nobody gives what he does not have,
// nobody acts on other people's tokens, and a token ends with those that made it.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sweep } from '../src/server/cloud/sweeper.ts';
import { hashToken } from '../src/domain/token.ts';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let maker: string;
beforeAll(async () => {
  vault = await startTestVault();
  const sudo = { path: 'auth/token/*', capabilities: ['sudo', 'read', 'update'] };
  await call('../sys/policies/maker', { rules: [sudo] });
  await call('../sys/policies/plain', { rules: [{ path: 'sys/policies', capabilities: ['list'] }] });
  await call('../sys/policies/closed', { rules: [{ path: 'sys/mounts', capabilities: ['deny'] }] });
});
afterAll(() => vault[Symbol.asyncDispose]());
beforeEach(async () => {
  maker = await create({ policies: ['maker', 'plain', 'default'] });
});

function call(verb: string, body?: unknown, vaultToken = vault.rootToken): Promise<Answer> {
  const path = verb.startsWith('../') ? `/v1/${verb.slice(3)}` : `/v1/auth/token/${verb}`;
  return vault.call('POST', path, { vaultToken, body });
}
async function create(body: object, by?: string): Promise<string> {
  const { status, text, json } = await call('create', body, by);
  if (status !== 200) throw new Error(text);
  return json.client_token;
}
const works = async (token: string): Promise<boolean> => {
  const { status } = await vault.call('GET', '/v1/sys/policies', { vaultToken: token });
  expect([200, 401]).toContain(status);
  return status === 200;
};
const lookUp = async (token: string): Promise<any> => (await call('lookup', { token })).json;
const pass = (seconds: number): void => {
  vault.clock.offsetMs += seconds * 1000;
};

test('created: shape, defaults, prefix', async () => {
  const { json } = await call('create', {});
  expect(json).toEqual({
    client_token: expect.stringMatching(/^zvv_[0-9a-f]{40}$/),
    policies: ['default'],
    renewable: true,
    lease_duration: null,
    id: expect.any(String),
  });
  expect((await call('create')).json.policies).toEqual(['default']);
});

test('looked up: real data, and never the text', async () => {
  const asked = { policies: ['plain'], ttl: '2h', explicit_max_ttl: '1d', display_name: 'ci', metadata: { team: 'a' } };
  const token = await create({ ...asked, renewable: false });
  const answer = await call('lookup', { token });
  expect(answer.json).toMatchObject({
    token_hash: hashToken(token),
    policies: ['plain'],
    display_name: 'ci',
    renewable: false,
    type: 'vault',
    ttl: expect.closeTo(7200, -1),
    metadata: { team: 'a' },
  });
  expect(Date.parse(answer.json.expires_at) - Date.parse(answer.json.created_at)).toBe(7200_000);
  expect(Date.parse(answer.json.max_expires_at) - Date.parse(answer.json.created_at)).toBe(86_400_000);
  expect(answer.text).not.toContain(token);
  expect((await call('lookup', { token: 'zvv_unknown' })).status).toBe(401);
  expect((await call('lookup', {})).status).toBe(422);
  expect(await lookUp(vault.rootToken)).toMatchObject({ type: 'root', policies: ['root'], renewable: false });
});

test('lookup-self needs the policy, takes either header, and no body or any', async () => {
  const own = await create({});
  for (const how of [{ vaultToken: own }, { token: own }, { vaultToken: own, raw: '{' }]) {
    const answer = await vault.call('POST', '/v1/auth/token/lookup-self', how);
    expect([answer.status, answer.json?.display_name]).toEqual([200, 'token']);
  }
  expect((await call('lookup-self', undefined, await create({ policies: ['plain'] }))).status).toBe(403);
});

test.each([
  ['', 400],
  ['0', 400],
  ['-1', 400],
  ['-5m', 400],
  ['1.5h', 400],
  ['1h30m', 400],
  ['5ü', 400],
  ['5\u{1f511}', 400],
  ['99999999999999999999', 400],
  ['999999999999y', 400],
  ['18446744073709551616s', 400],
  [' 90 ', 200],
  ['90', 200],
  ['2m', 200],
])('duration %j: %i', async (ttl, status) => {
  expect((await call('create', { ttl })).status).toBe(status);
  expect((await call('renew', { token: await create({}), increment: ttl })).status).toBe(status);
});

test.each([
  ['policies that are none', { policies: 'root' }, 422],
  ['a policy name with a slash', { policies: ['a/b'] }, 400],
  ['too many policies', { policies: Array.from({ length: 129 }, (_, index) => `p${index}`) }, 400],
  ['a number as ttl', { ttl: 60 }, 422],
  ['metadata that is no text', { metadata: { a: 1 } }, 422],
  ['much metadata', { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, ''])) }, 400],
  ['long metadata', { metadata: { a: 'a'.repeat(4000), b: 'b'.repeat(4000), c: 'c'.repeat(4000) } }, 400],
  ['a control character in the name', { display_name: 'a\nb' }, 400],
])('refused: %s', async (_, body, status) => {
  expect((await call('create', body)).status).toBe(status);
});

test('a token gives policies that it has, and no others; root gives any, root too', async () => {
  expect((await call('create', { policies: ['plain'] }, maker)).json.policies).toEqual(['plain']);
  for (const policies of [['closed'], ['plain', 'closed'], ['root']]) {
    expect((await call('create', { policies }, maker)).status).toBe(403);
  }
  expect((await call('create', {}, await create({ policies: ['maker'] }))).status).toBe(403);
  const rootLike = await create({ policies: ['root'] });
  expect((await call('create', { policies: ['root', 'new'] }, rootLike)).json.policies).toEqual(['root', 'new']);
  expect((await call('create', {}, await create({ policies: ['plain'] }))).status).toBe(403);
});

test('who is denied something can’t make a token that is not', async () => {
  const denied = await create({ policies: ['maker', 'plain', 'closed'] });
  expect((await call('create', { policies: ['plain'] }, denied)).json.policies).toEqual(['plain', 'closed']);
});

test('it ends at its time', async () => {
  const token = await create({ policies: ['plain'], ttl: '1h' });
  expect(await works(token)).toBe(true);
  pass(3600);
  expect(await works(token)).toBe(false);
  expect((await call('lookup', { token })).status).toBe(401);
  expect((await call('renew', { token })).status).toBe(401);
});

test('it lives no longer than its parent, whatever it was given', async () => {
  const parent = await create({ policies: ['maker', 'plain'], ttl: '1h' });
  const { json } = await call('create', { policies: ['plain'], ttl: '2d' }, parent);
  expect(json.lease_duration).toBeOneOf([3599, 3600]);
  const endless = await call('create', { policies: ['plain'] }, parent);
  expect(endless.json.lease_duration).toBeOneOf([3599, 3600]);
  expect(await works(json.client_token)).toBe(true);
  await call('renew', { token: parent, increment: '2h' });
  pass(3600);
  expect(await works(json.client_token)).toBe(true);
  pass(3600);
  expect(await works(json.client_token)).toBe(false);
  expect(await works(endless.json.client_token)).toBe(false);
});

test('a renewal sets the end from now, up to the maximum', async () => {
  const token = await create({ policies: ['plain'], ttl: '1h', explicit_max_ttl: '3h' });
  const renewed = await call('renew', { token, increment: '90m' });
  expect(renewed.json).toMatchObject({ policies: ['plain'], renewable: true, ttl: 5400 });
  expect((await call('renew', { token })).json.ttl).toBe(3600);
  expect((await call('renew', { token, increment: '5h' })).json.ttl).toBeLessThanOrEqual(3 * 3600);
  pass(3 * 3600);
  expect(await works(token)).toBe(false);
  expect((await call('renew', { token: await create({ renewable: false }) })).status).toBe(400);
  expect((await call('renew', { token: vault.rootToken })).status).toBe(400);
  expect((await call('renew', { increment: '1h' })).status).toBe(400);
});

test('renew-self: the own token, named or not; another takes sudo on renew', async () => {
  const own = await create({ ttl: '1h' });
  const other = await create({ ttl: '1h' });
  expect((await call('renew-self', undefined, own)).json.token_hash).toBe(hashToken(own));
  expect((await call('renew-self', { increment: '2h' }, own)).json.ttl).toBe(7200);
  expect((await call('renew-self', { token: own, increment: '30m' }, own)).json.ttl).toBe(1800);
  expect((await call('renew-self', { token: other }, own)).status).toBe(403);
  expect((await call('renew-self', { token: other, increment: '3h' }, maker)).json.ttl).toBe(10_800);
  const bearer = await vault.call('POST', '/v1/auth/token/renew-self', { token: own, body: {} });
  expect(bearer.status).toBe(200);
});

test('revoke-self: the own token; another takes sudo on revoke', async () => {
  const other = await create({ policies: ['plain'] });
  const own = await create({ policies: ['plain'] });
  expect((await call('revoke-self', { token: other }, own)).status).toBe(403);
  expect(await works(other)).toBe(true);
  expect((await call('revoke-self', { token: other }, maker)).status).toBe(204);
  expect(await works(other)).toBe(false);
  expect((await call('revoke-self', { token: own }, own)).status).toBe(204);
  expect(await works(own)).toBe(false);
  const bearer = await create({ policies: ['plain'] });
  expect((await vault.call('POST', '/v1/auth/token/revoke-self', { token: bearer })).status).toBe(204);
  expect(await works(bearer)).toBe(false);
});

test('revoking ends all that descend from a token, at once, also what is remembered', async () => {
  const child = await create({ policies: ['maker', 'plain'] }, maker);
  const grandchild = await create({ policies: ['plain'] }, child);
  const orphan = await create({ policies: ['plain'], no_parent: true });
  for (const token of [child, grandchild, orphan]) expect(await works(token)).toBe(true);
  expect((await call('revoke', { token: maker })).status).toBe(204);
  expect((await call('revoke', { token: maker })).status).toBe(204);
  expect((await call('revoke', { token: 'unknown' })).status).toBe(204);
  for (const token of [maker, child, grandchild]) expect(await works(token)).toBe(false);
  expect((await call('lookup', { token: grandchild })).status).toBe(401);
  expect((await call('renew', { token: grandchild })).status).toBe(401);
  expect(await works(orphan)).toBe(true);
});

test('only root makes orphans', async () => {
  expect((await call('create', { policies: ['plain'], no_parent: true }, maker)).status).toBe(403);
});

test('revoking the parent of hundreds changes a few entries, and nothing of them is left after a sweep', async () => {
  const child = await create({ policies: ['maker', 'plain'] }, maker);
  const made = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      create({ policies: ['plain'], ...(index % 2 === 0 ? { ttl: '1h' } : {}) }, child),
    ),
  );
  const left = async (): Promise<string[]> => {
    const { store } = vault.vault;
    const hashes = new Set([maker, child, ...made].map(hashToken));
    const names = (text: string): boolean => text.split('/').some((part) => hashes.has(part));
    const prefixes = ['token/', 'childtoken/', 'tokenid/', 'expiry/'];
    const entries = (await Promise.all(prefixes.map((prefix) => store.scan({ prefix })))).flat();
    return entries.filter(({ key, value }) => names(key) || hashes.has(value.toString())).map(({ key }) => key);
  };
  expect(await works(made[7] ?? '')).toBe(true);
  const { store, records } = vault.vault;
  const before = new Map((await store.scan({ prefix: '' })).map(({ key, revision }) => [key, revision]));
  await call('revoke', { token: maker });
  const after = new Map((await store.scan({ prefix: '' })).map(({ key, revision }) => [key, revision]));
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key) && !key.startsWith('audit'),
  );
  expect(changed.length).toBeLessThan(10);
  for (const token of [made[0], made[149], made[299]]) expect(await works(token ?? '')).toBe(false);
  expect((await left()).length).toBeGreaterThan(900);
  await sweep(store, records, Date.now() + vault.clock.offsetMs + 1);
  expect(await left()).toEqual([]);
});

test('what has ended is erased a day later, unless it was renewed', async () => {
  const { store, records } = vault.vault;
  const now = (): number => Date.now() + vault.clock.offsetMs;
  const ends = await create({ ttl: '1h' });
  const renewed = await create({ ttl: '1h' });
  await call('renew', { token: renewed, increment: '10d' });
  const kept = async (token: string): Promise<boolean> => (await store.get(`token/${hashToken(token)}`)) !== undefined;
  await sweep(store, records, now() + 2 * 3600_000);
  expect([await kept(ends), await kept(renewed)]).toEqual([true, true]);
  await sweep(store, records, now() + 26 * 3600_000);
  expect([await kept(ends), await kept(renewed)]).toEqual([false, true]);
});

test('there are at most so many generations', async () => {
  let token = maker;
  for (let generation = 3; generation <= 32; generation += 1) token = await create({ policies: ['maker'] }, token);
  const refused = await call('create', { policies: ['maker'] }, token);
  expect([refused.status, refused.json.message]).toEqual([400, expect.stringContaining('31 ancestors')]);
});

test('the same creation again answers the same token, without its text', async () => {
  const body = { id: randomUUID(), policies: ['plain'], metadata: { b: '1', a: '2' } };
  const first = await call('create', body);
  const again = await call('create', body);
  expect(again.json).toEqual({ ...first.json, client_token: null });
  expect((await call('create', { ...body, policies: ['default'] })).status).toBe(409);
  await call('revoke', { token: first.json.client_token });
  expect((await call('create', body)).status).toBe(409);
});

test('a service token looks itself up and ends itself, once, in either header', async () => {
  const place = await makeWorkspace(vault, 'services');
  const token = await makeToken(vault, place.base, { name: 'job', ttl: '1h' });
  const answer = await vault.call('POST', '/v1/auth/token/lookup-self', { token });
  expect(answer.json).toMatchObject({ type: 'service', display_name: 'job', policies: [], renewable: false });
  expect((await vault.call('POST', '/v1/auth/token/renew-self', { token })).status).toBe(400);
  expect((await vault.call('GET', '/v1/sys/policies', { vaultToken: token })).status).toBe(403);
  expect((await vault.call('POST', '/v1/auth/token/revoke-self', { token })).status).toBe(204);
  expect((await vault.call('POST', '/v1/auth/token/revoke-self', { token })).status).toBe(401);
  expect((await vault.call('GET', '/v1/cloud/me', { token })).status).toBe(401);
  const [listed] = (await vault.root('GET', `${place.base}/tokens`)).tokens;
  expect(listed.revoked_at).not.toBeNull();
});

test('a root token can be ended like any other', async () => {
  await using other = await startTestVault();
  const create = await other.call('POST', '/v1/auth/token/create', { vaultToken: other.rootToken, body: {} });
  expect((await other.call('POST', '/v1/auth/token/revoke-self', { vaultToken: other.rootToken })).status).toBe(204);
  for (const vaultToken of [other.rootToken, create.json.client_token]) {
    expect((await other.call('POST', '/v1/auth/token/lookup-self', { vaultToken })).status).toBe(401);
  }
  expect((await other.call('GET', '/v1/cloud/orgs', { token: other.rootToken })).status).toBe(401);
});

test('no token text is in the store or the audit', async () => {
  const token = await create({ policies: ['plain'], display_name: 'canary' });
  await call('lookup', { token });
  await call('renew', { token });
  await call('revoke', { token });
  const { json } = await vault.call('GET', '/v1/sys/audit-log?limit=1000', { vaultToken: vault.rootToken });
  expect(JSON.stringify(json)).not.toContain(token.slice(4));
  const everything = await vault.vault.store.scan({ prefix: '' });
  expect(everything.some(({ key, value }) => key.includes(token.slice(4)) || value.includes(token))).toBe(false);
});
