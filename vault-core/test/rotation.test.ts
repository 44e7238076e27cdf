// Rotation of keys while the vault is read and written: everything stays readable, old keys go, and a vault that is opened again
// goes on where it was.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { keyIdOf } from '../src/server/crypto/cipher.ts';
import { rotatableKeys } from '../src/wire/words.ts';
import { currentKeyPrefix, rootLinkPrefix, wrappedKeyPrefix } from '../src/server/keyring.ts';
import { formOf } from '../src/server/rotation/forms.ts';
import { KeyIds } from '../src/server/rotation/key-ids.ts';
import { readSealConfig } from '../src/server/seal/config.ts';
import type { Store } from '../src/server/store/store.ts';
import {
  type TestVault,
  type Workspace,
  makeToken,
  makeWorkspace,
  startDiskVault,
  startTestVault,
  temporaryFolder,
} from '../../test/support/vault.ts';

async function rotate(vault: TestVault, what?: readonly string[]): Promise<any> {
  const body = what ? { what } : undefined;
  const { status, json } = await vault.call('POST', '/v1/sys/rotate', { vaultToken: vault.rootToken, body });
  expect(status).toBe(200);
  return json;
}

async function finished(vault: TestVault): Promise<any> {
  for (;;) {
    const { json } = await vault.call('GET', '/v1/sys/rotate', { vaultToken: vault.rootToken });
    if (json.state !== 'running') return json;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ids of all keys that ciphertexts in the store name, by where they were expected, and of all that there are. */
async function keyIds(store: Store): Promise<{ named: Set<string>; existing: Set<string>; current: Set<string> }> {
  const named = new Set<string>();
  const existing = new Set<string>();
  const current = new Set<string>();
  for (const { key, value } of await store.scan({ prefix: '' })) {
    if (key.startsWith(wrappedKeyPrefix)) existing.add(key.slice(wrappedKeyPrefix.length).slice(0, 36));
    else if (key.startsWith(currentKeyPrefix)) current.add(value.toString());
    else {
      const sealed = formOf(key).sealedPart(value);
      if (sealed && sealed[0] === 1 && sealed.length >= 45) named.add(keyIdOf(sealed));
    }
  }
  return { named: new Set([...named].filter((id) => existing.has(id))), existing, current };
}

/** Something of every form: secrets with history, in the trash, tokens, people. */
async function fill(vault: TestVault, place: Workspace): Promise<() => Promise<void>> {
  for (let index = 0; index < 20; index += 1)
    for (const value of ['a', 'b', `c${index}`])
      await vault.root('PUT', `${place.env}/secrets/K${index}`, { value, comment: `comment ${value}` });
  await vault.root('PUT', `${place.env}/secrets/GONE`, { value: 'gone' });
  await vault.root('DELETE', `${place.env}/secrets/GONE`);
  await vault.root('POST', `/v1/cloud/orgs/${place.org}/members`, { email: 'a@example.com', role: 'viewer' });
  const token = await makeToken(vault, place.base, { permissions: ['read', 'write'] });
  const all = await vault.root('GET', `${place.env}/secrets?include=values`);
  for (const value of ['old', 'new']) await vault.operate('POST', '/v1/secret/data/a/b', { data: { value } });
  await vault.operate('POST', '/v1/transit/keys/t');
  const { ciphertext } = await vault.operate('POST', '/v1/transit/encrypt/t', { plaintext: 'YQ==' });
  await vault.operate('POST', '/v1/sys/policies/p', { rules: [{ path: 'a', capabilities: ['read'] }] });
  await vault.operate('POST', '/v1/sys/leases/create', { engine_path: 'secret/data/x' });
  return async () => {
    const read = async (version: number): Promise<unknown> =>
      (await vault.operate('GET', `/v1/secret/data/a/b?version=${version}`)).data.data.data.value;
    expect([await read(1), await read(2)]).toEqual(['old', 'new']);
    expect(await vault.operate('POST', '/v1/transit/decrypt/t', { ciphertext })).toEqual({ plaintext: 'YQ==' });
    expect((await vault.operate('GET', '/v1/sys/policies/p')).rules).toHaveLength(1);
    expect((await vault.operate('GET', '/v1/sys/leases')).total).toBe(1);
    expect(await vault.root('GET', `${place.env}/secrets?include=values`)).toEqual(all);
    expect((await vault.call('GET', `${place.env}/secrets/K1`, { token })).json.secret.value).toBe('c1');
    expect((await vault.root('GET', `${place.env}/secrets/K7?version=2`)).secret.value).toBe('b');
    expect((await vault.root('GET', `/v1/cloud/orgs/${place.org}/members`)).members).toHaveLength(1);
    const secret = `${place.env}/secrets/GONE`;
    expect((await vault.root('POST', `${secret}/restore`)).secret.value).toBe('gone');
    await vault.root('DELETE', secret);
  };
}

test('before any rotation there is nothing to tell', async () => {
  await using vault = await startTestVault();
  const { json } = await vault.call('GET', '/v1/sys/rotate', { vaultToken: vault.rootToken });
  expect(json).toMatchObject({ state: 'none', id: null, what: [], keys: 0 });
});

test('all keys: everything is encrypted again, reads as before, and the old keys are gone', async () => {
  await using vault = await startTestVault();
  const place = await makeWorkspace(vault);
  const check = await fill(vault, place);
  const { store } = vault.vault;
  const before = await keyIds(store);
  const root = (await readSealConfig(store))?.root_id;
  const mac = vault.vault.seal.keyring.auditMac.hex('x');

  const begun = await rotate(vault);
  expect(begun).toMatchObject({ state: 'running', what: rotatableKeys, keys: 4 });
  // From the first moment on, what is written is under the new keys.
  const during = await keyIds(store);
  for (const id of before.current) expect(during.current.has(id)).toBe(false);
  await check();
  const done = await finished(vault);
  expect(done).toMatchObject({ state: 'done', id: begun.id, keys: 0, kept: 0, erased: 4 });
  expect(done.reencrypted).toBeGreaterThan(60);
  const after = await keyIds(store);
  for (const id of before.current) expect([after.existing.has(id), after.named.has(id)]).toEqual([false, false]);
  expect([...after.named].every((id) => after.current.has(id))).toBe(true);
  expect((await readSealConfig(store))?.root_id).not.toBe(root);
  // Equal values keep equal MACs in the audit log.
  expect(vault.vault.seal.keyring.auditMac.hex('x')).toBe(mac);
  await check();

  // The way from the former root key stays for ten minutes, for other servers.
  expect(await store.scan({ prefix: rootLinkPrefix })).toHaveLength(1);
  vault.clock.offsetMs += 601_000;
  vault.vault.rotator.kick();
  await expect.poll(() => store.scan({ prefix: rootLinkPrefix })).toEqual([]);
  await check();
  expect(vault.warnings).toEqual([]);
});

test.each([
  [['root'], 'root'],
  [['system'], 'system'],
  [['organizations'], 'org'],
  [['mounts'], 'mount'],
])('only %j', async (what, changed) => {
  await using vault = await startTestVault();
  const place = await makeWorkspace(vault);
  const check = await fill(vault, place);
  const { store } = vault.vault;
  const keysOf = async (): Promise<Record<string, unknown>> => ({
    root: (await readSealConfig(store))?.root_id,
    system: (await store.get(`${currentKeyPrefix}system`))?.value.toString(),
    org: (await store.get(`${currentKeyPrefix}org/${place.orgId}`))?.value.toString(),
    mount: (await store.scan({ prefix: `${currentKeyPrefix}mount/` })).map(({ value }) => value.toString()).join(),
  });
  const before = await keysOf();
  await rotate(vault, what);
  await finished(vault);
  const after = await keysOf();
  for (const name of Object.keys(before))
    expect([name, after[name] === before[name]]).toEqual([name, name !== changed]);
  await check();
});

test.each([[[]], [['nothing']], ['root'], [[1]]])('refused: %j', async (what) => {
  await using vault = await startTestVault();
  const answer = await vault.call('POST', '/v1/sys/rotate', { vaultToken: vault.rootToken, body: { what } });
  expect(answer.status).toBe(422);
});

test('rotations that overlap: the last one’s keys stay, all others go', async () => {
  await using vault = await startTestVault();
  const place = await makeWorkspace(vault);
  const check = await fill(vault, place);
  await Promise.all(Array.from({ length: 5 }, () => rotate(vault)));
  await check();
  expect(await finished(vault)).toMatchObject({ state: 'done', kept: 0, erased: 20 });
  const { existing, current } = await keyIds(vault.vault.store);
  expect(existing).toEqual(current);
  await check();
});

test('the same ways in open the vault after its root key was rotated', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const place = await makeWorkspace(first);
  await first.root('PUT', `${place.env}/secrets/K`, { value: 'kept' });
  await rotate(first, ['root']);
  await rotate(first, ['root']);
  await first.server.close();
  await using again = await startDiskVault(folder.path);
  expect((await again.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('kept');
  expect(again.warnings).toEqual([]);
});

test('a vault that is closed in the middle goes on when it is opened again', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const place = await makeWorkspace(first);
  for (let index = 0; index < 300; index += 1)
    await first.root('PUT', `${place.env}/secrets/K${index}`, { value: `v${index}` });
  const before = await keyIds(first.vault.store);
  await rotate(first);
  await first.server.close();
  await using again = await startDiskVault(folder.path);
  expect(await finished(again)).toMatchObject({ state: 'done', kept: 0, erased: 2 });
  const after = await keyIds(again.vault.store);
  for (const id of before.current) expect(after.existing.has(id)).toBe(false);
  const { secrets } = await again.root('GET', `${place.env}/secrets?include=values`);
  expect(secrets).toHaveLength(300);
});

test('what nobody can encrypt again keeps its key, and only that', async () => {
  await using vault = await startTestVault();
  const place = await makeWorkspace(vault);
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
  const { store } = vault.vault;
  const id = (await store.get(`${currentKeyPrefix}system`))?.value.toString() ?? '';
  // A form that this version does not know, with the key's id somewhere in it.
  const unknown = Buffer.concat([Buffer.from('future'), Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.alloc(50)]);
  await store.transaction((transaction) => transaction.put('zz/unknown', unknown));
  await rotate(vault);
  expect(await finished(vault)).toMatchObject({ state: 'done', kept: 1, erased: 1 });
  expect((await keyIds(store)).existing.has(id)).toBe(true);
  await store.transaction((transaction) => transaction.delete('zz/unknown'));
  await rotate(vault, ['organizations']);
  expect(await finished(vault)).toMatchObject({ state: 'done', kept: 0, erased: 2 });
  expect((await keyIds(store)).existing.has(id)).toBe(false);
});

property.prop([fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1, maxLength: 20 }), fc.nat(40)])(
  'an id is found wherever it stands',
  (ids, front) => {
    const texts = ids.map((bytes) =>
      Buffer.from(bytes)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    );
    const finder = new KeyIds(texts);
    const last = ids.at(-1) ?? new Uint8Array();
    const found = finder.find(Buffer.concat([Buffer.alloc(front, 0x5a), last, Buffer.alloc(3)]));
    expect(texts).toContain(found);
    expect(finder.find(Buffer.alloc(64, 0x5a))).toBe(
      texts.includes('5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a') ? texts[0] : undefined,
    );
  },
);

interface Model {
  readonly values: Map<string, string>;
}

test('random writes, deletions, restores and rollbacks while keys are rotated again and again', async () => {
  await using vault = await startTestVault();
  const place = await makeWorkspace(vault);
  const model: Model = { values: new Map() };
  const stop = new AbortController();
  const rotating = (async () => {
    let rotations = 0;
    while (!stop.signal.aborted) {
      await rotate(vault);
      rotations += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return rotations;
  })();
  const random = (below: number): number => Math.floor(Math.random() * below);
  const names = Array.from({ length: 12 }, (_, index) => `K${index}`);
  const work = async (mine: readonly string[]): Promise<void> => {
    const deleted = new Map<string, string>();
    const previous = new Map<string, string>();
    for (let step = 0; step < 150; step += 1) {
      const name = mine[random(mine.length)] ?? '';
      const secret = `${place.env}/secrets/${name}`;
      const value = model.values.get(name);
      const before = previous.get(name);
      switch (random(4)) {
        case 0:
          if (value !== undefined) {
            await vault.root('DELETE', secret);
            deleted.set(name, value);
            model.values.delete(name);
            previous.delete(name);
          }
          break;
        case 1:
          if (value === undefined && deleted.has(name)) {
            await vault.root('POST', `${secret}/restore`);
            model.values.set(name, deleted.get(name) ?? '');
          }
          break;
        case 2:
          if (value !== undefined && before !== undefined) {
            const { versions } = await vault.root('GET', `${secret}/versions`);
            await vault.root('POST', `${secret}/rollback`, { version: versions[1].version });
            model.values.set(name, before);
            previous.set(name, value);
          }
          break;
        default:
          await vault.root('PUT', secret, { value: `v${step}` });
          if (value !== undefined) previous.set(name, value);
          model.values.set(name, `v${step}`);
      }
      const expected = model.values.get(name);
      const read = await vault.call('GET', secret, { token: vault.rootToken });
      expect(read.status === 200 ? read.json.secret.value : undefined).toBe(expected);
    }
  };
  await Promise.all([work(names.slice(0, 4)), work(names.slice(4, 8)), work(names.slice(8))]);
  stop.abort();
  expect(await rotating).toBeGreaterThan(3);
  expect(await finished(vault)).toMatchObject({ state: 'done', kept: 0 });
  const { secrets } = await vault.root('GET', `${place.env}/secrets?include=values`);
  expect(new Map(secrets.map((one: { key: string; value: string }) => [one.key, one.value]))).toEqual(model.values);
  const { existing, current } = await keyIds(vault.vault.store);
  expect(existing).toEqual(current);
  expect(vault.warnings).toEqual([]);
});

test('another server on the same database follows every rotation, and neither needs to be unsealed', async () => {
  using folder = temporaryFolder();
  await using one = await startDiskVault(folder.path);
  const place = await makeWorkspace(one);
  await using two = await startDiskVault(folder.path, { audit: [`file:${folder.path}/two.log`] });
  for (let round = 0; round < 4; round += 1) {
    const [rotating, other] = round % 2 === 0 ? [one, two] : [two, one];
    await rotate(rotating);
    // At once, before anybody could have looked.
    await other.root('PUT', `${place.env}/secrets/K`, { value: `v${round}` });
    await other.root('POST', '/v1/cloud/orgs', { name: `o${round}`, slug: `o${round}` });
    expect((await rotating.root('GET', `${place.env}/secrets/K`)).secret.value).toBe(`v${round}`);
    expect((await other.root('GET', `/v1/cloud/orgs/o${round}`)).slug).toBe(`o${round}`);
  }
  expect(await finished(one)).toMatchObject({ state: 'done', kept: 0 });
  expect((await two.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('v3');
  expect([...one.warnings, ...two.warnings]).toEqual([]);
});

test('a server that did not look for longer than the way is kept seals itself', async () => {
  using folder = temporaryFolder();
  await using one = await startDiskVault(folder.path);
  const place = await makeWorkspace(one);
  await one.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
  await using two = await startDiskVault(folder.path, { audit: [`file:${folder.path}/two.log`] });
  await rotate(one);
  // As if ten minutes had passed, and two had done nothing since.
  await one.vault.store.transaction(async (transaction) => {
    for (const { key } of await transaction.scan({ prefix: rootLinkPrefix })) await transaction.delete(key);
  });
  // Else it would open again with what it was started with.
  const key = readFileSync(join(folder.path, 'unseal.key'), 'utf8');
  rmSync(join(folder.path, 'unseal.key'));
  await expect.poll(() => two.vault.seal.sealed, { timeout: 5000 }).toBe(true);
  expect((await two.call('GET', `${place.env}/secrets/K`, { token: two.rootToken })).json.error).toBe('sealed');
  expect(two.warnings.join()).toContain('replaced the keys');
  await two.vault.seal.unsealAutomatically({ key });
  await two.vault.unsealed();
  expect((await two.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('v');
});
