// Mounts: what is there from the beginning, a KV mount of one's own, and what unmounting leaves.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { reservedMounts } from '../src/server/engines/mounts.ts';
import { routes } from '../src/wire/routes.ts';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, startDiskVault, startTestVault, temporaryFolder } from '../../test/support/vault.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());
let count = 0;
let mount = '';
beforeEach(() => {
  mount = `kv-${(count += 1)}`;
});

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  vault.call(method, `/v1/${path}`, { vaultToken: vault.rootToken, body });
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;

test('secret and transit are mounted from the beginning', async () => {
  expect((await call('GET', 'sys/mounts')).json).toEqual({
    mounts: [
      { path: 'secret/', engine_type: 'kv', description: 'key/value storage' },
      { path: 'transit/', engine_type: 'transit', description: 'encryption as a service' },
    ],
  });
});

test('a second KV mount has its own secrets', async () => {
  expect(await status('GET', `${mount}/data/x`)).toBe(404);
  expect((await call('POST', `${mount}/data/x`, { a: 1 })).json.error).toBe('not_found');
  expect(
    await status('POST', `sys/mounts/${mount}`, { engine_type: 'kv', description: 'ours', config: { a: 1 } }),
  ).toBe(204);
  expect((await call('GET', 'sys/mounts')).json.mounts).toContainEqual({
    path: `${mount}/`,
    engine_type: 'kv',
    description: 'ours',
  });
  expect(await status('POST', `${mount}/data/x`, { here: 1 })).toBe(200);
  expect(await status('GET', 'secret/data/x')).toBe(404);
  expect((await call('GET', `${mount}/data/x`)).json.data.data).toEqual({ here: 1 });
  expect((await call('GET', `${mount}/list`)).json.keys).toEqual(['x']);
});

test('unmounted, it is gone; mounted again, what it held is there again', async () => {
  await call('POST', `sys/mounts/${mount}`, { engine_type: 'kv' });
  await call('POST', `${mount}/data/x`, { a: 1 });
  await call('GET', `${mount}/data/x`);
  expect(await status('DELETE', `sys/mounts/${mount}`)).toBe(204);
  const routed = ['GET data/x', 'POST data/x', 'DELETE data/x', 'GET metadata/x', 'GET list', 'GET list/x'];
  for (const route of routed) {
    const [method = '', path = ''] = route.split(' ');
    const answer = await call(method, `${mount}/${path}`, method === 'POST' ? { a: 2 } : undefined);
    expect([route, answer.status, answer.json.error]).toEqual([route, 404, 'not_found']);
  }
  const { mounts } = (await call('GET', 'sys/mounts')).json;
  expect(mounts.map(({ path }: { path: string }) => path)).not.toContain(`${mount}/`);
  expect(await status('DELETE', `sys/mounts/${mount}`)).toBe(404);
  expect(await status('POST', `sys/mounts/${mount}`, { engine_type: 'kv' })).toBe(204);
  expect((await call('GET', `${mount}/data/x`)).json.data.data).toEqual({ a: 1 });
});

test('the mounts of the beginning come and go too', async () => {
  await call('POST', 'secret/data/kept', { a: 1 });
  await call('POST', 'transit/keys/kept');
  for (const [name, type, path] of [
    ['secret', 'kv', 'secret/data/kept'],
    ['transit', 'transit', 'transit/keys/kept'],
  ] as const) {
    expect(await status('POST', `sys/mounts/${name}`, { engine_type: type })).toBe(409);
    expect(await status('DELETE', `sys/mounts/${name}`)).toBe(204);
    expect(await status('GET', path)).toBe(404);
    expect(await status('POST', `sys/mounts/${name}`, { engine_type: type })).toBe(204);
    expect(await status('GET', path)).toBe(200);
  }
});

test.each([
  ['engine', 'database', 400],
  ['engine of another case', 'KV', 400],
  ['transit at another path', 'transit', 400],
  ['no engine', undefined, 422],
  ['a number', 2, 422],
])('%s is refused', async (_, engine_type, expected) => {
  expect(await status('POST', `sys/mounts/${mount}`, { engine_type })).toBe(expected);
});

test('a description and a config have their bounds', async () => {
  const long = 'x'.repeat(5000);
  expect(await status('POST', `sys/mounts/${mount}`, { engine_type: 'kv', description: long })).toBe(400);
  expect(await status('POST', `sys/mounts/${mount}`, { engine_type: 'kv', config: { long } })).toBe(400);
  expect(await status('GET', `${mount}/list`)).toBe(404);
});

test.each([...reservedMounts, 'transit', 'a.b', 'a%20b', 'a%2Fb', '%00', 'ä', 'x'.repeat(65)])(
  'the name %s is refused',
  async (name) => {
    expect(await status('POST', `sys/mounts/${encodeURI(decodeURI(name))}`, { engine_type: 'kv' })).toBe(400);
  },
);

test('what other routes begin with is reserved, or no name', () => {
  const words = routes.map(({ path }) => path.split('/')).flatMap(([, v1, word = '']) => (v1 === 'v1' ? [word] : []));
  const free = new Set(words.filter((word) => /^[A-Za-z0-9_-]+$/.test(word) && !reservedMounts.includes(word)));
  expect([...free]).toEqual(['transit']);
});

test('one of two mounts at the same time wins', async () => {
  const both = await Promise.all([1, 2].map(() => status('POST', `sys/mounts/${mount}`, { engine_type: 'kv' })));
  expect(both.toSorted((a, b) => a - b)).toEqual([204, 409]);
});

test('leases under a mount end with it', async () => {
  await call('POST', `sys/mounts/${mount}`, { engine_type: 'kv' });
  const make = async (engine_path: string): Promise<string> =>
    (await call('POST', 'sys/leases/create', { engine_path })).json.lease_id;
  const [inside, beside] = [await make(`${mount}/data/x`), await make(`${mount}x/data/x`)];
  await call('DELETE', `sys/mounts/${mount}`);
  expect(await status('POST', 'sys/leases/lookup', { lease_id: inside })).toBe(404);
  expect(await status('POST', 'sys/leases/lookup', { lease_id: beside })).toBe(200);
});

test('mounts, secrets and keys survive a restart', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  await first.operate('POST', '/v1/sys/mounts/team', { engine_type: 'kv', description: 'ours' });
  await first.operate('POST', '/v1/team/data/x', { a: 1 });
  await first.operate('POST', '/v1/secret/data/x', { a: 2 });
  await first.operate('POST', '/v1/transit/keys/k');
  const { ciphertext } = await first.operate('POST', '/v1/transit/encrypt/k', { plaintext: 'YQ==' });
  await first.server.close();
  await using second = await startDiskVault(folder.path);
  expect((await second.operate('GET', '/v1/sys/mounts')).mounts).toHaveLength(3);
  expect((await second.operate('GET', '/v1/team/data/x')).data.data).toEqual({ a: 1 });
  expect((await second.operate('GET', '/v1/secret/data/x')).data.data).toEqual({ a: 2 });
  expect(await second.operate('POST', '/v1/transit/decrypt/k', { ciphertext })).toEqual({ plaintext: 'YQ==' });
});
