import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type Handler, refusal, startTestServer, testClient } from './test-server.ts';
import { legacyVault, modernVault } from './test-vaults.ts';

const own = { org: 'acme', project: 'app' };

test('many references are one bulk request for each project and environment', async () => {
  const vault = modernVault({ A: 'a', B: 'b', 'C/D': 'cd', JSON: '{"user":"u","port":5432}' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { ...own, cacheTtlMs: 0 });
  const texts = [
    'zvault://env/app/A',
    'zvault://env/app/B',
    'zvault://env/app/C%2FD',
    'zvault://app/A',
    'zvault://app/A?env=staging',
    'zvault://cloud/app/staging/B',
    'zvault://cloud/acme/app/prod/A',
    'zvault://env/app/JSON#user',
    'zvault://env/app/JSON#port',
    'zvault://other/A',
  ];
  const resolved = await client.resolveAll(texts);
  expect(texts.map((text) => resolved.get(text))).toEqual(['a', 'b', 'cd', 'a', 'a', 'b', 'a', 'u', '5432', 'a']);
  expect(server.lines.toSorted()).toEqual([
    'GET /v1/cloud/orgs/acme/projects/app/secrets?env=prod',
    'GET /v1/cloud/orgs/acme/projects/app/secrets?env=staging',
    'GET /v1/cloud/orgs/acme/projects/other/secrets?env=prod',
  ]);
  expect(inspect(resolved)).not.toContain("'a'");
});

test('with a cache, references share the request of the environment', async () => {
  await using server = await startTestServer(modernVault({ A: 'a' }).handle);
  await using client = testClient(server, own);
  await client.getAll();
  expect(await client.resolve('zvault://env/app/A')).toBe('a');
  expect(server.lines).toHaveLength(1);
});

test('the environment of references that name none can be given', async () => {
  await using server = await startTestServer(modernVault({ A: 'a' }).handle);
  await using client = testClient(server, own);
  await client.resolve('zvault://env/app/A', 'qa');
  await client.resolveAll(['zvault://app/A'], { env: 'test' });
  expect(server.lines.map((line) => line.split('env=')[1])).toEqual(['qa', 'test']);
});

test('an older version is a read of its own', async () => {
  await using server = await startTestServer(() => ({ json: { secret: { key: 'A', value: 'old', version: 2 } } }));
  await using client = testClient(server, own);
  expect(await client.resolve('zvault://cloud/acme/app/prod/A?version=2')).toBe('old');
  expect(server.lines).toEqual(['GET /v1/cloud/orgs/acme/projects/app/envs/prod/secrets/A?version=2']);
});

test('all that are missing are named at once, and nothing is given', async () => {
  await using server = await startTestServer(modernVault({ A: 'canary' }).handle);
  await using client = testClient(server, own);
  const texts = ['zvault://env/app/A', 'zvault://env/app/X', 'zvault://env/app/Y', 'zvault://env/app/A#field'];
  const error: unknown = await client.resolveAll(texts).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'NOT_FOUND' });
  expect((error as Error).message).toMatch(
    /zvault:\/\/env\/app\/X .*zvault:\/\/env\/app\/Y .*zvault:\/\/env\/app\/A#field/,
  );
  expect((error as Error).message).not.toMatch(/app\/A /);
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
});

test('a text that is no reference is refused before anything is asked', async () => {
  await using server = await startTestServer(modernVault().handle);
  await using client = testClient(server, own);
  await expect(client.resolveAll(['zvault://env/app/A', 'zvault://env//A'])).rejects.toMatchObject({
    code: 'REFERENCE_INVALID',
  });
  await expect(client.resolve('canary')).rejects.toMatchObject({ message: expect.not.stringContaining('canary') });
  expect(server.lines).toEqual([]);
});

function vaultOnly(stored: Readonly<Record<string, unknown>>): Handler {
  return ({ path, headers }) => {
    if (!path.startsWith('/v1/secret/data/')) return { status: 404 };
    if (headers['x-vault-token'] !== 'zvt_test_token') return refusal(401, 'unauthorized');
    const data = stored[decodeURIComponent(path.slice('/v1/secret/data/'.length))];
    if (data === undefined) return refusal(404, 'not_found');
    return { json: { data: { data, metadata: { version: 3, created_time: 't' } }, lease_id: null } };
  };
}

test('a vault without cloud routes resolves by KV paths', async () => {
  const handle = vaultOnly({
    'env/app/A': { data: { value: 'a' } },
    'env/app/B': { B: 'b' },
    'app/C': { value: 'c', other: 'x' },
    'infra/redis': { host: 'h', port: 1 },
    single: { only: 's' },
    'deep/a/b': { data: { b: 'by name', c: 'x' } },
  });
  await using server = await startTestServer(handle);
  await using client = testClient(server, { environment: '' });
  const texts = [
    'zvault://env/app/A',
    'zvault://env/app/B',
    'zvault://app/C',
    'zvault://app/C#other',
    'zvault://kv/infra/redis#port',
    'zvault://infra/redis',
    'zvault://single',
    'zvault://deep/a/b',
    'zvault://kv/single?version=3',
  ];
  const resolved = await client.resolveAll(texts);
  expect(texts.map((text) => resolved.get(text))).toEqual([
    'a',
    'b',
    'c',
    'x',
    '1',
    '{"host":"h","port":1}',
    's',
    'by name',
    's',
  ]);
  await expect(client.resolve('zvault://kv/single?version=2')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  await expect(client.resolve('zvault://env/app/NOPE')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.resolve('zvault://cloud/app/prod/A')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each(['zvault://env/app/A', 'zvault://app/A'])(
  'where cloud is routed, a missing key is never taken from KV: %s',
  async (text) => {
    const kv = vaultOnly({ 'env/app/A': { value: 'wrong' }, 'app/A': { value: 'wrong' } });
    const modern = modernVault({});
    const legacy = legacyVault({});
    const partial: Handler = (seen) => (seen.path.includes('/envs/') ? { status: 404 } : legacy.handle(seen));
    for (const cloud of [modern.handle, legacy.handle, partial]) {
      await using server = await startTestServer((seen) =>
        seen.path.startsWith('/v1/secret') ? kv(seen) : cloud(seen),
      );
      await using client = testClient(server, own);
      await expect(client.resolve(text)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(server.lines.some((line) => line.includes('/v1/secret'))).toBe(false);
    }
  },
);

test('a server without bulk reads resolves too', async () => {
  await using server = await startTestServer(legacyVault({ A: 'a' }).handle);
  await using client = testClient(server, own);
  expect(await client.resolve('zvault://env/app/A')).toBe('a');
});

test('a refused token is no missing secret', async () => {
  await using server = await startTestServer(() => refusal(401, 'unauthorized'));
  await using client = testClient(server, own);
  await expect(client.resolveAll(['zvault://env/app/A', 'zvault://kv/x'])).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  });
});

test('a sealed vault of the older kind, which answers 401, is told as sealed', async () => {
  await using server = await startTestServer(({ path }) =>
    path === '/v1/sys/health'
      ? { status: 503, json: { initialized: true, sealed: true } }
      : refusal(401, 'unauthorized'),
  );
  await using client = testClient(server, own);
  await expect(client.resolve('zvault://kv/x')).rejects.toMatchObject({ code: 'SEALED' });
  server.handler = ({ path }) =>
    path === '/v1/sys/health' ? { json: { initialized: true, sealed: false } } : refusal(401, 'unauthorized');
  await expect(client.resolve('zvault://kv/x')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('what references give is told to the redactor', async () => {
  const arrived: string[] = [];
  const handle = vaultOnly({ x: { a: 'kv value', b: '' } });
  const cloud = modernVault({ JSON: '{"password":"inner"}' });
  await using server = await startTestServer((seen) =>
    seen.path.startsWith('/v1/secret') ? handle(seen) : cloud.handle(seen),
  );
  await using client = testClient(server, { ...own, onValue: (value) => void arrived.push(value) });
  await client.resolveAll(['zvault://kv/x#a', 'zvault://env/app/JSON#password']);
  expect(arrived).toEqual(expect.arrayContaining(['kv value', '{"password":"inner"}', 'inner']));
});
