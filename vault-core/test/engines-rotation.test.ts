// Rotation of the mounts' keys while KV and transit are used: everything stays readable, and nothing names an old key.

import { expect, test } from 'vitest';
import { keyIdOf } from '../src/server/crypto/cipher.ts';
import { type TestVault, startDiskVault, temporaryFolder } from '../../test/support/vault.ts';

async function rotated(vault: TestVault): Promise<void> {
  await vault.operate('POST', '/v1/sys/rotate');
  await expect
    .poll(async () => (await vault.operate('GET', '/v1/sys/rotate')).state, { timeout: 10_000, interval: 20 })
    .not.toBe('running');
}

/** Ids of the keys that entries of KV and transit name, by mount. */
async function keysInUse(vault: TestVault): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const prefix of ['kv/', 'transit/']) {
    for (const { key, value } of await vault.vault.store.scan({ prefix })) {
      const mount = key.split('/')[1] ?? '';
      found.set(mount, (found.get(mount) ?? new Set()).add(keyIdOf(value)));
    }
  }
  return found;
}

test('KV and transit go on while their keys change', async () => {
  using folder = temporaryFolder();
  const vault = await startDiskVault(folder.path);
  await vault.operate('POST', '/v1/sys/mounts/team', { engine_type: 'kv' });
  await vault.operate('POST', '/v1/transit/keys/k');
  await vault.operate('POST', '/v1/transit/keys/k/rotate');
  const { ciphertext } = await vault.operate('POST', '/v1/transit/encrypt/k', { plaintext: 'YQ==' });
  for (const mount of ['secret', 'team']) {
    for (let n = 1; n <= 3; n += 1) await vault.operate('POST', `/v1/${mount}/data/a/b`, { n, mount });
    await vault.operate('POST', `/v1/${mount}/data/gone`, { mount });
    await vault.operate('DELETE', `/v1/${mount}/metadata/gone`);
  }
  const before = await keysInUse(vault);
  expect(before.size).toBe(3);

  const writing = (async () => {
    for (let n = 0; n < 40; n += 1) {
      await vault.operate('POST', '/v1/team/data/busy', { n });
      expect((await vault.operate('GET', '/v1/team/data/busy')).data.data).toEqual({ n });
      expect(await vault.operate('POST', '/v1/transit/decrypt/k', { ciphertext })).toEqual({ plaintext: 'YQ==' });
    }
  })();
  await rotated(vault);
  await writing;
  const after = await keysInUse(vault);
  for (const [mount, ids] of after) {
    expect([mount, ids.size]).toEqual([mount, 1]);
    for (const id of ids) expect(before.get(mount)?.has(id)).toBe(false);
  }
  await vault.server.close();

  await using again = await startDiskVault(folder.path);
  for (const mount of ['secret', 'team']) {
    for (let version = 1; version <= 3; version += 1) {
      const { data } = await again.operate('GET', `/v1/${mount}/data/a/b?version=${version}`);
      expect(data.data).toEqual({ n: version, mount });
    }
    expect((await again.operate('POST', `/v1/${mount}/data/gone`, { mount })).data.version).toBe(2);
  }
  expect(await again.operate('POST', '/v1/transit/decrypt/k', { ciphertext })).toEqual({ plaintext: 'YQ==' });
});
