import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestServer, testClient } from './test-server.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zvault-token-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a token file that was renewed is read again when the old token is refused', async () => {
  const file = join(folder, 'rotated');
  await writeFile(file, 'zvt_first\n');
  let valid = 'zvt_first';
  await using server = await startTestServer(({ headers }) =>
    headers.authorization === `Bearer ${valid}` ? { json: { secrets: [] } } : refusal(401, 'unauthorized'),
  );
  await using client = testClient(server, { token: '', tokenFile: file, cacheTtlMs: 0 });
  await client.getAll();
  await writeFile(file, 'zvt_second\n');
  valid = 'zvt_second';
  await client.getAll();
  await client.getAll();
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer zvt_first',
    'Bearer zvt_first',
    'Bearer zvt_second',
    'Bearer zvt_second',
  ]);
  valid = 'zvt_third';
  await expect(client.getAll()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(server.lines).toHaveLength(5);
});

test('what another token opened is asked for anew', async () => {
  const file = join(folder, 'other-project');
  await writeFile(file, 'zvt_first');
  let valid = 'zvt_first';
  await using server = await startTestServer(({ headers, path }) => {
    if (headers.authorization !== `Bearer ${valid}`) return refusal(401, 'unauthorized');
    const identity = { org_id: `org of ${valid}`, project_id: 'p', environment: valid };
    if (path === '/v1/cloud/me') return { json: identity };
    return { json: { secrets: [{ key: 'A', value: valid, version: 1 }], keys: [] } };
  });
  await using client = testClient(server, { token: '', tokenFile: file, environment: '' });
  expect((await client.getAll()).get('A')).toBe('zvt_first');
  expect((await client.ownProject()).org).toBe('org of zvt_first');
  valid = 'zvt_second';
  await writeFile(file, valid);
  await client.cloud.orgs.list().catch(() => {});
  expect((await client.getAll()).get('A')).toBe('zvt_second');
  expect((await client.ownProject()).org).toBe('org of zvt_second');
  expect(server.lines.at(-1)).toBe('GET /v1/cloud/secrets?env=zvt_second');
});

test('a renewed token is tried once', async () => {
  const file = join(folder, 'once');
  await writeFile(file, 'zvt_1');
  let count = 1;
  await using server = await startTestServer(async () => {
    count += 1;
    await writeFile(file, `zvt_${count}`);
    return refusal(401, 'unauthorized');
  });
  await using client = testClient(server, { token: '', tokenFile: file });
  await expect(client.getAll()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(server.lines).toHaveLength(2);
});

test('ZVAULT_TOKEN_FILE serves like ZVAULT_TOKEN', async () => {
  const file = join(folder, 'env');
  await writeFile(file, '  zvt_env  \r\n');
  await using server = await startTestServer(() => ({ json: { secrets: [] } }));
  await using client = testClient(server, { token: '', env: { ZVAULT_TOKEN_FILE: file } });
  await client.getAll();
  expect(server.seen[0]?.headers.authorization).toBe('Bearer zvt_env');
});

test.each([
  { name: 'absent', text: undefined, code: 'CONFIG_INVALID' },
  { name: 'empty', text: ' \n', code: 'TOKEN_MISSING' },
  { name: 'with several words', text: 'canary one\ncanary two\n', code: 'CONFIG_INVALID' },
  { name: 'another kind of file', text: 'x'.repeat(100_000), code: 'CONFIG_INVALID' },
])('a token file that is $name is named, not quoted', async ({ name, text, code }) => {
  const file = join(folder, name);
  if (text !== undefined) await writeFile(file, text);
  await using server = await startTestServer(() => ({ json: {} }));
  await using client = testClient(server, { token: '', tokenFile: file });
  const error: unknown = await client.getAll().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringContaining(file) });
  expect(inspect(error)).not.toContain('canary');
  expect(server.lines).toEqual([]);
});
