// What the engines have decrypted is overwritten when the vault is sealed.

import { expect, test } from 'vitest';
import { startTestVault } from '../../../../test/support/vault.ts';

test('answers and keys in memory are zeros after sealing', async () => {
  await using server = await startTestVault();
  const { vault } = server;
  await server.operate('POST', '/v1/secret/data/x', { value: 'v' });
  await server.operate('POST', '/v1/transit/keys/k');
  const { kvReader, transitKeys } = vault.engines;
  const held = [
    await kvReader.read('secret', 'x', undefined),
    await kvReader.read('secret', 'x', 1),
    (await transitKeys.get('k')).bytes,
  ];
  // Asked again, they are the same ones: this is what the vault holds.
  expect(await kvReader.read('secret', 'x', undefined)).toBe(held[0]);
  expect((await transitKeys.get('k')).bytes).toBe(held[2]);
  for (const bytes of held) expect(bytes.some((byte) => byte !== 0)).toBe(true);
  await vault.lock();
  for (const bytes of held) expect(bytes.every((byte) => byte === 0)).toBe(true);
});
