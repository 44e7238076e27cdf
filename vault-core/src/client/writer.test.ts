import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type Answer, refusal, type Seen, startTestServer, testClient } from './test-server.ts';
import { modernVault } from './test-vaults.ts';

const own = { org: 'acme', project: 'app' };
const secretPath = '/v1/cloud/orgs/acme/projects/app/envs/prod/secrets';
const drop: Answer = { raw: (response) => response.destroy() };

test('a write keeps the comment that stands there, and says what it wrote without the value', async () => {
  const vault = modernVault({});
  vault.put('A', '1', 'the comment');
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, own);
  const written = await client.set('A', '2');
  expect(written).toMatchObject({ key: 'A', version: 2, comment: 'the comment' });
  expect(written).not.toHaveProperty('value');
  expect(server.seen.at(-1)).toMatchObject({ method: 'PUT', body: { value: '2', comment: 'the comment' } });

  await client.set('A', '3', 'prod', 'another');
  expect(server.seen.at(-1)?.body).toEqual({ value: '3', comment: 'another' });
  await client.set('A', '', 'prod', { comment: '', cas: 3 });
  expect(server.seen.at(-1)?.body).toEqual({ value: '', comment: '', cas: 3 });
  await client.set('NEW', 'x');
  expect(server.seen.at(-1)?.body).toEqual({ value: 'x' });
});

test('a token that may not read can write', async () => {
  await using server = await startTestServer((seen) =>
    seen.method === 'GET'
      ? refusal(403, 'forbidden')
      : { json: { secret: { key: 'A', version: 4, comment: '', created_at: '', updated_at: '' } } },
  );
  await using client = testClient(server, own);
  expect(await client.set('A', 'x')).toMatchObject({ version: 4 });
});

/** Loses the answer to the first write: before it was carried out, or after; `between` is what others do meanwhile. */
function losing(when: 'before' | 'after', between: (vault: ReturnType<typeof modernVault>) => void = () => {}) {
  const vault = modernVault({});
  vault.put('A', 'old', 'c');
  let lost = false;
  const handle = async (seen: Seen): Promise<Answer> => {
    if (lost || !['PUT', 'DELETE', 'POST'].includes(seen.method)) return vault.handle(seen);
    lost = true;
    if (when === 'after') await vault.handle(seen);
    between(vault);
    return drop;
  };
  return { vault, handle };
}

test.each([
  { name: 'never arrived', when: 'before', options: {}, writes: 2, version: 2 },
  { name: 'was carried out', when: 'after', options: {}, writes: 1, version: 2 },
  {
    name: 'never arrived, of the value that stands there',
    when: 'before',
    value: 'old',
    options: {},
    writes: 2,
    version: 2,
  },
  { name: 'was carried out, with a comment given', when: 'after', options: { comment: 'x' }, writes: 1, version: 2 },
] as const)('a write that $name, and whose answer was lost', async (row) => {
  const { when, options, writes, version, value } = { value: 'new', ...row };
  const { vault, handle } = losing(when);
  await using server = await startTestServer(handle);
  await using client = testClient(server, own);
  expect(await client.set('A', value, undefined, options)).toMatchObject({ version });
  expect(vault.secrets.get('A')).toMatchObject({ value, version });
  expect(server.seen.filter(({ method }) => method === 'PUT')).toHaveLength(writes);
  expect(await client.get('A')).toBe(value);
});

test.each([
  { name: 'before', when: 'before' },
  { name: 'after', when: 'after' },
] as const)('somebody else wrote too, and our write was lost $name: nothing is overwritten', async ({ when }) => {
  const { vault, handle } = losing(when, (other) => void other.put('A', 'theirs'));
  await using server = await startTestServer(handle);
  await using client = testClient(server, own);
  await expect(client.set('A', 'new')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('it is not known whether A was written'),
  });
  expect(vault.secrets.get('A')?.value).toBe('theirs');
});

test('with a comment given, what stood before is not known, so a value that is not ours is left alone', async () => {
  const { vault, handle } = losing('before');
  await using server = await startTestServer(handle);
  await using client = testClient(server, own);
  await expect(client.set('A', 'new', undefined, 'c')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(vault.secrets.get('A')?.value).toBe('old');
});

test('a new key whose write was lost is written again', async () => {
  const { vault, handle } = losing('before');
  await using server = await startTestServer(handle);
  await using client = testClient(server, own);
  await client.set('B', 'new', undefined, 'c');
  expect(vault.secrets.get('B')).toMatchObject({ value: 'new', version: 1 });
});

test('a delete whose answer was lost is looked up', async () => {
  const done = losing('after');
  await using server = await startTestServer(done.handle);
  await using client = testClient(server, own);
  await client.delete('A');
  expect(done.vault.secrets.has('A')).toBe(false);
  await expect(client.delete('A')).rejects.toMatchObject({ code: 'NOT_FOUND' });

  const undone = losing('before');
  server.handler = undone.handle;
  await expect(client.delete('A')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('not known'),
  });
});

test('a delete may say which object is meant', async () => {
  await using server = await startTestServer(() => ({ json: { ok: true } }));
  await using client = testClient(server, own);
  await client.delete('A', 'prod', { id: 'i-1', cas: 7 });
  expect(server.lines).toEqual([`DELETE ${secretPath}/A?id=i-1&cas=7`]);
});

test('a batch is one request, with the comments that stand there, and its values are known then', async () => {
  const vault = modernVault({});
  vault.put('A', '1', 'why');
  vault.put('B', '1', 'gone');
  const results = [
    { op: 'put', key: 'A', version: 2, id: 'a' },
    { op: 'put', key: 'C', version: 1, id: 'c' },
    { op: 'delete', key: 'B', version: 1, id: 'b' },
  ];
  await using server = await startTestServer((seen) =>
    seen.method === 'POST' ? { json: { results, revision: 9 } } : vault.handle(seen),
  );
  await using client = testClient(server, own);
  await client.getAll();
  const result = await client.batch([
    { op: 'put', key: 'A', value: '2' },
    { op: 'put', key: 'C', value: '3', comment: 'mine', cas: 0 },
    { op: 'delete', key: 'B' },
  ]);
  expect(result.revision).toBe(9);
  expect(server.seen.at(-1)).toMatchObject({
    path: '/v1/cloud/orgs/acme/projects/app/envs/prod/batch',
    body: {
      operations: [
        { op: 'put', key: 'A', value: '2', comment: 'why' },
        { op: 'put', key: 'C', value: '3', comment: 'mine', cas: 0 },
        { op: 'delete', key: 'B' },
      ],
    },
  });
  server.handler = () => drop;
  const last = await client.getAll();
  expect([last.stale, ...last]).toEqual([true, ['A', '2'], ['C', '3']]);
});

test('a batch whose answer was lost is not sent twice', async () => {
  await using server = await startTestServer(() => drop);
  await using client = testClient(server, own);
  await expect(client.batch([{ op: 'put', key: 'A', value: '1', comment: '' }])).rejects.toMatchObject({
    message: expect.stringContaining('it is not known whether 1 secrets'),
  });
  expect(server.lines).toHaveLength(1);
});

test('a value that grows beyond a single request goes by batch', async () => {
  await using server = await startTestServer((seen) =>
    seen.method === 'POST'
      ? { json: { results: [{ op: 'put', key: 'A', version: 3, id: 'i' }], revision: 1 } }
      : refusal(404, 'not_found'),
  );
  await using client = testClient(server, own);
  const written = await client.set('A', '\u0001'.repeat(1_048_576), undefined, 'c');
  expect(written).toMatchObject({ key: 'A', version: 3, id: 'i', comment: 'c' });
  expect(server.lines).toEqual(['POST /v1/cloud/orgs/acme/projects/app/envs/prod/batch']);
});

test('values beyond the limit are refused without a request, and without being quoted', async () => {
  await using server = await startTestServer(() => ({ json: {} }));
  await using client = testClient(server, own);
  const error: unknown = await client.set('A', 'canary'.repeat(200_000)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'BAD_REQUEST' });
  expect(inspect(error)).not.toContain('canary');
  expect(server.lines).toEqual([]);
});

test('a server that repeats the value in its complaint does not get it into an error', async () => {
  const value = 'canary "quoted"\nline';
  const complaints: Answer[] = [
    refusal(400, 'bad_request', `bad value: ${value}`),
    refusal(400, 'bad_request', `bad value: ${JSON.stringify(value)}`),
    { status: 422, text: `invalid: ${value}`, headers: { 'Content-Type': 'text/plain' } },
  ];
  for (const complaint of complaints) {
    await using server = await startTestServer(() => complaint);
    await using client = testClient(server, own);
    for (const write of [
      () => client.set('A', value, undefined, 'c'),
      () => client.batch([{ op: 'put', key: 'A', value, comment: 'c' }]),
    ]) {
      const error: unknown = await write().catch((thrown: unknown) => thrown);
      expect(error).toHaveProperty('code');
      expect(inspect(error, { depth: 9 })).not.toContain('canary');
    }
  }
});

test('history: versions, rollback, restore', async () => {
  const secret = { key: 'A', version: 3, comment: 'c', created_at: 't', updated_at: 't', id: 'i' };
  await using server = await startTestServer(({ path }) =>
    path.endsWith('/versions') ? { json: { versions: [{ version: 2 }, { version: 1 }] } } : { json: { secret } },
  );
  await using client = testClient(server, own);
  expect((await client.versions('A')).map(({ version }) => version)).toEqual([2, 1]);
  expect(await client.rollback('A', 1, undefined, { cas: 2 })).toEqual(secret);
  expect(await client.restore('A', 'staging')).toEqual(secret);
  expect(server.lines).toEqual([
    `GET ${secretPath}/A/versions`,
    `POST ${secretPath}/A/rollback`,
    `POST ${secretPath.replace('prod', 'staging')}/A/restore`,
  ]);
  expect(server.seen[1]?.body).toEqual({ version: 1, cas: 2 });
});
