import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientOptions } from './options.ts';
import { type Answer, refusal, startTestServer, testClient } from './test-server.ts';
import { modernVault } from './test-vaults.ts';

const away: Answer = { raw: (response) => response.destroy() };
const token = 'zvt_test_token';
let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zvault-fallback-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A server that was read once, and its file. */
async function saved(options: ClientOptions = {}) {
  count += 1;
  const file = join(folder, `saved-${count}`);
  const vault = modernVault({ A: 'canary value', B: '' });
  const server = await startTestServer(vault.handle);
  const clock = { nowMs: 1_000_000 };
  const common = { clock, maxRetries: 0, fallbackFile: file, org: 'acme', project: 'app', ...options };
  const client = testClient(server, common);
  await client.getAll();
  client.close();
  return { file, vault, server, clock, common, [Symbol.asyncDispose]: () => server.close() };
}

test('a new client without a server gets the last values, marked as stale', async () => {
  await using setup = await saved();
  setup.server.handler = () => away;
  const arrived: string[] = [];
  await using client = testClient(setup.server, { ...setup.common, onValue: (value) => void arrived.push(value) });
  setup.clock.nowMs += 5000;
  const secrets = await client.getAll();
  expect([...secrets]).toEqual([
    ['A', 'canary value'],
    ['B', ''],
  ]);
  expect([secrets.stale, secrets.fetchedAtMs]).toEqual([true, 1_000_000]);
  expect(arrived).toEqual(['canary value', '']);
  expect(await client.get('A')).toBe('canary value');
  expect(client.metrics()).toMatch(/reads_total\{source="file"\} 2/);
});

test('the file is for its owner alone, holds nothing in clear, and nothing lies beside it', async () => {
  await using setup = await saved();
  expect((await stat(setup.file)).mode & 0o777).toBe(0o600);
  const bytes = await readFile(setup.file);
  for (const text of ['canary', token, 'acme', '"A"', Buffer.from('canary value').toString('base64')]) {
    expect(bytes.includes(text)).toBe(false);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test.each([
  { name: 'another token', options: { token: 'zvt_other_token' } },
  { name: 'another project', options: { project: 'other' } },
  { name: 'another organisation', options: { org: 'other' } },
  { name: 'another environment', options: { environment: 'staging' } },
])('the file is closed to $name', async ({ options }) => {
  await using setup = await saved();
  setup.server.handler = () => away;
  await using client = testClient(setup.server, { ...setup.common, ...options });
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('the file is closed to another server', async () => {
  await using setup = await saved();
  await using other = await startTestServer(() => away);
  await using client = testClient(other, setup.common);
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('it is not for other environments of the same client', async () => {
  await using setup = await saved();
  const before = await readFile(setup.file);
  await using client = testClient(setup.server, setup.common);
  await client.getAll('staging');
  expect(await readFile(setup.file)).toEqual(before);
  setup.server.handler = () => away;
  await expect(client.getAll('test')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('no byte of it can be changed', async () => {
  await using setup = await saved();
  setup.server.handler = () => away;
  const bytes = await readFile(setup.file);
  for (let index = 0; index < bytes.length; index += 7) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await writeFile(setup.file, changed);
    await using client = testClient(setup.server, setup.common);
    await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  }
  for (const broken of [bytes.subarray(0, 40), Buffer.alloc(0), Buffer.from('{}\n'), bytes.subarray(0, -1)]) {
    await writeFile(setup.file, broken);
    await using client = testClient(setup.server, setup.common);
    await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  }
});

test('it has an age limit, and a file from the future is not trusted', async () => {
  await using setup = await saved();
  setup.server.handler = () => away;
  const options = { ...setup.common, fallbackFile: { path: setup.file, maxAgeMs: 60_000 } };
  setup.clock.nowMs += 60_000;
  await using young = testClient(setup.server, options);
  expect((await young.getAll()).size).toBe(2);
  setup.clock.nowMs += 1;
  await using old = testClient(setup.server, options);
  await expect(old.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  setup.clock.nowMs = 600_000;
  await using early = testClient(setup.server, options);
  await expect(early.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test.each([
  { status: 401, error: 'unauthorized' },
  { status: 403, error: 'forbidden' },
])('$status removes it before the failure is told', async ({ status, error }) => {
  await using setup = await saved();
  setup.server.handler = () => refusal(status, error);
  await using client = testClient(setup.server, setup.common);
  await expect(client.getAll()).rejects.toMatchObject({ details: { status } });
  await expect(stat(setup.file)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('it follows what the server says', async () => {
  await using setup = await saved();
  const before = await readFile(setup.file);
  await using client = testClient(setup.server, setup.common);
  setup.vault.put('A', 'newer');
  await client.getAll();
  expect(await readFile(setup.file)).not.toEqual(before);
  const written = await readFile(setup.file);
  await client.getAll({ fresh: true });
  expect(await readFile(setup.file)).toEqual(written);
  setup.clock.nowMs += 22_000_000;
  await client.getAll();
  setup.server.handler = () => away;
  setup.clock.nowMs += 86_400_000;
  await using later = testClient(setup.server, setup.common);
  expect((await later.getAll()).get('A')).toBe('newer');
});

test('that it cannot be written does not take the values away', async () => {
  count += 1;
  const closed = join(folder, `closed-${count}`);
  await writeFile(closed, 'a file, no folder');
  await chmod(closed, 0o400);
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const messages: string[] = [];
  await using client = testClient(server, {
    fallbackFile: join(closed, 'inside'),
    logger: ({ level, message }) => void (level === 'warn' && messages.push(message)),
  });
  expect((await client.getAll()).get('A')).toBe('1');
  expect(messages).toEqual([expect.stringContaining('the fallback file cannot be written')]);
});
