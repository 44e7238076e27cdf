// One environment through the four dialects of the wire contract (2.2): the same values everywhere.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { signToken } from '../src/server/identity/test-issuer.ts';
import {
  type TestVault,
  type Workspace,
  audience,
  makeToken,
  makeWorkspace,
  otherIssuer,
  otherIssuerKey,
  startTestVault,
} from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;
let wide: string;
let narrow: string;

const values = {
  PLAIN: 'p',
  EMPTY: '',
  'A/B KEY': 'slash',
  UNI: 'ünï\u{1F600}',
  MULTI: 'a\nb\r\n"c"\\',
  __proto__: 'x',
};
const secrets = new Map([...Object.entries(values), ['__proto__', 'proto'], ['constructor', 'c'], ['toString', 't']]);

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault, 'acme', 'app');
  const operations = [...secrets].map(([key, value]) => ({ op: 'put', key, value }));
  await vault.root('POST', `${place.env}/batch`, { operations });
  wide = await makeToken(vault, place.base, { permissions: ['read', 'write'] });
  narrow = await makeToken(vault, place.base, {
    environment: 'development',
    ttl: '1h',
    permissions: ['read', 'write'],
  });
});
afterAll(() => vault[Symbol.asyncDispose]());

const asMap = (entries: { key: string; value: string }[]): Map<string, string> =>
  new Map(entries.map(({ key, value }) => [key, value]));
const sorted = (map: ReadonlyMap<string, string>): [string, string][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('A reads them one by one', async () => {
  const { keys } = await vault.root('GET', `${place.env}/secrets`);
  const read = new Map<string, string>();
  for (const { key } of keys) {
    const { secret } = await vault.root('GET', `${place.env}/secrets/${encodeURIComponent(key)}`);
    read.set(secret.key, secret.value);
  }
  expect(sorted(read)).toEqual(sorted(secrets));
});

const bulk = [
  ['A with include', () => `${place.env}/secrets?include=values`],
  [
    'A by ids',
    () => `/v1/cloud/orgs/${place.orgId}/projects/${place.projectId}/envs/development/secrets?include=values`,
  ],
  ['B', () => `${place.base}/secrets?environment=development`],
  ['B with env', () => `${place.base}/secrets?env=development`],
  ['B by the environment’s id', () => `${place.base}/secrets?env=${place.environmentIds['development']}`],
  [
    'B with the id in capitals',
    () => `/v1/cloud/orgs/${place.orgId.toUpperCase()}/projects/app/secrets?env=development`,
  ],
  ['C by id', () => `/v1/cloud/projects/${place.projectId}/secrets?env=development`],
  ['C by slug', () => '/v1/cloud/projects/app/secrets?environment=development'],
  ['by token', () => '/v1/cloud/secrets?environment=development'],
] as const;

test.each(bulk)('%s: one answer with everything, secrets before keys', async (name, path) => {
  for (const token of [wide, narrow, vault.rootToken]) {
    if (name === 'by token' && token === vault.rootToken) continue;
    const answer = await vault.call('GET', path(), { token });
    expect(answer.status).toBe(200);
    expect(sorted(asMap(answer.json.secrets))).toEqual(sorted(secrets));
    expect(Object.keys(answer.json)).toEqual(['secrets', 'keys']);
    expect(answer.json.keys.map(({ key }: any) => key)).toEqual(answer.json.secrets.map(({ key }: any) => key));
    expect(answer.headers.etag).toBeDefined();
  }
});

test('a token of one environment need not name it; others must', async () => {
  const paths = ['/v1/cloud/secrets', `${place.base}/secrets`, `/v1/cloud/projects/${place.projectId}/secrets`];
  for (const path of paths) {
    for (const query of ['', '?env=', '?environment=']) {
      const own = await vault.call('GET', `${path}${query}`, { token: narrow });
      expect(sorted(asMap(own.json.secrets))).toEqual(sorted(secrets));
      const answer = await vault.call('GET', `${path}${query}`, { token: wide });
      expect([answer.status, answer.json.error]).toEqual([400, 'bad_request']);
    }
    expect((await vault.call('GET', `${path}?env=nowhere`, { token: wide })).status).toBe(404);
    expect((await vault.call('GET', `${path}?env=staging`, { token: narrow })).status).toBe(403);
  }
});

test.each([
  ['B', () => `${place.base}/secrets`],
  ['C', () => `/v1/cloud/projects/${place.projectId}/secrets`],
])('%s writes one, or many at once', async (name, path) => {
  const one = { key: `${name}1`, value: 'one', environment: 'staging', comment: 'c' };
  const answer = await vault.call('PUT', path(), { token: wide, body: one });
  expect(answer.json.secret).toMatchObject({ key: `${name}1`, value: 'one', version: 1, comment: 'c' });
  const many = {
    secrets: [
      { key: `${name}2`, value: '2' },
      { key: `${name}3`, value: '3', cas: 0 },
    ],
    env: 'staging',
  };
  const written = await vault.call('PUT', path(), { token: wide, body: many });
  expect(written.json.secrets.map(({ key, version }: any) => [key, version])).toEqual([
    [`${name}2`, 1],
    [`${name}3`, 1],
  ]);
  // All or nothing.
  const refused = {
    secrets: [
      { key: `${name}4`, value: '4' },
      { key: `${name}3`, value: '3', cas: 0 },
    ],
    env: 'staging',
  };
  expect((await vault.call('PUT', path(), { token: wide, body: refused })).status).toBe(409);
  expect((await vault.call('GET', `${place.base}/envs/staging/secrets/${name}4`, { token: wide })).status).toBe(404);
});

test.each([
  { name: 'no environment, wide token', body: { key: 'X', value: 'v' }, token: () => wide, status: 400 },
  { name: 'another environment', body: { key: 'X', value: 'v', env: 'staging' }, token: () => narrow, status: 403 },
  { name: 'unknown environment', body: { key: 'X', value: 'v', env: 'nowhere' }, token: () => wide, status: 404 },
  { name: 'own environment left out', body: { key: 'X', value: 'v' }, token: () => narrow, status: 200 },
  { name: 'no key', body: { value: 'v', env: 'staging' }, token: () => wide, status: 422 },
  { name: 'neither form', body: { env: 'staging' }, token: () => wide, status: 422 },
  { name: 'empty list', body: { secrets: [], env: 'staging' }, token: () => wide, status: 200 },
  { name: 'lone surrogate in env', body: { key: 'X', value: 'v', env: '\ud800' }, token: () => wide, status: 404 },
])('writes by project, $name: $status', async ({ body, token, status }) => {
  const answer = await vault.call('PUT', `${place.base}/secrets`, { token: token(), body });
  expect(answer.status).toBe(status);
});

test('C reads and deletes one', async () => {
  await vault.root('PUT', `${place.base}/envs/staging/secrets/C%2FK`, { value: 'v' });
  const path = `/v1/cloud/projects/${place.projectId}/secrets/C%2FK`;
  expect((await vault.call('GET', `${path}?env=staging`, { token: wide })).json.secret.value).toBe('v');
  expect((await vault.call('GET', path, { token: wide })).status).toBe(400);
  expect((await vault.call('DELETE', path, { token: wide })).status).toBe(400);
  expect((await vault.call('DELETE', `${path}?env=staging&cas=7`, { token: wide })).status).toBe(409);
  expect((await vault.call('DELETE', `${path}?env=staging`, { token: wide })).json).toEqual({ ok: true });
  expect((await vault.call('GET', `${path}?env=staging`, { token: wide })).status).toBe(404);
});

test('B creates a project by its name alone, and finds it by name, slug and id', async () => {
  const made = await vault.root('POST', '/v1/cloud/orgs/acme/projects', { name: 'My Shop' });
  expect(made.slug).toBe('my-shop');
  for (const text of ['My%20Shop', 'my-shop', made.id]) {
    expect((await vault.root('GET', `/v1/cloud/orgs/acme/projects/${text}`)).id).toBe(made.id);
  }
  const { environments } = await vault.root('GET', '/v1/cloud/orgs/acme/projects/my-shop/environments');
  expect(environments.map(({ slug, secret_count, sort_order }: any) => [slug, secret_count, sort_order])).toEqual([
    ['development', 0, 0],
    ['staging', 0, 1],
    ['production', 0, 2],
  ]);
});

test('a name that several projects bear finds the oldest that there is', async () => {
  const projects = '/v1/cloud/orgs/acme/projects';
  const found = async (): Promise<string> => (await vault.root('GET', `${projects}/Twin%20Name`)).id;
  const ids: string[] = [];
  for (const slug of ['twin-1', 'twin-2', 'twin-3']) {
    vault.clock.offsetMs += 1000;
    ids.push((await vault.root('POST', projects, { name: 'Twin Name', slug })).id);
  }
  expect(await found()).toBe(ids[0]);
  await vault.root('DELETE', `${projects}/twin-1`);
  expect(await found()).toBe(ids[1]);
  await vault.root('PATCH', `${projects}/twin-2`, { name: 'Other Name' });
  expect(await found()).toBe(ids[2]);
  await vault.root('DELETE', `${projects}/twin-3`);
  expect((await vault.call('GET', `${projects}/Twin%20Name`, { token: vault.rootToken })).status).toBe(404);
});

test('C finds a project by its slug among the organisations of the very person', async () => {
  // Somebody of the same name from another issuer has a project of the same slug.
  const seconds = Math.floor((Date.now() + vault.clock.offsetMs) / 1000);
  const namesake = signToken(otherIssuerKey, { iss: otherIssuer, aud: audience, sub: 'sam', exp: seconds + 600 });
  const people = [vault.jwt('sam'), namesake];
  const ids: string[] = [];
  for (const [index, token] of people.entries()) {
    const slug = `sam-${index}`;
    await vault.call('POST', '/v1/cloud/orgs', { token, body: { name: slug, slug } });
    const made = await vault.call('POST', `/v1/cloud/orgs/${slug}/projects`, { token, body: { name: 'shop' } });
    ids.push(made.json.id);
  }
  for (const [index, token] of people.entries()) {
    const secret = { token, body: { key: 'WHOSE', value: `${index}`, env: 'development' } };
    expect((await vault.call('PUT', '/v1/cloud/projects/shop/secrets', secret)).status).toBe(200);
    const byId = `/v1/cloud/projects/${ids[index]}/secrets/WHOSE?env=development`;
    expect((await vault.call('GET', byId, { token })).json.secret.value).toBe(String(index));
    const listed = await vault.call('GET', '/v1/cloud/projects', { token });
    expect(listed.json.projects.map(({ id }: any) => id)).toEqual([ids[index]]);
  }
});

test('C lists and creates projects by organisation', async () => {
  const made = await vault.root('POST', '/v1/cloud/projects', { name: 'c-made', org: 'acme', environments: [] });
  expect(made.org_id).toBe(place.orgId);
  const { projects } = await vault.root('GET', '/v1/cloud/projects?org=acme');
  expect(projects.map(({ slug }: any) => slug)).toContain('c-made');
  expect((await vault.call('GET', '/v1/cloud/projects?org=nobody', { token: vault.rootToken })).status).toBe(404);
});

test.each([
  ['off', undefined, false, false],
  ['off', 'off', false, false],
  ['service tokens', 'service-tokens', true, false],
  ['all', 'all', true, true],
] as const)('D: the plain list with values, %s', async (_name, listValues, forService, forPeople) => {
  await using other = await startTestVault({ listValues });
  const here = await makeWorkspace(other);
  await other.root('PUT', `${here.env}/secrets/K`, { value: 'v' });
  const token = await makeToken(other, here.base, { permissions: ['read'] });
  const plain = (await other.call('GET', `${here.env}/secrets`, { token })).json;
  expect(plain.secrets?.[0]?.value).toBe(forService ? 'v' : undefined);
  expect(plain.keys).toHaveLength(1);
  expect((await other.root('GET', `${here.env}/secrets`)).secrets?.[0]?.value).toBe(forPeople ? 'v' : undefined);
  const head = await other.call('HEAD', '/health');
  expect([head.status, head.text]).toEqual([200, '']);
});

test('a token tells who and where it is', async () => {
  for (const path of ['/v1/cloud/me', '/v1/cloud/auth/me']) {
    const me = (await vault.call('GET', path, { token: narrow })).json;
    expect(me).toMatchObject({
      email: '',
      auth_type: 'service_token',
      org_id: place.orgId,
      org_slug: 'acme',
      project_id: place.projectId,
      project_slug: 'app',
      environment: 'development',
      permissions: ['read', 'write'],
      expires_at: expect.any(String),
    });
    expect((await vault.call('GET', path, { token: wide })).json).toMatchObject({
      environment: null,
      expires_at: null,
    });
    expect((await vault.root('GET', path)).auth_type).toBe('root');
    const person = await vault.call('GET', path, { token: vault.jwt('ann', { email: 'ann@example.com' }) });
    expect(person.json).toMatchObject({ user_id: 'ann', email: 'ann@example.com', auth_type: 'jwt', org_id: null });
  }
});
