// Organisations, members, projects and environments: shapes, slugs that are renamed and stay reserved, the trash, roles.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, type Workspace, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;
let projects: string;

beforeAll(async () => {
  vault = await startTestVault();
});
beforeEach(async () => {
  place = await makeWorkspace(vault, `org-${randomUUID().slice(0, 8)}`);
  projects = `/v1/cloud/orgs/${place.org}/projects`;
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  vault.call(method, path, { token: vault.rootToken, body });
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;

test('objects have the fields of the contract', async () => {
  const org = await vault.root('GET', `/v1/cloud/orgs/${place.org}`);
  expect(Object.keys(org)).toEqual(['id', 'name', 'slug', 'owner_id', 'tier', 'created_at', 'updated_at']);
  const project = await vault.root('GET', place.base);
  expect(Object.keys(project)).toEqual(['id', 'org_id', 'name', 'slug', 'description', 'created_at', 'updated_at']);
  const [environment] = (await vault.root('GET', `${place.base}/environments`)).environments;
  expect(environment).toMatchObject({ project_id: place.projectId, name: 'Development', slug: 'development' });
});

test('lists are newest first', async () => {
  for (const slug of ['one', 'two']) {
    vault.clock.offsetMs += 1000;
    await vault.root('POST', projects, { name: slug, slug });
  }
  const listed = (await vault.root('GET', projects)).projects.map(({ slug }: any) => slug);
  expect(listed).toEqual(['two', 'one', 'app']);
});

test.each([
  { name: 'empty', slug: '', status: 400 },
  { name: 'dot', slug: '.', status: 400 },
  { name: 'two dots', slug: '..', status: 400 },
  { name: 'a UUID', slug: randomUUID(), status: 400 },
  { name: 'a control character', slug: 'a\u0000', status: 400 },
  { name: '65 bytes', slug: 'é'.repeat(33), status: 400 },
  { name: '64 bytes', slug: 'é'.repeat(32), status: 200 },
  { name: 'lone surrogate', slug: '\ud800', status: 400 },
  { name: 'a slash', slug: 'a/b', status: 200 },
  { name: 'percent', slug: '%2e%2e', status: 200 },
  { name: '__proto__', slug: '__proto__', status: 200 },
  { name: 'spaces and quotes', slug: ` "'$(x) `, status: 200 },
])('slug: $name', async ({ slug, status: expected }) => {
  for (const [path, body] of [
    [projects, { name: 'n', slug }],
    [`${place.base}/environments`, { slug: slug }],
  ] as const) {
    const answer = await call('POST', path, body);
    // An environment's name is its slug when none is given, so the slug's own limits decide.
    expect([path, answer.status]).toEqual([path, expected]);
    if (expected !== 200) continue;
    const address = `${path}/${encodeURIComponent(slug)}`;
    if (path === projects) expect((await vault.root('GET', address)).slug).toBe(slug);
    else expect(await status('PATCH', address, { sort_order: 9 })).toBe(200);
  }
});

const renamable = [
  { what: 'project', list: () => projects, get: (slug: string) => `${projects}/${slug}/environments` },
  {
    what: 'environment',
    list: () => `${place.base}/environments`,
    get: (slug: string) => `${place.base}/envs/${slug}/secrets`,
  },
];

test.each(renamable)('a renamed $what resolves by all its slugs; others get 409', async ({ list, get }) => {
  await vault.root('POST', list(), { name: 'a', slug: 'a' });
  await vault.root('PATCH', `${list()}/a`, { slug: 'b' });
  const renamed = await vault.root('PATCH', `${list()}/a`, { slug: 'c' });
  expect(renamed.slug).toBe('c');
  for (const slug of ['a', 'b', 'c']) {
    expect(await status('GET', get(slug))).toBe(200);
    expect(await status('POST', list(), { name: 'x', slug })).toBe(409);
  }
  // It may have an old one back.
  expect((await vault.root('PATCH', `${list()}/c`, { slug: 'a' })).slug).toBe('a');
  await vault.root('POST', list(), { name: 'other', slug: 'other' });
  expect(await status('PATCH', `${list()}/other`, { slug: 'b' })).toBe(409);
  // Deleted, it gives them all up.
  await vault.root('DELETE', `${list()}/a`);
  for (const slug of ['a', 'b', 'c']) expect(await status('GET', get(slug))).toBe(404);
  expect((await vault.root('POST', list(), { name: 'b', slug: 'b' })).slug).toBe('b');
  // Restored, it takes back what is still free.
  const restored = await vault.root('POST', `${list()}/a/restore`);
  expect(restored.id).toBe(renamed.id);
  for (const slug of ['a', 'c']) expect(await status('GET', get(slug))).toBe(200);
  const all = (await vault.root('GET', list()))[list() === projects ? 'projects' : 'environments'];
  expect(all.filter(({ id }: any) => id === renamed.id)).toHaveLength(1);
});

test.each(renamable)('a $what whose slug is taken meanwhile is not restored', async ({ list }) => {
  const first = await vault.root('POST', list(), { name: 'x', slug: 'x' });
  await vault.root('DELETE', `${list()}/x`);
  expect(await status('POST', `${list()}/y/restore`)).toBe(404);
  await vault.root('POST', list(), { name: 'x', slug: 'x' });
  expect(await status('POST', `${list()}/${first.id}/restore`)).toBe(409);
  await vault.root('PATCH', `${list()}/x`, { slug: 'z' });
  expect(await status('POST', `${list()}/${first.id}/restore`)).toBe(409);
  await vault.root('DELETE', `${list()}/z`);
  expect((await vault.root('POST', `${list()}/x/restore`)).id).toBe(first.id);
});

test('what holds secrets is deleted with force only, by an admin; restored, it has them again', async () => {
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
  const developer = vault.jwt('dev');
  const member = { email: 'dev@example.com', role: 'developer', user_id: 'dev' };
  await vault.root('POST', `/v1/cloud/orgs/${place.org}/members`, member);
  for (const path of [`${place.base}/environments/development`, place.base]) {
    expect(await status('DELETE', path)).toBe(409);
    expect(await status('DELETE', `${path}?force=false`)).toBe(409);
    expect(await status('DELETE', `${path}?force=yes`)).toBe(400);
    expect((await vault.call('DELETE', `${path}?force=true`, { token: developer })).status).toBe(403);
    expect(await status('DELETE', `${path}?force=true`)).toBe(200);
    expect(await status('GET', `${place.env}/secrets/K`)).toBe(404);
    expect((await vault.call('POST', `${path}/restore`, { token: developer })).status).toBe(200);
    expect((await vault.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('v');
    expect(await status('POST', `${path}/restore`)).toBe(409);
  }
});

test('an environment counts its secrets', async () => {
  const count = async (): Promise<number> =>
    (await vault.root('GET', `${place.base}/environments`)).environments[0].secret_count;
  const secret = `${place.env}/secrets/K`;
  const steps: [string, string, unknown, number][] = [
    ['PUT', secret, { value: '1' }, 1],
    ['PUT', secret, { value: '2' }, 1],
    ['DELETE', secret, undefined, 0],
    ['POST', `${secret}/restore`, undefined, 1],
    ['POST', `${place.env}/batch`, { operations: [{ op: 'put', key: 'L', value: '' }] }, 2],
  ];
  for (const [method, path, body, expected] of steps) {
    await vault.root(method, path, body);
    expect(await count()).toBe(expected);
  }
});

test('requests that race with a deletion don’t bring anything half back', async () => {
  for (let round = 0; round < 10; round += 1) {
    const slug = `race-${round}`;
    const environments = `${place.base}/environments`;
    const { id } = await vault.root('POST', environments, { slug });
    const secret = `${place.base}/envs/${slug}/secrets/K`;
    const answers = await Promise.all([
      call('DELETE', `${environments}/${slug}`),
      call('POST', environments, { slug }),
      call('DELETE', `${environments}/${id}`),
      call('PATCH', `${environments}/${id}`, { name: 'renamed' }),
      call('PUT', secret, { value: 'v' }),
    ]);
    for (const { status: got } of answers) expect([200, 404, 409]).toContain(got);
    const listed = (await vault.root('GET', environments)).environments.filter((one: any) => one.slug === slug);
    expect(listed.length).toBeLessThanOrEqual(1);
    // Whatever won: what is listed can be used.
    for (const one of listed) {
      expect(await status('GET', `${place.base}/envs/${slug}/secrets`)).toBe(200);
      expect(await status('GET', `${place.base}/envs/${one.id}/secrets`)).toBe(200);
    }
    if (listed.length === 0) expect(await status('GET', `${place.base}/envs/${slug}/secrets`)).toBe(404);
  }
});

test('two organisations, projects and environments of one slug don’t meet', async () => {
  const other = await makeWorkspace(vault, `${place.org}-2`);
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'mine' });
  await vault.root('PUT', `${other.env}/secrets/K`, { value: 'theirs' });
  expect((await vault.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('mine');
  const crossed = `/v1/cloud/orgs/${place.org}/projects/${other.projectId}`;
  expect(await status('GET', crossed)).toBe(404);
  const crossedEnv = `${place.base}/envs/${other.environmentIds['development']}/secrets`;
  expect(await status('GET', crossedEnv)).toBe(404);
  expect(await status('POST', '/v1/cloud/orgs', { name: 'x', slug: place.org })).toBe(409);
});

test('members: bound at the first log-in, never without an admin', async () => {
  const admin = vault.jwt('boss');
  const made = await vault.call('POST', '/v1/cloud/orgs', {
    token: admin,
    body: { name: 'm', slug: `m-${randomUUID()}` },
  });
  const members = `/v1/cloud/orgs/${made.json.slug}/members`;
  const as = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    vault.call(method, path, { token: admin, body });
  const [self] = (await as('GET', members)).json.members;
  expect(self).toMatchObject({ user_id: 'boss', role: 'admin', accepted_at: expect.any(String) });
  expect((await as('PATCH', `${members}/boss`, { role: 'viewer' })).status).toBe(409);
  expect((await as('DELETE', `${members}/${self.id}`)).status).toBe(409);

  const pending = (await as('POST', members, { email: 'p@example.com', role: 'admin' })).json;
  expect(pending).toMatchObject({ user_id: null, accepted_at: null });
  // A pending admin is nobody yet.
  expect((await as('DELETE', `${members}/boss`)).status).toBe(409);
  expect((await as('POST', members, { email: 'P@EXAMPLE.com', role: 'viewer' })).status).toBe(409);
  const second = (await as('POST', members, { email: 's@example.com', role: 'admin', user_id: 'second' })).json;
  expect((await as('PATCH', `${members}/boss`, { role: 'viewer' })).status).toBe(200);
  // From now on boss is a viewer, without a new token.
  expect((await as('PATCH', `${members}/second`, { role: 'viewer' })).status).toBe(403);
  const byOther = await vault.call('DELETE', `${members}/${second.id}`, { token: vault.jwt('second') });
  expect(byOther.status).toBe(409);
});

test.each([
  ['no at sign', { email: 'x', role: 'viewer' }, 400],
  ['unknown role', { email: 'x@example.com', role: 'owner' }, 422],
  ['empty address, no user', { email: '', role: 'viewer' }, 400],
  ['empty user', { email: 'x@example.com', role: 'viewer', user_id: '' }, 400],
  ['control character', { email: 'x@example.com\n', role: 'viewer' }, 400],
])('a member with %s is refused', async (_name, body, expected) => {
  expect(await status('POST', `/v1/cloud/orgs/${place.org}/members`, body)).toBe(expected);
});
