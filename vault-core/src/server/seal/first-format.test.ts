// A vault of the first format: it opens as it is, and its slots become such that the root key can be replaced.

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeySlot, createRecoverySlot } from '../crypto/slots.ts';
import { formatRecoveryCode, parseRecoveryCode } from '../crypto/recovery-code.ts';
import { Keyring } from '../keyring.ts';
import { Records } from '../records.ts';
import { beginRotation } from '../rotation/begin.ts';
import { Seal } from '../seal.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { firstRootKeyId, readSealConfig } from './config.ts';

const key = randomBytes(32);
const code = formatRecoveryCode(randomBytes(22));

async function oldVault(): Promise<Store> {
  const store = await openSqliteStore(':memory:');
  const root = { id: firstRootKeyId, bytes: randomBytes(32) };
  const made = [createKeySlot(root, key, 1), createRecoverySlot(root, parseRecoveryCode(code), 1)];
  const slots = made.map(({ escrow: _escrow, ...slot }) => slot);
  const keyring = new Keyring(root);
  await store.transaction(async (transaction) => {
    await transaction.put('sys/seal', JSON.stringify({ format: 1, slots }));
    await keyring.create(transaction, 'system');
    await new Records(() => keyring).write(transaction, 'org/a', { kept: true });
  });
  return store;
}

const rotateRoot = (store: Store, seal: Seal): Promise<unknown> =>
  store.transaction((transaction) => beginRotation(transaction, seal.keyring, ['root'], 1));

test('it opens; the slot that was used can be rotated, and rotation waits for the others', async () => {
  const store = await oldVault();
  const seal = new Seal(store, () => 1);
  await seal.unsealAutomatically({ key: key.toString('base64url') });
  const records = new Records(() => seal.keyring);
  expect(await records.read(store, 'org/a')).toEqual({ kept: true });
  const config = await readSealConfig(store);
  expect(config?.root_id).toBe(firstRootKeyId);
  expect(config?.slots.map(({ escrow }) => escrow !== undefined)).toEqual([true, false]);

  await expect(rotateRoot(store, seal)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('recovery slot'),
  });
  expect(await readSealConfig(store)).toEqual(config);
  seal.seal();
  await seal.giveSecret({ kind: 'recovery', secret: parseRecoveryCode(code) });
  await rotateRoot(store, seal);
  expect((await readSealConfig(store))?.root_id).not.toBe(firstRootKeyId);
  for (const open of [
    () => seal.unsealAutomatically({ key: key.toString('base64url') }),
    () => seal.giveSecret({ kind: 'recovery', secret: parseRecoveryCode(code) }),
  ]) {
    seal.seal();
    await open();
    expect(await records.read(store, 'org/a')).toEqual({ kept: true });
  }
  await store.close();
});

test('slots of a newer format are refused', async () => {
  const store = await oldVault();
  await store.transaction((transaction) => transaction.put('sys/seal', JSON.stringify({ format: 3, slots: [] })));
  const seal = new Seal(store, () => 1);
  const refused = expect.objectContaining({ code: 'UNAVAILABLE' });
  await expect(seal.status()).rejects.toEqual(refused);
  await expect(seal.unsealAutomatically({ key: key.toString('base64url') })).rejects.toEqual(refused);
  await store.close();
});
