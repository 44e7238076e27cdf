// Two servers over one database, in one process: what one does, the other notices.

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditLines } from '../../test/support/audit-file.ts';
import {
  type TestVault,
  type Workspace,
  makeWorkspace,
  startDiskVault,
  temporaryFolder,
} from '../../test/support/vault.ts';
import { sweep } from '../src/server/cloud/sweeper.ts';
import { keyIdOf } from '../src/server/crypto/cipher.ts';
import { Keyring } from '../src/server/keyring.ts';
import { commitUnknown } from '../src/server/store/commit-unknown.ts';
import { requireSealConfig } from '../src/server/seal/config.ts';
import { keys } from '../src/server/store/keys.ts';
import type { Store } from '../src/server/store/store.ts';

const dayMs = 86_400_000;
let folder: ReturnType<typeof temporaryFolder>;
let one: TestVault;
let two: TestVault;
let place: Workspace;

beforeEach(async () => {
  folder = temporaryFolder();
  one = await startDiskVault(folder.path, { audit: [`file:${join(folder.path, 'one.log')}`] });
  place = await makeWorkspace(one);
  two = await startDiskVault(folder.path, { audit: [`file:${join(folder.path, 'two.log')}`] });
});
afterEach(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const put = (vault: TestVault, key: string, value: string): Promise<number> =>
  vault
    .call('PUT', `${place.env}/secrets/${key}`, { token: vault.rootToken, body: { value } })
    .then(({ status }) => status);
const valueOf = async (vault: TestVault, key: string): Promise<string> =>
  (await vault.root('GET', `${place.env}/secrets/${key}`)).secret.value as string;

test('a key that one server makes is the one that the other writes with', async () => {
  await put(two, 'K', 'old');
  const store = one.vault.store;
  const org = `org/${place.orgId}` as const;
  const made = await store.transaction((transaction) => one.vault.seal.keyring.create(transaction, org));
  await turn();
  expect(await put(two, 'L', 'new')).toBe(200);
  const stored = await store.get(`secret/${place.environmentIds['development']}/L`);
  const header = stored?.value.readUInt32BE(1) ?? 0;
  expect(keyIdOf(stored?.value.subarray(5 + header) ?? Buffer.alloc(0))).toBe(made.id);
  expect(await valueOf(one, 'K')).toBe('old');
  expect(await valueOf(two, 'L')).toBe('new');
});

test('a root key that was replaced seals the other server; new slots alone seal nobody', async () => {
  expect(await put(two, 'K', 'v')).toBe(200);
  const { store } = one.vault;
  const slots = (await store.get('sys/seal'))?.value ?? '';
  const putSlots = (): Promise<void> => store.transaction((transaction) => transaction.put('sys/seal', slots));
  await putSlots();
  await sleep(1500);
  expect([one.vault.seal.sealed, two.vault.seal.sealed]).toEqual([false, false]);
  const { root_id: rootId } = await requireSealConfig(store);
  // Else it would open again with what it was started with.
  rmSync(join(folder.path, 'unseal.key'));
  await store.transaction(
    async (transaction) =>
      void (await new Keyring({ id: rootId, bytes: randomBytes(32) }).create(transaction, 'system')),
  );
  await putSlots();
  await expect.poll(() => two.vault.seal.sealed, { timeout: 4000 }).toBe(true);
  expect((await two.call('GET', '/v1/cloud/orgs', { token: two.rootToken })).status).toBe(503);
  expect(two.warnings.join()).toMatch(/another server has replaced the keys of the vault/);
  expect(auditLines(join(folder.path, 'two.log')).at(-1)?.action).not.toBe('server.unseal');
});

test('a server whose clock is behind can’t restore what another one erases', async () => {
  const environment = keys.environment(place.environmentIds['staging'] ?? '');
  await one.root('DELETE', `${place.base}/environments/staging`);
  const { store, records } = one.vault;
  const later = Date.now() + 31 * dayMs;
  // The sweep of the other server has begun, and stops in the middle.
  const transaction = store.transaction.bind(store);
  let calls = 0;
  Object.assign(store, {
    transaction: (work: Parameters<Store['transaction']>[0]) => {
      calls += 1;
      return calls > 1 ? Promise.reject(new Error('stopped')) : transaction(work);
    },
  });
  await expect(sweep(store, records, later)).rejects.toThrow('stopped');
  Reflect.deleteProperty(store, 'transaction');
  expect(await store.get(environment)).toBeDefined();
  const restored = await two.call('POST', `${place.base}/environments/staging/restore`, { token: two.rootToken });
  expect(restored.status).toBe(404);
  // The next sweep ends what was begun.
  expect(await sweep(store, records, later)).toBe(1);
  expect(await store.get(environment)).toBeUndefined();
});

test('a commit that nobody knows of is 503, is recorded as that, and is not tried again', async () => {
  const { store } = one.vault;
  let runs = 0;
  const original = store.transaction.bind(store);
  Object.assign(store, {
    transaction: async (work: Parameters<Store['transaction']>[0]) => {
      await original(async (transaction) => {
        runs += 1;
        return work(transaction);
      });
      throw commitUnknown('db:5432/vault');
    },
  });
  const answer = await one.call('PUT', `${place.env}/secrets/K`, { token: one.rootToken, body: { value: 'canary-1' } });
  Reflect.deleteProperty(store, 'transaction');
  expect(answer.status).toBe(503);
  expect(answer.json.message).toMatch(/may have been done/);
  expect(runs).toBe(1);
  const [done, unknown] = auditLines(join(folder.path, 'one.log')).filter(({ action }) => action === 'secrets.put');
  expect(done?.response.status_code).toBe(200);
  expect(unknown?.response.status_code).toBe(503);
  expect(unknown?.request.data).toEqual({ commit_unknown: done?.id });
  expect(await valueOf(two, 'K')).toBe('canary-1');
});

test('a run that the database undoes is recorded as not committed, and the next one counts', async () => {
  const { store } = one.vault;
  const original = store.transaction.bind(store);
  Object.assign(store, {
    transaction: async (work: Parameters<Store['transaction']>[0]) => {
      await original(async (transaction) => {
        await work(transaction);
        throw new Error('undone');
      }).catch(() => undefined);
      return original(work);
    },
  });
  const answer = await one.call('PUT', `${place.env}/secrets/K`, { token: one.rootToken, body: { value: 'v' } });
  Reflect.deleteProperty(store, 'transaction');
  expect(answer.status).toBe(200);
  expect(answer.json.secret.version).toBe(1);
  const records = auditLines(join(folder.path, 'one.log')).filter(({ action }) => action === 'secrets.put');
  expect(records.map(({ response }) => response.status_code)).toEqual([200, 503, 200]);
  expect(records[1]?.request.data).toEqual({ not_committed: records[0]?.id });
});
