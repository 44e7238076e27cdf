// KV version 2: versions, compare-and-set, delete and destroy, lists, and values that come back as they were written.

import { randomUUID } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maxValueBytes } from '../src/domain/names.ts';
import type { Answer, Call } from '../../test/support/http.ts';
import { type TestVault, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown, more: Call = {}): Promise<Answer> =>
  vault.call(method, `/v1/secret/${path}`, { vaultToken: vault.rootToken, body, ...more });
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;
const fresh = (): string => `t/${randomUUID()}`;
const stored = async (path: string): Promise<string | undefined> =>
  /^\{"data":\{"data":(.*),"metadata":\{"version":\d+,"created_time":"[^"]*"\}\},"lease_id":null,"lease_duration":null,"renewable":false\}$/su.exec(
    (await call('GET', `data/${path}`)).text,
  )?.[1];

test('the envelope of a write and of a read', async () => {
  const path = fresh();
  const written = await call('POST', `data/${path}`, { data: { K: 'v' } });
  expect(written.status).toBe(200);
  expect(Object.keys(written.json)).toEqual(['data', 'lease_id', 'lease_duration', 'renewable']);
  expect(written.json).toMatchObject({
    data: { version: 1 },
    lease_id: null,
    lease_duration: null,
    renewable: false,
  });
  expect(written.json.data.created_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+00:00$/);
  const read = await call('GET', `data/${path}`);
  expect(read.json).toEqual({
    data: { data: { data: { K: 'v' } }, metadata: written.json.data },
    lease_id: null,
    lease_duration: null,
    renewable: false,
  });
  expect(read.headers['cache-control']).toBe('no-store');
  expect(read.headers['content-type']).toBe('application/json');
});

test.each([
  ['an object', '{"KEY":"v"}', '{"KEY":"v"}'],
  ['an object in "data"', '{"data":{"KEY":"v"}}', '{"data":{"KEY":"v"}}'],
  ['a text', '"v"', '{"value":"v"}'],
  ['a number', '12', '{"value":12}'],
  ['null', 'null', '{"value":null}'],
  ['a list', '[1,{"a":2}]', '{"value":[1,{"a":2}]}'],
  ['options beside data', '{"options":{},"data":{"K":1}}', '{"data":{"K":1}}'],
  ['options behind data', '{"data":{"K":1},"options":{"other":1}}', '{"data":{"K":1}}'],
  ['options without data', '{"options":{"cas":7}}', '{"options":{"cas":7}}'],
  ['options that are no object', '{"options":"cas","data":{}}', '{"options":"cas","data":{}}'],
  ['options deeper', '{"data":{"options":{"cas":7},"data":1}}', '{"data":{"options":{"cas":7},"data":1}}'],
  ['a large integer', '{"n":9007199254740993}', '{"n":9007199254740993}'],
  ['a number beyond doubles', '{"n":1e400}', '{"n":1e400}'],
  ['numbers of several forms', '{"a":1.0,"b":-0,"c":0.10,"d":1E+2}', '{"a":1.0,"b":-0,"c":0.10,"d":1E+2}'],
  ['a name of the prototype', '{"__proto__":{"a":1},"constructor":1}', '{"__proto__":{"a":1},"constructor":1}'],
  ['an empty object', '{}', '{}'],
  ['an empty name', '{"":""}', '{"":""}'],
])('%s is stored whole', async (_, raw, expected) => {
  const path = fresh();
  expect((await call('POST', `data/${path}`, undefined, { raw })).status).toBe(200);
  expect(await stored(path)).toBe(expected);
});

property.prop([fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 })], { numRuns: 60 })(
  'any value comes back as it was written',
  async (value) => {
    const path = fresh();
    const raw = JSON.stringify({ data: value }, undefined, 2);
    const answer = await call('POST', `data/${path}`, undefined, { raw });
    expect(answer.status).toBe(200);
    expect(await stored(path)).toBe(JSON.stringify({ data: value }));
  },
);

property.prop([fc.stringMatching(/^-?(0|[1-9]\d{0,40})(\.\d{1,40})?([eE][+-]?\d{1,5})?$/)], { numRuns: 60 })(
  'any number comes back as it was written',
  async (number) => {
    const path = fresh();
    expect((await call('POST', `data/${path}`, undefined, { raw: `{"n": ${number} }` })).status).toBe(200);
    expect(await stored(path)).toBe(`{"n":${number}}`);
  },
);

test.each([
  ['a name twice', '{"a":1,"a":2}', 400],
  ['half a surrogate pair', '{"a":"\\ud800"}', 400],
  ['broken JSON', '{"a":', 400],
  ['no body', '', 400],
  ['nesting without end', `${'['.repeat(200)}${']'.repeat(200)}`, 400],
  ['a value of a mebibyte and a byte', JSON.stringify({ v: 'x'.repeat(maxValueBytes - 7) }), 400],
  ['cas below 0', '{"options":{"cas":-1},"data":{}}', 422],
  ['cas as a text', '{"options":{"cas":"1"},"data":{}}', 422],
  ['a fraction as cas', '{"options":{"cas":1.5},"data":{}}', 422],
  ['a body of more than two mebibytes', JSON.stringify('x'.repeat(2_097_152)), 413],
])('%s: refused, and nothing is stored', async (_, raw, expected) => {
  const path = fresh();
  const answer = await call('POST', `data/${path}`, undefined, { raw });
  expect([answer.status, answer.text.includes('xxx')]).toEqual([expected, false]);
  expect(await status('GET', `data/${path}`)).toBe(404);
});

test('a value of a mebibyte is stored', async () => {
  const path = fresh();
  const raw = JSON.stringify({ v: 'x'.repeat(maxValueBytes - 8) });
  expect((await call('POST', `data/${path}`, undefined, { raw })).status).toBe(200);
  expect(await stored(path)).toBe(raw);
});

test.each([
  ['a dot', 'a.b'],
  ['two dots', 'a/..%2fb'],
  ['a space', 'a%20b'],
  ['NUL', 'a%00b'],
  ['a letter beyond ASCII', '%C3%A9'],
  ['eleven segments', 'a/b/c/d/e/f/g/h/i/j/k'],
  ['a path without end', 'a'.repeat(1025)],
])('a path with %s is refused on every route', async (_, path) => {
  const versions = { versions: [1] };
  expect({
    read: await status('GET', `data/${path}`),
    write: await status('POST', `data/${path}`, { a: 1 }),
    delete: await status('DELETE', `data/${path}`),
    metadata: await status('GET', `metadata/${path}`),
    erase: await status('DELETE', `metadata/${path}`),
    list: await status('GET', `list/${path}`),
    undelete: await status('POST', `undelete/${path}`, versions),
    destroy: await status('POST', `destroy/${path}`, versions),
  }).toEqual({ read: 400, write: 400, delete: 400, metadata: 400, erase: 400, list: 400, undelete: 400, destroy: 400 });
});

test('a path with NUL is refused also when it spells what is remembered', async () => {
  const path = fresh();
  await call('POST', `data/${path}`, { a: 1 });
  for (let times = 0; times < 2; times += 1) expect(await status('GET', `data/${path}?version=1`)).toBe(200);
  for (const spelled of [`${path}%001`, `1%00${path}`, `1%20${path}`])
    expect([spelled, await status('GET', `data/${spelled}`)]).toEqual([spelled, 400]);
});

test('ten segments, percent-encoded slashes and HEAD', async () => {
  const path = `${fresh()}/c/d/e/f/g/h/i/j`;
  expect(await status('POST', `data/${path}`, { a: 1 })).toBe(200);
  expect(await status('GET', `data/${path.replaceAll('/', '%2F')}`)).toBe(200);
  const head = await call('HEAD', `data/${path}`);
  expect([head.status, head.text]).toEqual([200, '']);
});

test.each([
  ['PUT', 'data/x', 405],
  ['PATCH', 'data/x', 405],
  ['GET', 'data', 404],
  ['GET', 'data/', 404],
  ['POST', 'metadata/x', 405],
  ['GET', '', 404],
  ['GET', 'other/x', 404],
])('%s %s is not routed: %i without a body', async (method, path, expected) => {
  const answer = await call(method, path);
  expect(answer.status).toBe(expected);
  if (expected === 405) expect(answer.headers.allow).toBeDefined();
  else expect(answer.text).toBe('');
});

test('versions: numbers grow by one and are never used again', async () => {
  const path = fresh();
  for (let version = 1; version <= 12; version += 1) {
    const answer = await call('POST', `data/${path}`, { n: version });
    expect(answer.json.data.version).toBe(version);
  }
  expect((await call('GET', `data/${path}`)).json.data).toMatchObject({ data: { n: 12 }, metadata: { version: 12 } });
  expect((await call('GET', `data/${path}?version=3`)).json.data.data).toEqual({ n: 3 });
  const metadata = (await call('GET', `metadata/${path}`)).json;
  expect(metadata).toMatchObject({ current_version: 12, version_count: 10, max_versions: 10 });
  expect(Object.keys(metadata.versions)).toEqual(['3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
  expect(metadata.created_at).toBe(metadata.versions[3].created_time);
  expect(metadata.updated_at).toBe(metadata.versions[12].created_time);
  for (const gone of [1, 2, 13]) expect(await status('GET', `data/${path}?version=${gone}`)).toBe(404);
  for (const wrong of ['0', '-1', 'x', '1.5']) expect(await status('GET', `data/${path}?version=${wrong}`)).toBe(400);
  expect(await status('POST', `destroy/${path}`, { versions: [12] })).toBe(204);
  expect((await call('POST', `data/${path}`, { n: 13 })).json.data.version).toBe(13);
});

test('delete marks the newest version, again and again; a later write goes on counting', async () => {
  const path = fresh();
  expect(await status('DELETE', `data/${path}`)).toBe(404);
  await call('POST', `data/${path}`, { n: 1 });
  await call('POST', `data/${path}`, { n: 2 });
  for (let times = 0; times < 2; times += 1) expect(await status('DELETE', `data/${path}`)).toBe(204);
  expect(await status('GET', `data/${path}`)).toBe(404);
  expect(await status('GET', `data/${path}?version=2`)).toBe(404);
  expect((await call('GET', `data/${path}?version=1`)).json.data.data).toEqual({ n: 1 });
  const { versions } = (await call('GET', `metadata/${path}`)).json;
  expect(versions[1].deletion_time).toBe(null);
  expect(versions[2].deletion_time).toMatch(/\+00:00$/);
  expect((await call('POST', `data/${path}`, { n: 3 })).json.data.version).toBe(3);
  expect(await stored(path)).toBe('{"n":3}');
});

test('undelete brings a version back, destroy erases it for good', async () => {
  const path = fresh();
  for (const n of [1, 2, 3]) await call('POST', `data/${path}`, { n });
  await call('DELETE', `data/${path}`);
  expect(await status('POST', `undelete/${path}`, { versions: [3, 1] })).toBe(204);
  expect(await stored(path)).toBe('{"n":3}');
  expect(await status('POST', `destroy/${path}`, { versions: [1, 3, 3] })).toBe(204);
  expect(await status('GET', `data/${path}`)).toBe(404);
  expect(await status('GET', `data/${path}?version=1`)).toBe(404);
  expect((await call('GET', `data/${path}?version=2`)).json.data.data).toEqual({ n: 2 });
  expect(await status('POST', `undelete/${path}`, { versions: [3] })).toBe(404);
  expect(await status('POST', `destroy/${path}`, { versions: [3] })).toBe(204);
  expect((await call('GET', `metadata/${path}`)).json.versions[3]).toMatchObject({ destroyed: true });
});

test('an erased path is gone, with everything that was stored for it; a later write goes on counting', async () => {
  const path = fresh();
  expect(await status('DELETE', `metadata/${path}`)).toBe(404);
  for (const n of [1, 2, 3]) await call('POST', `data/${path}`, { n });
  await call('GET', `data/${path}?version=2`);
  expect(await status('DELETE', `metadata/${path}`)).toBe(204);
  for (const route of [`data/${path}`, `data/${path}?version=2`, `metadata/${path}`])
    expect([route, await status('GET', route)]).toEqual([route, 404]);
  expect((await call('GET', 'list')).json.keys).not.toContain(path);
  expect(await status('DELETE', `metadata/${path}`)).toBe(404);
  const entries = await vault.vault.store.scan({ prefix: 'kv/' });
  expect(entries.filter(({ key }) => key.includes(path)).map(({ key }) => key.split('/')[2])).toEqual(['last']);
  expect(await status('POST', `data/${path}`, { options: { cas: 3 }, data: {} })).toBe(409);
  expect((await call('POST', `data/${path}`, { options: { cas: 0 }, data: {} })).json.data.version).toBe(4);
  expect(await status('GET', `data/${path}?version=3`)).toBe(404);
  expect(await status('DELETE', `metadata/${path}`)).toBe(204);
  expect((await call('POST', `data/${path}`, {})).json.data.version).toBe(5);
});

test.each([
  ['unknown path', 'unknown', [1], 404],
  ['unknown version', 'known', [1, 2], 404],
  ['no version', 'known', [], 422],
  ['version 0', 'known', [0], 422],
  ['a text', 'known', ['1'], 422],
  ['a hundred and one', 'known', Array.from({ length: 101 }, () => 1), 422],
])('undelete and destroy, %s: refused, all or nothing', async (_, which, versions, expected) => {
  const path = fresh();
  await call('POST', `data/${path}`, { n: 1 });
  for (const route of ['undelete', 'destroy']) {
    const where = which === 'known' ? path : fresh();
    expect(await status('POST', `${route}/${where}`, { versions })).toBe(expected);
  }
  expect(await stored(path)).toBe('{"n":1}');
});

test.each([
  { name: '0 on a new path', before: [], cas: 0, status: 200 },
  { name: '1 on a new path', before: [], cas: 1, status: 409 },
  { name: '0 on a path that exists', before: ['put'], cas: 0, status: 409 },
  { name: 'the current version', before: ['put', 'put'], cas: 2, status: 200 },
  { name: 'an old version', before: ['put', 'put'], cas: 1, status: 409 },
  { name: 'a future version', before: ['put'], cas: 2, status: 409 },
  { name: '0 on a deleted version', before: ['put', 'delete'], cas: 0, status: 409 },
  { name: 'the number of a deleted version', before: ['put', 'delete'], cas: 1, status: 200 },
])('compare-and-set, $name: $status', async ({ before, cas, status: expected }) => {
  const path = fresh();
  for (const step of before)
    await (step === 'put' ? call('POST', `data/${path}`, { old: 1 }) : call('DELETE', `data/${path}`));
  const was = await stored(path);
  expect(await status('POST', `data/${path}`, { options: { cas }, data: { new: 1 } })).toBe(expected);
  expect(await stored(path)).toBe(expected === 200 ? '{"data":{"new":1}}' : was);
});

test('of many writes with the same cas, one wins; without, none is lost', async () => {
  const path = fresh();
  const write = (body: unknown): Promise<number> => status('POST', `data/${path}`, body);
  const won = await Promise.all(Array.from({ length: 20 }, (_, n) => write({ options: { cas: 0 }, data: { n } })));
  expect(won.filter((one) => one === 200)).toHaveLength(1);
  expect(won.filter((one) => one === 409)).toHaveLength(19);
  await Promise.all(Array.from({ length: 20 }, (_, n) => write({ n })));
  expect((await call('GET', `metadata/${path}`)).json.current_version).toBe(21);
});

test('lists: everything under the prefix, deleted ones too, and nothing beside it', async () => {
  const base = fresh();
  for (const path of ['app/KEY', 'app/deep/er', 'app2/KEY', 'app-x', 'app', 'gone/KEY'])
    await call('POST', `data/${base}/${path}`, { a: 1 });
  await call('DELETE', `data/${base}/gone/KEY`);
  const list = async (prefix: string): Promise<string[]> => (await call('GET', `list/${prefix}`)).json.data.keys;
  expect(await list(`${base}/`)).toEqual(['app', 'app-x', 'app/KEY', 'app/deep/er', 'app2/KEY', 'gone/KEY']);
  expect(await list(`${base}/app/`)).toEqual(['KEY', 'deep/er']);
  expect(await list(`${base}/app`)).toEqual(['/KEY', '/deep/er']);
  expect(await list(`${base}/ap`)).toEqual([]);
  expect(await list(`${base}/app/KEY`)).toEqual([]);
  const answer = await call('GET', `list/${base}/app/`);
  expect(answer.json).toEqual({
    data: { keys: ['KEY', 'deep/er'] },
    lease_id: null,
    lease_duration: null,
    renewable: false,
    keys: ['KEY', 'deep/er'],
  });
  for (const root of ['list', 'list/']) expect((await call('GET', root)).json.data.keys).toContain(`${base}/app/KEY`);
  expect(await list('no/such/prefix/')).toEqual([]);
});

test('a list leaves out what stands in folders whose listing is denied, however it is asked for', async () => {
  const root = fresh();
  for (const path of ['app/A', 'prod', 'prod/B', 'prod/db/C', 'x/prod/D', 'x/E', 'y/prod', 'produce/F'])
    await call('POST', `data/${root}/${path}`, {});
  const name = randomUUID();
  const rules = [
    { path: 'secret/list/**', capabilities: ['list'] },
    { path: `secret/list/${root}/prod/**`, capabilities: ['deny'] },
    { path: `secret/list/${root}/*/prod`, capabilities: ['deny'] },
  ];
  await vault.operate('POST', `/v1/sys/policies/${name}`, { rules });
  const { client_token: token } = await vault.operate('POST', '/v1/auth/token/create', { policies: [name] });
  const listed = async (path: string): Promise<unknown> => {
    const answer = await call('GET', `list${path}`, undefined, { vaultToken: token });
    expect(answer.json.keys).toEqual(answer.json.data?.keys);
    return answer.json.data?.keys ?? answer.status;
  };
  const seen = ['app/A', 'prod', 'produce/F', 'x/E', 'y/prod'];
  expect(await listed(`/${root}/`)).toEqual(seen);
  expect(await listed(`/${root}`)).toEqual(seen.map((path) => `/${path}`));
  for (const all of ['', '/'])
    expect(((await listed(all)) as string[]).filter((path) => path.startsWith(root))).toEqual(
      seen.map((path) => `${root}/${path}`),
    );
  expect(await listed(`/${root}/prod/`)).toBe(403);
  expect(await listed(`/${root}/prod`)).toEqual([]);
  expect(await listed(`/${root}/x/prod`)).toBe(403);
  expect((await call('GET', `list/${root}/`)).json.keys).toHaveLength(8);
});

test('a read after a write of the same turn sees it, from the cache or not', async () => {
  const path = fresh();
  for (let n = 0; n < 20; n += 1) {
    const [, reads] = await Promise.all([
      call('POST', `data/${path}`, { n }),
      Promise.all([1, 2, 3].map(() => call('GET', `data/${path}`))),
    ]);
    expect(await stored(path)).toBe(JSON.stringify({ n }));
    for (const read of reads) expect([200, 404]).toContain(read.status);
  }
});
