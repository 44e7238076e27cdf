import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../store/sqlite.ts';
import { escrow, hasPublicKey, isEscrow, openEscrow, publishKey } from './escrow.ts';

const seed = createHash('sha256').update('seed').digest();
const key = createHash('sha256').update('key').digest();
const address = 'audit/chain/a';

test('what a sealed process stores is opened with the seed alone, and only where it stands', async () => {
  const store = await openSqliteStore(':memory:');
  await store.transaction((transaction) => publishKey(transaction, seed));
  expect(await hasPublicKey(store)).toBe(true);
  const [one, two] = [await escrow(store, address, key, true), await escrow(store, address, key, true)];
  if (!one || !two) throw new Error('nothing is stored');
  expect(isEscrow(one)).toBe(true);
  expect(openEscrow(seed, address, one)).toEqual(key);
  expect(one.equals(two)).toBe(false);
  expect(one.includes(key)).toBe(false);
  const damaged = expect.objectContaining({ code: 'INTERNAL' });
  expect(() => openEscrow(key, address, one)).toThrow(damaged);
  expect(() => openEscrow(seed, 'audit/chain/b', one)).toThrow(damaged);
  for (let at = 0; at < one.length; at += 1) {
    const changed = Buffer.from(one);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => openEscrow(seed, address, changed)).toThrow();
  }
  expect(() => openEscrow(seed, address, one.subarray(0, 40))).toThrow(damaged);
  await store.close();
});

test('before there is a vault the key is in clear; one that has published nothing gets none', async () => {
  const store = await openSqliteStore(':memory:');
  const clear = await escrow(store, address, key, false);
  expect(clear && openEscrow(seed, address, clear)).toEqual(key);
  expect(await escrow(store, address, key, true)).toBe(undefined);
  await store.close();
});
