// Secrets through the cloud API: versions, compare-and-set, rollback, restore, batches, conditional reads.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Answer, Call } from '../../test/support/http.ts';
import { type TestVault, type Workspace, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;
let env: string;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
});
beforeEach(async () => {
  const slug = `e-${randomUUID()}`;
  await vault.root('POST', `${place.base}/environments`, { slug });
  env = `${place.base}/envs/${slug}`;
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown, more: Call = {}): Promise<Answer> =>
  vault.call(method, `${env}${path}`, { token: vault.rootToken, body, ...more });
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;
const value = async (key: string): Promise<unknown> => (await call('GET', `/secrets/${key}`)).json.secret?.value;

test('a secret has all its fields, in the order of the contract, and compact', async () => {
  const written = await call('PUT', '/secrets/K', { value: 'v', comment: 'why' });
  expect(Object.keys(written.json.secret)).toEqual([
    'key',
    'value',
    'version',
    'comment',
    'created_at',
    'updated_at',
    'id',
  ]);
  expect(written.json.secret).toMatchObject({ key: 'K', value: 'v', version: 1, comment: 'why' });
  expect(written.text).toContain('"key":"K","value":"v","version":1');
  expect(written.json.secret.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const read = await call('GET', '/secrets/K');
  expect(read.json).toEqual(written.json);
  expect(read.headers['cache-control']).toBe('no-store');
  expect((await call('GET', '/secrets')).json).toEqual({
    keys: [{ key: 'K', version: 1, comment: 'why', updated_at: read.json.secret.updated_at, id: read.json.secret.id }],
  });
});

test('a write without a comment erases it; the id stays, the version grows by one', async () => {
  const first = (await call('PUT', '/secrets/K', { value: 'a', comment: 'c' })).json.secret;
  const second = (await call('PUT', '/secrets/K', { value: 'b' })).json.secret;
  expect(second).toMatchObject({ id: first.id, version: 2, comment: '', created_at: first.created_at });
});

test('keys are listed by their bytes, not by UTF-16', async () => {
  const keys = ['\u{1F600}', '\uFFFD', 'a', 'Z', '\uE000', 'é', 'a/b', 'a b'];
  for (const key of keys) await call('PUT', `/secrets/${encodeURIComponent(key)}`, { value: key });
  const listed = (await call('GET', '/secrets')).json.keys.map(({ key }: { key: string }) => key);
  expect(listed).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});

test.each([
  { name: '0 on a new key', before: [], cas: 0, status: 200 },
  { name: '0 on a key that exists', before: ['put'], cas: 0, status: 409 },
  { name: 'the current version', before: ['put', 'put'], cas: 2, status: 200 },
  { name: 'an old version', before: ['put', 'put'], cas: 1, status: 409 },
  { name: 'a future version', before: ['put'], cas: 2, status: 409 },
  { name: '1 on a new key', before: [], cas: 1, status: 409 },
  { name: '0 on a deleted key', before: ['put', 'delete'], cas: 0, status: 200 },
  { name: 'the version of a deleted key', before: ['put', 'delete'], cas: 1, status: 409 },
  { name: 'negative', before: [], cas: -1, status: 422 },
  { name: 'a fraction', before: [], cas: 1.5, status: 422 },
  { name: 'a text', before: [], cas: '0', status: 422 },
  { name: 'null', before: [], cas: null, status: 422 },
])('compare-and-set, $name: $status', async ({ before, cas, status: expected }) => {
  for (const step of before)
    await (step === 'put' ? call('PUT', '/secrets/K', { value: 'old' }) : call('DELETE', '/secrets/K'));
  const was = await value('K');
  expect(await status('PUT', '/secrets/K', { value: 'new', cas })).toBe(expected);
  expect(await value('K')).toBe(expected === 200 ? 'new' : was);
});

test('of many writes with the same cas, one wins', async () => {
  await call('PUT', '/secrets/K', { value: 'start' });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => call('PUT', '/secrets/K', { value: `w${index}`, cas: 1 })),
  );
  const won = answers.filter((answer) => answer.status === 200);
  expect(won).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 409)).toHaveLength(19);
  expect(await value('K')).toBe(won[0]?.json.secret.value);
});

test('versions are listed newest first, without values, and read one by one', async () => {
  for (const text of ['one', 'two', 'three']) await call('PUT', '/secrets/K', { value: text, comment: text });
  const answer = await call('GET', '/secrets/K/versions');
  expect(answer.json.versions.map(({ version, comment }: any) => [version, comment])).toEqual([
    [3, 'three'],
    [2, 'two'],
    [1, 'one'],
  ]);
  expect(answer.json.versions[0].created_by).toEqual({
    type: 'root',
    id: 'root',
    issuer: null,
    token_id: expect.any(String),
    via: 'api',
  });
  for (const [version, text] of [
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
  ] as const) {
    expect((await call('GET', `/secrets/K?version=${version}`)).json.secret).toMatchObject({ value: text, version });
  }
});

test.each([
  ['?version=4', 404],
  ['?version=0', 400],
  ['?version=-1', 400],
  ['?version=x', 400],
  ['?version=', 400],
  ['?version=1.0', 400],
  ['?version=99999999999', 400],
  ['?version=1&version=x', 200],
  ['?unknown=x', 200],
])('GET secrets/K%s is %i', async (query, expected) => {
  await call('PUT', '/secrets/K', { value: 'v' });
  expect(await status('GET', `/secrets/K${query}`)).toBe(expected);
});

test('at most 100 versions are kept', async () => {
  const operations = Array.from({ length: 130 }, (_, index) => ({ op: 'put', key: 'K', value: `v${index + 1}` }));
  expect((await call('POST', '/batch', { operations })).json.results.at(-1).version).toBe(130);
  const { versions } = (await call('GET', '/secrets/K/versions')).json;
  expect([versions.length, versions[0].version, versions.at(-1).version]).toEqual([100, 130, 31]);
  expect(await status('GET', '/secrets/K?version=30')).toBe(404);
  expect((await call('GET', '/secrets/K?version=31')).json.secret.value).toBe('v31');
});

test('rollback writes a new version with the old value and comment', async () => {
  await call('PUT', '/secrets/K', { value: 'one', comment: 'c1' });
  await call('PUT', '/secrets/K', { value: 'two' });
  const answer = await call('POST', '/secrets/K/rollback', { version: 1 });
  expect(answer.json.secret).toMatchObject({ value: 'one', comment: 'c1', version: 3 });
  expect(await status('POST', '/secrets/K/rollback', { version: 9 })).toBe(404);
  expect(await status('POST', '/secrets/X/rollback', { version: 1 })).toBe(404);
  expect(await status('POST', '/secrets/K/rollback', { version: 1, cas: 2 })).toBe(409);
  expect(await status('POST', '/secrets/K/rollback', { version: 3, cas: 3 })).toBe(200);
  expect(await status('POST', '/secrets/K/rollback', {})).toBe(422);
});

test('a version number is never used again, and a new object gets a new id', async () => {
  const first = (await call('PUT', '/secrets/K', { value: 'a' })).json.secret;
  await call('PUT', '/secrets/K', { value: 'b' });
  await call('DELETE', '/secrets/K');
  const second = (await call('PUT', '/secrets/K', { value: 'c', cas: 0 })).json.secret;
  expect(second.version).toBe(3);
  expect(second.id).not.toBe(first.id);
  // The versions of the object before are not those of this one.
  expect((await call('GET', '/secrets/K/versions')).json.versions).toHaveLength(1);
  expect(await status('GET', '/secrets/K?version=2')).toBe(404);
});

test('DELETE with id and cas means this object at this version, and no other', async () => {
  const { id } = (await call('PUT', '/secrets/K', { value: 'a' })).json.secret;
  expect(await status('DELETE', `/secrets/K?id=${randomUUID()}`)).toBe(409);
  expect(await status('DELETE', `/secrets/K?id=${id}&cas=2`)).toBe(409);
  expect(await status('DELETE', `/secrets/K?id=not-a-uuid`)).toBe(400);
  expect(await status('DELETE', `/secrets/K?cas=0`)).toBe(400);
  expect(await value('K')).toBe('a');
  expect(await status('DELETE', `/secrets/K?id=${id.toUpperCase()}&cas=1`)).toBe(200);
  expect(await status('DELETE', `/secrets/K?id=${id}`)).toBe(404);
});

test('restore brings back what was deleted last: same id, version and history', async () => {
  const first = (await call('PUT', '/secrets/K', { value: 'one' })).json.secret;
  await call('PUT', '/secrets/K', { value: 'two' });
  await call('DELETE', '/secrets/K');
  expect(await status('GET', '/secrets/K')).toBe(404);
  const restored = (await call('POST', '/secrets/K/restore')).json.secret;
  expect(restored).toMatchObject({ id: first.id, value: 'two', version: 2 });
  expect((await call('GET', '/secrets/K?version=1')).json.secret.value).toBe('one');
  expect(await status('POST', '/secrets/K/restore')).toBe(409);
  expect(await status('POST', '/secrets/X/restore')).toBe(404);
});

test('of several objects deleted under a key, in one moment even, the last is restored', async () => {
  const operations = ['first', 'second', 'third'].flatMap((text) => [
    { op: 'put', key: 'K', value: text },
    { op: 'delete', key: 'K' },
  ]);
  for (let round = 0; round < 5; round += 1) {
    await call('POST', '/batch', { operations });
    expect((await call('POST', '/secrets/K/restore')).json.secret.value).toBe('third');
    await call('DELETE', '/secrets/K');
  }
});

test('restore of a key does not take a longer key that begins like it', async () => {
  const nul = encodeURIComponent('A\u0000B');
  await call('PUT', `/secrets/${nul}`, { value: 'long' });
  await call('DELETE', `/secrets/${nul}`);
  expect(await status('POST', '/secrets/A/restore')).toBe(404);
  expect((await call('POST', `/secrets/${nul}/restore`)).json.secret).toMatchObject({ key: 'A\u0000B', value: 'long' });
});

test('a batch is done whole, in order', async () => {
  await call('PUT', '/secrets/OLD', { value: 'x' });
  const answer = await call('POST', '/batch', {
    operations: [
      { op: 'put', key: 'A', value: '1', comment: 'c' },
      { op: 'put', key: 'A', value: '2', cas: 1 },
      { op: 'delete', key: 'OLD', cas: 1 },
      { op: 'put', key: 'OLD', value: 'y', cas: 0 },
    ],
  });
  expect(answer.json.results.map(({ op, key, version }: any) => [op, key, version])).toEqual([
    ['put', 'A', 1],
    ['put', 'A', 2],
    ['delete', 'OLD', 1],
    ['put', 'OLD', 2],
  ]);
  expect(await value('A')).toBe('2');
  expect((await call('POST', '/batch', { operations: [] })).json.results).toEqual([]);
});

test.each([
  { name: 'cas does not match', bad: { op: 'put', key: 'B', value: 'x', cas: 7 }, status: 409 },
  { name: 'delete of a key that is not there', bad: { op: 'delete', key: 'NONE' }, status: 404 },
  { name: 'refused key', bad: { op: 'put', key: '..', value: 'x' }, status: 400 },
  { name: 'lone surrogate', bad: { op: 'put', key: 'B', value: '\ud800' }, status: 400 },
  { name: 'value too large', bad: { op: 'put', key: 'B', value: 'x'.repeat(1_048_577) }, status: 400 },
  { name: 'unknown operation', bad: { op: 'rename', key: 'B' }, status: 422 },
  { name: 'put without a value', bad: { op: 'put', key: 'B' }, status: 422 },
])('a batch with one bad operation does nothing: $name', async ({ bad, status: expected }) => {
  await call('PUT', '/secrets/KEEP', { value: 'kept' });
  const before = (await call('GET', '/secrets?include=values')).headers.etag;
  const operations = [{ op: 'put', key: 'A', value: '1' }, { op: 'delete', key: 'KEEP' }, bad];
  expect(await status('POST', '/batch', { operations })).toBe(expected);
  const after = await call('GET', '/secrets?include=values');
  expect(after.json.secrets.map(({ key }: any) => key)).toEqual(['KEEP']);
  expect(after.headers.etag).toBe(before);
});

test('an ETag answers 304 while nothing changes, and is looked at after the token', async () => {
  await call('PUT', '/secrets/K', { value: 'v' });
  const token = await makeToken(vault, place.base, { permissions: ['read', 'write'] });
  for (const path of ['/secrets', '/secrets?include=values']) {
    const { etag = '' } = (await call('GET', path)).headers;
    const conditional = (headers: Record<string, string>, more: Call = {}): Promise<Answer> =>
      call('GET', path, undefined, { headers, ...more });
    const unchanged = await conditional({ 'If-None-Match': etag });
    expect([unchanged.status, unchanged.text, unchanged.headers.etag]).toEqual([304, '', etag]);
    expect((await conditional({ 'If-None-Match': `"x", W/${etag}` })).status).toBe(304);
    expect((await conditional({ 'If-None-Match': '"x"' })).status).toBe(200);
    expect((await conditional({ 'If-None-Match': etag }, { token: undefined })).status).toBe(401);
    expect((await conditional({ 'If-None-Match': etag }, { token: 'zvt_x' })).status).toBe(401);
    expect((await conditional({ 'If-None-Match': etag }, { token })).status).toBe(304);
  }
});

test.each([
  { name: 'put', change: () => call('PUT', '/secrets/K', { value: 'v' }) },
  { name: 'delete', change: () => call('DELETE', '/secrets/K') },
  { name: 'batch', change: () => call('POST', '/batch', { operations: [{ op: 'put', key: 'Z', value: '1' }] }) },
  { name: 'rollback', change: () => call('POST', '/secrets/K/rollback', { version: 1 }) },
])('every change makes a new ETag: $name', async ({ change }) => {
  await call('PUT', '/secrets/K', { value: 'v' });
  const before = (await call('GET', '/secrets?include=values')).headers.etag ?? '';
  expect((await change()).status).toBe(200);
  const after = await call('GET', '/secrets?include=values', undefined, { headers: { 'If-None-Match': before } });
  expect(after.status).toBe(200);
});

test('lists with and without values don’t share an ETag', async () => {
  const plain = (await call('GET', '/secrets')).headers.etag;
  expect((await call('GET', '/secrets?include=values')).headers.etag).not.toBe(plain);
  expect(await status('GET', '/secrets?include=nothing')).toBe(400);
});

test('a token without read sees no value in what it writes', async () => {
  await call('PUT', '/secrets/K', { value: 'top' });
  await call('PUT', '/secrets/K', { value: 'second' });
  const token = await makeToken(vault, place.base, { permissions: ['write'] });
  const tries: [string, string, unknown][] = [
    ['PUT', '/secrets/W', { value: 'mine' }],
    ['POST', '/secrets/K/rollback', { version: 1 }],
    ['DELETE', '/secrets/K', undefined],
    ['POST', '/secrets/K/restore', undefined],
    ['POST', '/batch', { operations: [{ op: 'put', key: 'W', value: 'mine' }] }],
  ];
  for (const [method, path, body] of tries) {
    const answer = await call(method, path, body, { token });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toMatch(/top|second|mine|"value"/);
  }
});
