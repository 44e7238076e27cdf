// Creating with a client-made id: the same body again answers the same object, and an id in use never reaches another's.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestVault, type Workspace, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let mine: Workspace;
let theirs: Workspace;

beforeAll(async () => {
  vault = await startTestVault();
  mine = await makeWorkspace(vault, 'mine');
  theirs = await makeWorkspace(vault, 'theirs');
});
afterAll(() => vault[Symbol.asyncDispose]());

const creations = [
  {
    what: 'organisation',
    path: () => '/v1/cloud/orgs',
    body: (id: string) => ({ id, name: 'n', slug: `s-${id.slice(0, 8)}` }),
  },
  {
    what: 'project',
    path: () => `/v1/cloud/orgs/${mine.org}/projects`,
    body: (id: string) => ({ id, name: 'n', slug: `s-${id.slice(0, 8)}`, description: 'd', environments: ['one'] }),
  },
  {
    what: 'project, by the organisation in the body',
    path: () => '/v1/cloud/projects',
    body: (id: string) => ({ id, name: 'n', slug: `s-${id.slice(0, 8)}`, org: mine.org }),
  },
  {
    what: 'environment',
    path: () => `${mine.base}/environments`,
    body: (id: string) => ({ id, name: 'n', slug: `s-${id.slice(0, 8)}` }),
  },
  {
    what: 'member',
    path: () => `/v1/cloud/orgs/${mine.org}/members`,
    body: (id: string) => ({ id, email: `${id}@example.com`, role: 'viewer' }),
  },
];

test.each(creations)('the same body again answers the same $what', async ({ path, body }) => {
  const id = randomUUID();
  const first = await vault.root('POST', path(), body(id));
  expect(first.id).toBe(id);
  expect(await vault.root('POST', path(), body(id))).toEqual(first);
  // The order of members, fields that nobody knows, and the case of the id don't make another body.
  const reordered = Object.fromEntries(Object.entries(body(id)).toReversed());
  expect(await vault.root('POST', path(), { ...reordered, unknown: { deep: [1] } })).toEqual(first);
  expect(await vault.root('POST', path(), { ...body(id), id: id.toUpperCase() })).toEqual(first);
});

test.each(creations)('another body under the same id is refused: $what', async ({ path, body }) => {
  const id = randomUUID();
  await vault.root('POST', path(), body(id));
  const changed = 'name' in body(id) ? { ...body(id), name: 'other' } : { ...body(id), role: 'admin' };
  const answer = await vault.call('POST', path(), { token: vault.rootToken, body: changed });
  expect([answer.status, answer.json.error]).toEqual([409, 'conflict']);
});

test('a token is repeated without its text', async () => {
  const body = { id: randomUUID(), name: 'ci' };
  const path = `${mine.base}/tokens`;
  const first = await vault.root('POST', path, body);
  const again = await vault.root('POST', path, body);
  expect(first.plaintext_token).toMatch(/^zvt_/);
  expect(again).toEqual({ token: first.token, plaintext_token: null });
  const formB = { ...body, id: randomUUID(), environment: 'staging', ttl: '1h' };
  const firstB = await vault.root('POST', path, formB);
  const againB = await vault.root('POST', path, formB);
  expect(firstB.token).toBe(firstB.plaintext_token);
  expect(againB.plaintext_token).toBeNull();
  expect(againB.service_token).toEqual(firstB.service_token);
  expect(JSON.stringify(againB)).not.toContain(firstB.token);
});

test.each([
  { name: 'not a UUID', id: 'x' },
  { name: 'empty', id: '' },
  { name: 'with braces', id: `{${randomUUID()}}` },
])('an id that is no UUID is 422: $name', async ({ id }) => {
  const answer = await vault.call('POST', '/v1/cloud/orgs', {
    token: vault.rootToken,
    body: { id, name: 'n', slug: 'x' },
  });
  expect(answer.status).toBe(422);
});

test('a repeated creation whose object is gone does not pretend that it is there', async () => {
  const body = { id: randomUUID(), name: 'short-lived', slug: 'short-lived' };
  const path = `${mine.base}/environments`;
  await vault.root('POST', path, body);
  await vault.root('DELETE', `${path}/short-lived`);
  const answer = await vault.call('POST', path, { token: vault.rootToken, body });
  expect(answer.status).toBe(409);
});

/** Ids of objects that the server named: a client that claims one must not get at the object. */
test('the id of an object that exists can not be claimed, by anybody', async () => {
  await vault.root('PUT', `${theirs.env}/secrets/K`, { value: 'theirs' });
  const intruder = vault.jwt('intruder');
  const own = await vault.call('POST', '/v1/cloud/orgs', { token: intruder, body: { name: 'own', slug: 'own' } });
  expect(own.status).toBe(200);
  const ownBase = '/v1/cloud/orgs/own/projects';
  await vault.call('POST', ownBase, { token: intruder, body: { name: 'p', slug: 'p' } });
  const [token] = (await vault.root('GET', `${theirs.base}/tokens`)).tokens.concat(
    (await vault.root('POST', `${theirs.base}/tokens`, { name: 'victim' })).token,
  );
  const attempts = [
    { path: '/v1/cloud/orgs', body: { id: theirs.orgId, name: 'x', slug: 'x' } },
    { path: ownBase, body: { id: theirs.projectId, name: 'x', slug: 'x' } },
    { path: '/v1/cloud/projects', body: { id: theirs.projectId, name: 'x', slug: 'x', org: 'own' } },
    { path: `${ownBase}/p/environments`, body: { id: theirs.environmentIds['development'], name: 'x', slug: 'x' } },
    { path: `${ownBase}/p/tokens`, body: { id: token.id, name: 'x' } },
  ];
  for (const { path, body } of attempts) {
    const answer = await vault.call('POST', path, { token: intruder, body });
    expect([path, answer.status]).toEqual([path, 409]);
  }
  expect((await vault.call('GET', `/v1/cloud/orgs/${theirs.orgId}`, { token: intruder })).status).toBe(403);
  expect((await vault.root('GET', `${theirs.env}/secrets/K`)).secret.value).toBe('theirs');
  expect((await vault.root('GET', `/v1/cloud/orgs/${theirs.orgId}`)).slug).toBe('theirs');
  const members = await vault.root('GET', `/v1/cloud/orgs/${theirs.orgId}/members`);
  expect(members.members).toEqual([]);
});

test('unknown fields of any depth neither count nor break anything', async () => {
  const id = randomUUID();
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const raw = `{"id":"${id}","name":"deep","slug":"deep","other":${deep}}`;
  const answer = await vault.call('POST', '/v1/cloud/orgs', { token: vault.rootToken, raw });
  expect(answer.status).toBe(200);
});

test('tokens made in one project stay there', async () => {
  const token = await makeToken(vault, mine.base);
  expect((await vault.call('GET', '/v1/cloud/me', { token })).json.project_id).toBe(mine.projectId);
});
