// Transit over HTTP: each route, status and shape of contract 1.10, and what was added to it.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer, Call } from '../../test/support/http.ts';
import { type TestVault, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown, more: Call = {}): Promise<Answer> =>
  vault.call(method, `/v1/transit/${path}`, { vaultToken: vault.rootToken, body, ...more });
const post = async (path: string, body?: unknown): Promise<any> => {
  const answer = await call('POST', path, body);
  if (answer.status !== 200 && answer.status !== 204) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.json;
};
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;
async function makeKey(type?: string): Promise<string> {
  const name = `k-${randomUUID()}`;
  await post(`keys/${name}`, type === undefined ? undefined : { type });
  return name;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a key: made once, listed, described without its material, rotated', async () => {
  const name = await makeKey();
  expect((await call('GET', 'keys')).json.keys).toContain(name);
  expect(await status('POST', `keys/${name}`)).toBe(400);
  expect(await post(`keys/${name}/rotate`)).toEqual({ new_version: 2 });
  const { json } = await call('GET', `keys/${name}`);
  const time = expect.stringMatching(/^\d{4}-.*\+00:00$/);
  expect(json).toEqual({
    name,
    latest_version: 2,
    min_decryption_version: 1,
    supports_encryption: true,
    supports_decryption: true,
    version_count: 2,
    created_at: time,
    type: 'aes256-gcm96',
    supports_signing: false,
    keys: { 1: { created_at: time, public_key: null }, 2: { created_at: time, public_key: null } },
  });
});

test('encrypt, rotate, rewrap, decrypt', async () => {
  const name = await makeKey();
  const { ciphertext } = await post(`encrypt/${name}`, { plaintext: base64('hello') });
  expect(ciphertext).toMatch(/^vault:v1:[A-Za-z0-9+/]+=*$/);
  await post(`keys/${name}/rotate`);
  expect(await post(`decrypt/${name}`, { ciphertext })).toEqual({ plaintext: base64('hello') });
  const rewrapped = (await post(`rewrap/${name}`, { ciphertext })).ciphertext as string;
  expect(rewrapped).toMatch(/^vault:v2:/);
  expect(await status('POST', `keys/${name}/config`, { min_decryption_version: 2 })).toBe(204);
  expect(await status('POST', `decrypt/${name}`, { ciphertext })).toBe(400);
  expect(await post(`decrypt/${name}`, { ciphertext: rewrapped })).toEqual({ plaintext: base64('hello') });
  expect((await call('GET', `keys/${name}`)).json.min_decryption_version).toBe(2);
  for (const minimum of [0, -1, 3, 1.5, '1'])
    expect([400, 422]).toContain(await status('POST', `keys/${name}/config`, { min_decryption_version: minimum }));
  expect(await status('POST', `keys/${name}/config`, { min_decryption_version: 1 })).toBe(204);
  expect(await post(`decrypt/${name}`, { ciphertext })).toEqual({ plaintext: base64('hello') });
});

test('a data key comes in clear and encrypted', async () => {
  const name = await makeKey();
  const one = await post(`datakey/${name}`);
  expect(Buffer.from(one.plaintext, 'base64')).toHaveLength(32);
  expect(await post(`decrypt/${name}`, { ciphertext: one.ciphertext })).toEqual({ plaintext: one.plaintext });
  expect((await post(`datakey/${name}`)).plaintext).not.toBe(one.plaintext);
});

test('sign and verify; older signatures stay valid, with the keys that verify them elsewhere', async () => {
  const name = await makeKey('ed25519');
  const input = base64('message');
  const { signature } = await post(`sign/${name}`, { input });
  await post(`keys/${name}/rotate`);
  expect((await post(`sign/${name}`, { input })).signature).toMatch(/^vault:v2:/);
  expect(await post(`verify/${name}`, { input, signature })).toEqual({ valid: true });
  expect(await post(`verify/${name}`, { input: base64('other'), signature })).toEqual({ valid: false });
  const { json } = await call('GET', `keys/${name}`);
  expect(json).toMatchObject({ supports_encryption: false, supports_decryption: false, supports_signing: true });
  expect(Buffer.from(json.keys[1].public_key, 'base64')).toHaveLength(32);
  expect(json.keys[2].public_key).not.toBe(json.keys[1].public_key);
  await post(`keys/${name}/config`, { min_decryption_version: 2 });
  expect(await status('POST', `verify/${name}`, { input, signature })).toBe(400);
  expect((await call('GET', `keys/${name}`)).json.keys[1].public_key).toBe(null);
});

test.each(['aes256-gcm96', 'ed25519'])('HMACs of a key of type %s', async (type) => {
  const name = await makeKey(type);
  const input = base64('message');
  const { hmac } = await post(`hmac/${name}`, { input });
  expect(hmac).toMatch(/^vault:v1:/);
  expect(Buffer.from(hmac.slice(9), 'base64')).toHaveLength(32);
  await post(`keys/${name}/rotate`);
  expect((await post(`hmac/${name}`, { input })).hmac).not.toBe(hmac);
  expect(await post(`verify/${name}`, { input, hmac })).toEqual({ valid: true });
  expect(await post(`verify/${name}`, { input: base64('x'), hmac })).toEqual({ valid: false });
  expect(await post(`verify/${name}`, { input, hmac: `${hmac.slice(0, 9)}YQ==` })).toEqual({ valid: false });
});

test.each([
  ['encrypt', { plaintext: 'not base64!' }, 400],
  ['encrypt', { plaintext: 'YQ' }, 400],
  ['encrypt', { plaintext: 1 }, 422],
  ['encrypt', {}, 422],
  ['encrypt', [], 422],
  ['decrypt', { ciphertext: 'vault:v1:YQ==' }, 400],
  ['decrypt', { ciphertext: `vault:v1:${Buffer.alloc(40).toString('base64')}` }, 400],
  ['decrypt', { ciphertext: `vault:v9:${Buffer.alloc(40).toString('base64')}` }, 404],
  ['decrypt', { ciphertext: 'v1:YQ==' }, 400],
  ['rewrap', { ciphertext: 'v1:YQ==' }, 400],
  ['sign', { input: 'YQ==' }, 400],
  ['hmac', { input: '%' }, 400],
  ['verify', { input: 'YQ==' }, 422],
  ['verify', { input: 'YQ==', signature: 'vault:v1:YQ==', hmac: 'vault:v1:YQ==' }, 400],
  ['verify', { input: 'YQ==', signature: 'vault:v1:YQ==' }, 400],
  ['verify', { input: 'YQ==', hmac: 'nonsense' }, 400],
])('%s with %j: %i, and the text is not repeated', async (route, body, expected) => {
  const name = await makeKey();
  const answer = await call('POST', `${route}/${name}`, body);
  expect(answer.status).toBe(expected);
  expect(answer.json.message).not.toMatch(/not base64!|AAAA|nonsense/);
});

test('a key that is not there is 404 on every route', async () => {
  const found = {
    get: await status('GET', 'keys/none'),
    rotate: await status('POST', 'keys/none/rotate'),
    config: await status('POST', 'keys/none/config', { min_decryption_version: 1 }),
    encrypt: await status('POST', 'encrypt/none', { plaintext: '' }),
    decrypt: await status('POST', 'decrypt/none', { ciphertext: 'vault:v1:' }),
    rewrap: await status('POST', 'rewrap/none', { ciphertext: 'vault:v1:' }),
    datakey: await status('POST', 'datakey/none'),
    sign: await status('POST', 'sign/none', { input: '' }),
    hmac: await status('POST', 'hmac/none', { input: '' }),
    verify: await status('POST', 'verify/none', { input: '', hmac: 'vault:v1:' }),
  };
  expect(new Set(Object.values(found))).toEqual(new Set([404]));
});

test.each([
  ['a slash', 'a%2Fb', {}],
  ['two dots', '%2e%2e', {}],
  ['a space', 'a%20b', {}],
  ['129 characters', 'k'.repeat(129), {}],
  ['another type', 'other-type', { type: 'rsa-2048' }],
  ['the type of the prototype', 'other-type', { type: 'constructor' }],
])('a key with %s is refused', async (_, name, body) => {
  expect(await status('POST', `keys/${name}`, body)).toBe(400);
});

test('at rest and in the audit there is no key, no plaintext and no ciphertext', async () => {
  const name = await makeKey();
  const canary = base64('CANARY-transit-plaintext');
  const { ciphertext } = await post(`encrypt/${name}`, { plaintext: canary });
  await post(`decrypt/${name}`, { ciphertext });
  const { json } = await vault.call('GET', '/v1/sys/audit-log?limit=20', { vaultToken: vault.rootToken });
  expect(json.entries.map(({ scope }: { scope: { resource: string } }) => scope.resource)).toContain(name);
  for (const text of [canary, ciphertext.slice(9)]) expect(JSON.stringify(json)).not.toContain(text);
});
