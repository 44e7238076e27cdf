import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type CipherKey, decrypt, encrypt } from './crypto/cipher.ts';
import { Keyring } from './keyring.ts';
import { Records } from './records.ts';
import { keys } from './store/keys.ts';
import { firstRootKeyId, writeSealConfig } from './seal/config.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { sealSecret, openSecret } from './cloud/secret-record.ts';
import { systemActor } from '../domain/actor.ts';

const rootKey = (bytes = randomBytes(32)): CipherKey => ({ id: firstRootKeyId, bytes: Buffer.from(bytes) });

async function openStore(): Promise<Store> {
  const store = await openSqliteStore(':memory:');
  await store.transaction((transaction) =>
    writeSealConfig(transaction, { format: 2, root_id: firstRootKeyId, slots: [] }),
  );
  return store;
}

const refused = expect.objectContaining({ code: 'INTERNAL' });

test('keys are found again by another keyring with the same root key', async () => {
  const store = await openStore();
  const root = randomBytes(32);
  const first = new Keyring(rootKey(root));
  const made = await store.transaction((transaction) => first.create(transaction, 'system'));
  const sealed = encrypt(made, 'x', Buffer.from('text'));
  const second = new Keyring(rootKey(root));
  expect(second.loadedKeyOf(sealed)).toBeUndefined();
  expect(decrypt(await second.keyOf(store, 'system', sealed), 'x', sealed).toString()).toBe('text');
  expect((await second.current(store, 'system')).id).toBe(made.id);
  expect(second.auditMac.hex('x')).toBe(first.auditMac.hex('x'));
  // A new key becomes the current one; what the old one sealed still opens.
  const next = await store.transaction((transaction) => first.create(transaction, 'system'));
  expect((await new Keyring(rootKey(root)).current(store, 'system')).id).toBe(next.id);
  expect(decrypt(await new Keyring(rootKey(root)).keyOf(store, 'system', sealed), 'x', sealed).toString()).toBe('text');
  const wrong = new Keyring(rootKey());
  await expect(wrong.current(store, 'system')).rejects.toEqual(refused);
  await store.close();
});

test('a key wrapped for one owner is of no use to another', async () => {
  const store = await openStore();
  const root = randomBytes(32);
  const keyring = new Keyring(rootKey(root));
  const { id } = await store.transaction((transaction) => keyring.create(transaction, 'org/a'));
  const wrapped = (await store.get(`keys/wrapped/${id}/org/a`))?.value ?? Buffer.alloc(0);
  await store.transaction(async (transaction) => {
    await transaction.put(`keys/wrapped/${id}/org/b`, wrapped);
    await transaction.put('keys/current/org/b', id);
  });
  await expect(new Keyring(rootKey(root)).current(store, 'org/b')).rejects.toEqual(refused);
  await expect(keyring.current(store, 'org/none')).rejects.toEqual(refused);
  await store.close();
});

test('an owner gets its key once; one whose transaction was undone is not used', async () => {
  const store = await openStore();
  const keyring = new Keyring(rootKey());
  const undone: string[] = [];
  await store.transaction(async (transaction) => {
    const work = async (): Promise<void> => {
      undone.push((await keyring.ensure(transaction, 'mount/m')).id);
      throw new Error('undone');
    };
    await expect(transaction.savepoint(work)).rejects.toThrow('undone');
  });
  const made = await store.transaction((transaction) => keyring.ensure(transaction, 'mount/m'));
  expect(undone).not.toContain(made.id);
  expect(await store.transaction((transaction) => keyring.ensure(transaction, 'mount/m'))).toBe(made);
  expect(await store.get(`keys/wrapped/${made.id}/mount/m`)).toBeDefined();
  expect(await store.get(`keys/wrapped/${undone[0]}/mount/m`)).toBeUndefined();
  await store.close();
});

test('zeroing overwrites every key that was handed out', async () => {
  const store = await openStore();
  const root = randomBytes(32);
  const keyring = new Keyring({ id: firstRootKeyId, bytes: root });
  const made = await store.transaction(async (transaction) => [
    await keyring.create(transaction, 'system'),
    await keyring.create(transaction, 'org/a'),
  ]);
  const mac = keyring.auditMac.hex('x');
  keyring.zero();
  for (const { bytes } of [...made, { bytes: root }]) expect(bytes.equals(Buffer.alloc(32))).toBe(true);
  expect(keyring.auditMac.hex('x')).not.toBe(mac);
  await expect(keyring.current(store, 'system')).rejects.toEqual(refused);
  await store.close();
});

test('a record that was moved, or changed in one bit, is refused', async () => {
  const store = await openStore();
  const keyring = new Keyring(rootKey());
  const records = new Records(() => keyring);
  await store.transaction(async (transaction) => {
    await keyring.create(transaction, 'system');
    await records.write(transaction, keys.org('a'), { id: 'a' });
  });
  const sealed = (await store.get(keys.org('a')))?.value ?? Buffer.alloc(0);
  expect(await records.read(store, keys.org('a'))).toEqual({ id: 'a' });
  await store.transaction((transaction) => transaction.put(keys.org('b'), sealed));
  await expect(records.read(store, keys.org('b'))).rejects.toEqual(refused);
  await store.close();
});

test('a secret opens only as itself: every id around it, its version, its header and each bit count', async () => {
  const store = await openStore();
  const keyring = new Keyring(rootKey());
  const place = {
    id: randomUUID(),
    project_id: randomUUID(),
    org_id: randomUUID(),
    slug: 'a',
    name: 'a',
    sort_order: 0,
    created_at: 0,
    deleted_at: null,
  };
  const header = { id: randomUUID(), key: 'K', version: 3, created_at: 1, updated_at: 2, created_by: systemActor };
  const stored = await store.transaction(async (transaction) => {
    await keyring.create(transaction, `org/${place.org_id}`);
    return sealSecret(transaction, keyring, place, header, { value: 'välue', comment: 'c' });
  });
  const open = (environment = place, key = 'K', bytes = stored): Promise<unknown> =>
    openSecret(store, keyring, environment, key, Buffer.from(bytes));
  expect(await open()).toMatchObject({ ...header, comment: 'c', value: Buffer.from('välue') });
  // Slugs and names may change.
  expect(await open({ ...place, slug: 'b', name: 'b' })).toMatchObject({ comment: 'c' });
  for (const other of [{ id: randomUUID() }, { project_id: randomUUID() }, { org_id: randomUUID() }]) {
    await expect(open({ ...place, ...other })).rejects.toEqual(refused);
  }
  await expect(open(place, 'L')).rejects.toEqual(refused);
  const swap = (from: string, to: string): Buffer => Buffer.from(stored.toString('latin1').replace(from, to), 'latin1');
  for (const changed of [
    swap('"version":3', '"version":4'),
    swap(header.id, randomUUID()),
    swap('"updated_at":2', '"updated_at":3'),
    swap('"type":"system"', '"type":"rootxx"'),
  ]) {
    expect(changed.equals(stored)).toBe(false);
    await expect(open(place, 'K', changed)).rejects.toEqual(refused);
  }
  for (let index = 0; index < stored.length; index += 1) {
    const changed = Buffer.from(stored);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await expect(open(place, 'K', changed)).rejects.toThrow();
  }
  await store.close();
});
