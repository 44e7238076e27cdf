import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { refusal, startTestServer, testClient } from './test-server.ts';
import { fakeIds, modernVault } from './test-vaults.ts';

const bulkPath = '/v1/cloud/secrets?env=prod';

test('all secrets of an environment are one request, with a token alone', async () => {
  const vault = modernVault({ A: '1', B: '', 'odd key\n': "it's $HOME `x` \\ \u0000 🗝" });
  vault.put('__proto__', 'proto');
  await using server = await startTestServer(vault.handle);
  const arrived: string[] = [];
  await using client = testClient(server, { onValue: (value) => void arrived.push(value) });
  const secrets = await client.getAll();
  expect(server.lines).toEqual([`GET ${bulkPath}`]);
  expect(secrets.size).toBe(4);
  expect(secrets.get('B')).toBe('');
  expect(secrets.get('absent')).toBeUndefined();
  expect(secrets.has('A')).toBe(true);
  expect(secrets.stale).toBe(false);
  expect(new Map(secrets).get('odd key\n')).toBe("it's $HOME `x` \\ \u0000 🗝");
  expect([...secrets.keys()]).toEqual(['A', 'B', 'odd key\n', '__proto__']);
  const object = secrets.toObject();
  expect(Object.getPrototypeOf(object)).toBeNull();
  expect(object['__proto__']).toBe('proto');
  expect(arrived).toEqual([...secrets.values()]);
});

test.each([
  {
    name: 'organisation and project',
    options: { org: 'acme', project: 'my app' },
    line: 'GET /v1/cloud/orgs/acme/projects/my%20app/secrets?env=prod',
  },
  { name: 'a project', options: { project: 'app' }, line: 'GET /v1/cloud/projects/app/secrets?env=prod' },
  { name: 'another environment', options: { environment: 'a&b' }, line: 'GET /v1/cloud/secrets?env=a%26b' },
])('the bulk request with $name', async ({ options, line }) => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  await using client = testClient(server, options);
  await client.getAll();
  expect(server.lines).toEqual([line]);
});

test('the environment: argument, option, the token’s own, development', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  await using named = testClient(server);
  await named.getAll('staging');
  await named.getAll({ env: 'test' });
  await using unnamed = testClient(server, { environment: '' });
  await unnamed.getAll();
  await unnamed.getAll({ fresh: true });
  expect(server.lines).toEqual([
    'GET /v1/cloud/secrets?env=staging',
    'GET /v1/cloud/secrets?env=test',
    'GET /v1/cloud/me',
    `GET ${bulkPath}`,
    `GET ${bulkPath}`,
  ]);
  server.lines.length = 0;
  server.handler = () => ({ json: { secrets: [] } });
  await using root = testClient(server, { environment: '', token: 'zvr_root', org: 'o', project: 'p' });
  await root.getAll();
  expect(server.lines).toEqual(['GET /v1/cloud/orgs/o/projects/p/secrets?env=development']);
});

test('nothing that prints objects shows a value or the token', async () => {
  await using server = await startTestServer(modernVault({ A: 'canary' }).handle);
  await using client = testClient(server);
  const secrets = await client.getAll();
  const printed = [
    inspect(secrets, { depth: 9, showHidden: true }),
    inspect(client, { depth: 9, showHidden: true }),
    inspect({ secrets, client }, { customInspect: false, depth: 9, showHidden: true }),
    JSON.stringify({ secrets, client }),
    // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions -- what a careless log does
    `${secrets} ${client}`,
    client.metrics(),
  ].join('\n');
  expect(printed).toContain('redacted');
  expect(printed).not.toMatch(/canary|zvt_test_token/);
});

test('one secret is one request of its own, and is remembered', async () => {
  await using server = await startTestServer(modernVault({ 'A/B C': 'x' }).handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  expect(await client.get('A/B C')).toBe('x');
  expect(await client.get('A/B C', 'prod')).toBe('x');
  expect(server.lines).toEqual(['GET /v1/cloud/orgs/acme/projects/app/envs/prod/secrets/A%2FB%20C']);
});

test('a token alone asks once for its project', async () => {
  await using server = await startTestServer(modernVault({ A: 'x', B: 'y' }).handle);
  await using client = testClient(server);
  await Promise.all([client.get('A'), client.get('B'), client.listKeys()]);
  expect(server.lines.filter((line) => line === 'GET /v1/cloud/me')).toHaveLength(1);
  expect(await client.ownProject()).toEqual(fakeIds);
});

test('a missing secret is named with its environment', async () => {
  await using server = await startTestServer(modernVault({ A: 'x' }).handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await expect(client.get('NOPE')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'no secret "NOPE" in the environment "prod"',
  });
});

test('a key that no URL can carry is refused without a request', async () => {
  await using server = await startTestServer(modernVault().handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  for (const key of ['', '.', '..', '\ud800']) {
    await expect(client.get(key)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(client.set(key, 'x')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(client.delete(key)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  }
  await expect(client.set('A', '\udc00')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  expect(server.lines).toEqual([]);
});

test('answers that are not as the contract says are refused without being quoted', async () => {
  await using server = await startTestServer(() => ({ json: {} }));
  await using client = testClient(server, { org: 'o', project: 'p' });
  const bodies = [
    {},
    [],
    'canary',
    { secrets: {} },
    { secrets: [null] },
    { secrets: [{ key: 'A', value: 7, version: 1 }] },
    { secrets: [{ key: 'canary', value: 'canary' }] },
  ];
  for (const json of bodies) {
    server.handler = () => ({ json });
    const error: unknown = await client.getAll({ fresh: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'BAD_ANSWER' });
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
  }
  server.handler = () => ({ json: { secret: { key: 'B', value: 'x', version: 1 } } });
  await expect(client.get('A')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  server.handler = () => ({ json: { secret: { key: 'A', value: 'x', version: 2 } } });
  await expect(client.get('A', { version: 1 })).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  expect(await client.get('A', { version: 2 })).toBe('x');
});

test.each([
  { name: 'the server answers', answer: { json: {} }, token: 'zvt_x', healthy: true },
  { name: 'the token is refused', answer: refusal(401, 'unauthorized'), token: 'zvt_x', healthy: false },
  { name: 'the vault is sealed', answer: refusal(503, 'sealed'), token: 'zvt_x', healthy: false },
  { name: 'there is no token', answer: { json: {} }, token: '', healthy: true },
])('healthy() when $name: $healthy', async ({ answer, token, healthy }) => {
  await using server = await startTestServer(() => answer);
  await using client = testClient(server, { token });
  expect(await client.healthy()).toBe(healthy);
  expect(server.lines).toEqual([token === '' ? 'GET /v1/sys/health' : 'GET /v1/cloud/me']);
});

test('healthy() without cloud routes asks the vault, and never throws', async () => {
  const server = await startTestServer(({ path }) => (path === '/v1/sys/health' ? { json: {} } : { status: 404 }));
  const client = testClient(server, { timeoutMs: 200 });
  expect(await client.healthy()).toBe(true);
  await server.close();
  expect(await client.healthy()).toBe(false);
  client.close();
  expect(await client.healthy()).toBe(false);
});

test('a low-level request must name a path', async () => {
  await using client = testClient({ url: 'http://127.0.0.1:1' });
  await expect(client.request('GET', 'http://elsewhere.example/')).rejects.toThrow(TypeError);
});

test('secrets become variables, all or none', async () => {
  const vault = modernVault({ A: '1', B: '2' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { cacheTtlMs: 0 });
  const env: Record<string, string | undefined> = { B: 'before' };
  expect(await client.injectIntoEnv(undefined, { env })).toEqual({ set: ['A'], kept: ['B'] });
  expect(env).toEqual({ A: '1', B: 'before' });
  expect(await client.injectIntoEnv('prod', { env, overwrite: true })).toEqual({ set: ['A', 'B'], kept: [] });
  vault.put('LD_PRELOAD', 'x');
  vault.put('not a name', 'x');
  vault.put('NUL', 'canary\0');
  const before = { ...env };
  const error: unknown = await client
    .injectIntoEnv(undefined, { env, overwrite: true })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'INPUT_INVALID' });
  expect(inspect(error)).toMatch(
    /"LD_PRELOAD" is reserved; "not a name" is not a variable's name; the value of "NUL" holds NUL/,
  );
  expect(inspect(error)).not.toContain('canary');
  expect(env).toEqual(before);
  vault.secrets.delete('not a name');
  vault.secrets.delete('NUL');
  expect((await client.injectIntoEnv(undefined, { env, allow: ['LD_PRELOAD'] })).set).toEqual(['LD_PRELOAD']);
});
