import { expect, test } from 'vitest';
import { refusal, startTestServer, testClient } from './test-server.ts';
import { fakeIds, legacyVault } from './test-vaults.ts';

const ids = { org: fakeIds.org, project: fakeIds.project };
const base = `/v1/cloud/orgs/${fakeIds.org}/projects/${fakeIds.project}/envs/prod/secrets`;

test('without bulk reads: the list, then each value, a few at a time, and remembered', async () => {
  const values = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`KEY_${index}`, `value ${index}`]));
  const vault = legacyVault(values);
  let now = 0;
  let most = 0;
  await using server = await startTestServer(async (seen) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    now -= 1;
    return vault.handle(seen);
  });
  await using client = testClient(server, ids);
  expect((await client.getAll()).toObject()).toEqual(Object.assign(Object.create(null), values));
  expect(server.lines.slice(0, 3)).toEqual([
    `GET /v1/cloud/orgs/${ids.org}/projects/${ids.project}/secrets?env=prod`,
    'GET /v1/cloud/me',
    `GET ${base}`,
  ]);
  expect(server.lines).toHaveLength(3 + 50);
  expect(most).toBeGreaterThan(5);
  expect(most).toBeLessThanOrEqual(20);

  server.lines.length = 0;
  await client.getAll('staging');
  expect(server.lines[0]).toBe(`GET ${base.replace('prod', 'staging')}`);
});

test('only what changed is read again', async () => {
  const vault = legacyVault({ A: '1', B: '1', C: '1' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, ids);
  await client.getAll();
  server.lines.length = 0;
  vault.put('B', '2');
  vault.secrets.delete('C');
  vault.put('C', 'anew');
  const secrets = await client.getAll({ fresh: true });
  expect([secrets.get('A'), secrets.get('B'), secrets.get('C')]).toEqual(['1', '2', 'anew']);
  expect(server.lines.toSorted()).toEqual([`GET ${base}`, `GET ${base}/B`, `GET ${base}/C`]);
});

test('one read that fails fails all', async () => {
  const vault = legacyVault({ A: '1', B: '2', C: '3' });
  await using server = await startTestServer((seen) =>
    seen.path.endsWith('/B') ? refusal(500, 'internal_error') : vault.handle(seen),
  );
  await using client = testClient(server, ids);
  await expect(client.getAll()).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('a key that goes away between list and read is looked for again', async () => {
  const vault = legacyVault({ A: '1', B: '2' });
  await using server = await startTestServer((seen) => {
    if (seen.path.endsWith('/B')) vault.secrets.delete('B');
    return vault.handle(seen);
  });
  await using client = testClient(server, ids);
  expect([...(await client.getAll())]).toEqual([['A', '1']]);
});

test('slugs are looked up where paths take only ids', async () => {
  const vault = legacyVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  for (const project of ['app', 'The App', fakeIds.project]) {
    await using client = testClient(server, { org: 'acme', project });
    expect((await client.getAll()).get('A')).toBe('1');
    expect(await client.get('A')).toBe('1');
    expect((await client.set('A', '1', undefined, 'c')).version).toBeGreaterThan(1);
    expect(await client.listKeys()).toHaveLength(1);
  }
  await using wrong = testClient(server, { org: 'acme', project: 'other' });
  await expect(wrong.getAll()).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('"other"'),
  });
});

test('a service token that the server knows nothing about needs ids', async () => {
  const vault = legacyVault({ A: '1' });
  await using server = await startTestServer((seen) =>
    seen.path === '/v1/cloud/orgs' ? refusal(403, 'forbidden') : vault.handle(seen),
  );
  await using named = testClient(server, { org: 'acme', project: 'app' });
  await expect(named.getAll()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    hint: expect.stringContaining('ZVAULT_ORG_ID'),
  });
  await using bare = testClient(server, { logger: () => {} });
  await expect(bare.getAll()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a 404 that speaks of the object is none of the route', async () => {
  await using server = await startTestServer(() => refusal(404, 'not_found', 'no such environment'));
  await using client = testClient(server, ids);
  await expect(client.getAll()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no such environment' });
  expect(server.lines).toHaveLength(1);
});

test('a server is asked again after a while, for it may have been upgraded', async () => {
  const vault = legacyVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const clock = { nowMs: 5_000_000 };
  await using client = testClient(server, { ...ids, clock, cacheTtlMs: 0 });
  await client.getAll();
  await client.getAll();
  const bulk = `GET /v1/cloud/orgs/${ids.org}/projects/${ids.project}/secrets?env=prod`;
  expect(server.lines.filter((line) => line === bulk)).toHaveLength(1);
  clock.nowMs += 600_000;
  await client.getAll();
  expect(server.lines.filter((line) => line === bulk)).toHaveLength(2);
});
