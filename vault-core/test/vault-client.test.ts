// The client's methods for the vault API, each against the server.

import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VaultClient, createClient } from '../src/client/index.ts';
import { type TestVault, startTestVault } from '../../test/support/vault.ts';

let server: TestVault;
let client: VaultClient;
const seen: string[] = [];
beforeAll(async () => {
  server = await startTestVault();
  client = createClient({ url: server.url, token: server.rootToken, env: {}, onValue: (value) => seen.push(value) });
});
afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

const missing = expect.objectContaining({ code: 'NOT_FOUND' });

test('KV: write, read, versions, lists, delete, undelete, destroy', async () => {
  const { kv } = client.vault;
  expect(await kv.put('app/db', { user: 'u', port: 5432 })).toMatchObject({ version: 1 });
  await kv.put('app/db', '{"user": "canary-v2", "n": 9007199254740993, "f": 1.0, "deep": {"a": [1]}}', { cas: 1 });
  const read = await kv.get('app/db');
  expect(read).toMatchObject({
    version: 2,
    text: '{"user":"canary-v2","n":9007199254740993,"f":1.0,"deep":{"a":[1]}}',
  });
  expect([...(read.fields ?? [])]).toEqual([
    ['user', 'canary-v2'],
    ['n', '9007199254740993'],
    ['f', '1.0'],
    ['deep', '{"a":[1]}'],
  ]);
  expect(seen).toContain('canary-v2');
  expect((await kv.get('app/db', { version: 1 })).text).toBe('{"user":"u","port":5432}');
  expect((await kv.metadata('app/db')).current_version).toBe(2);
  await kv.put('app2', { a: 'b' });
  for (const folder of ['app', 'app/']) expect(await kv.list(folder)).toEqual(['db']);
  expect(await kv.list()).toEqual(['app/db', 'app2']);
  await kv.delete('app/db');
  await expect(kv.get('app/db')).rejects.toEqual(missing);
  await kv.undelete('app/db', [2]);
  expect((await kv.get('app/db')).version).toBe(2);
  await kv.destroy('app/db', [2]);
  await expect(kv.get('app/db')).rejects.toEqual(missing);
  await kv.put('app/gone', { a: 'b' });
  await kv.erase('app/gone');
  expect(await kv.list('app')).toEqual(['db']);
  await expect(kv.erase('app/gone')).rejects.toEqual(missing);
  await expect(kv.put('app/db', { a: 'canary-not-in-errors' }, { cas: 1 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.not.stringContaining('canary'),
  });
});

test('KV: a value that is no object, and one that other clients wrapped or did not', async () => {
  const raw = (path: string, text: string): Promise<unknown> =>
    server.call('POST', `/v1/secret/data/${path}`, { vaultToken: server.rootToken, raw: text });
  await raw('flat', '{"KEY":"v"}');
  await raw('scalar', '12');
  await raw('wrapped', '{"data":{"KEY":"v"}}');
  await raw('data-field', '{"data":"text"}');
  const { kv } = client.vault;
  expect((await kv.get('flat')).text).toBe('{"KEY":"v"}');
  expect((await kv.get('scalar')).text).toBe('{"value":12}');
  expect((await kv.get('wrapped')).text).toBe('{"KEY":"v"}');
  expect((await kv.get('data-field')).text).toBe('{"data":"text"}');
});

test('references take KV values as they were written', async () => {
  await client.vault.kv.put('ref/number', '{"value": 9007199254740993}');
  await client.vault.kv.put('ref/fields', '{"a": 1.50, "text": "t"}');
  const found = await client.resolveAll(['zvault://kv/ref/number#value', 'zvault://kv/ref/fields#a']);
  expect(found.get('zvault://kv/ref/number#value')).toBe('9007199254740993');
  expect(found.get('zvault://kv/ref/fields#a')).toBe('1.50');
});

test('mounts, and KV at another one', async () => {
  const { mounts, kv } = client.vault;
  await mounts.create('team', { description: 'ours' });
  expect(await mounts.list()).toContainEqual({ path: 'team/', engine_type: 'kv', description: 'ours' });
  await kv.put('x', { a: 'b' }, { mount: 'team' });
  expect((await kv.get('x', { mount: 'team' })).text).toBe('{"a":"b"}');
  expect(await kv.list('', { mount: 'team' })).toEqual(['x']);
  await expect(kv.get('x')).rejects.toEqual(missing);
  await mounts.delete('team');
  await expect(kv.get('x', { mount: 'team' })).rejects.toEqual(missing);
});

test('leases', async () => {
  const { leases } = client.vault;
  const lease = await leases.create({ engine_path: 'secret/data/x', ttl_secs: 60 });
  expect(await leases.lookup(lease.lease_id)).toEqual(lease);
  expect((await leases.renew(lease.lease_id, { increment: 5 })).ttl_secs).toBe(65);
  await leases.create({ engine_path: 'secret/data/y' });
  const first = await leases.list({ limit: 1 });
  expect(first.total).toBe(2);
  const second = await leases.list({ after: first.next ?? '' });
  expect([...first.leases, ...second.leases].map(({ engine_path }) => engine_path).toSorted()).toEqual([
    'secret/data/x',
    'secret/data/y',
  ]);
  expect(second.next).toBe(null);
  await leases.revoke(lease.lease_id);
  await leases.revoke(lease.lease_id);
  await expect(leases.lookup(lease.lease_id)).rejects.toEqual(missing);
});

test('transit', async () => {
  const { transit } = client.vault;
  const bytes = Buffer.from([0, 1, 255]);
  await transit.createKey('k');
  const ciphertext = await transit.encrypt('k', bytes);
  expect(await transit.rotateKey('k')).toBe(2);
  expect(await transit.decrypt('k', ciphertext)).toEqual(bytes);
  expect(await transit.rewrap('k', ciphertext)).toMatch(/^vault:v2:/);
  await transit.setMinimumVersion('k', 2);
  await expect(transit.decrypt('k', ciphertext)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  const dataKey = await transit.dataKey('k');
  expect((await transit.decrypt('k', dataKey.ciphertext)).toString('base64')).toBe(dataKey.plaintext.expose());
  expect(String(dataKey.plaintext)).toBe('[redacted]');
  expect(await transit.verify('k', bytes, { hmac: await transit.hmac('k', bytes) })).toBe(true);

  await transit.createKey('s', { type: 'ed25519' });
  const signature = await transit.sign('s', bytes);
  expect(await transit.verify('s', bytes, { signature })).toBe(true);
  expect(await transit.verify('s', Buffer.from('other'), { signature })).toBe(false);
  expect(await transit.listKeys()).toEqual(['k', 's']);
  const { keys } = await transit.readKey('s');
  const x = Buffer.from(keys['1']?.public_key ?? '', 'base64').toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  expect(verify(null, bytes, publicKey, Buffer.from(signature.split(':')[2] ?? '', 'base64'))).toBe(true);
});
