// Leases: their routes (contract 1.8), their ends, and the worker that sees to it.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashToken } from '../src/domain/token.ts';
import { Engines } from '../src/server/engines/engines.ts';
import { type LeaseCallback, maxLeaseSeconds } from '../src/server/engines/leases/leases.ts';
import { keys } from '../src/server/store/keys.ts';
import type { Answer } from '../../test/support/http.ts';
import { type TestVault, startTestVault } from '../../test/support/vault.ts';
import { makeVaultToken, tokenWith, writeVaultToken } from '../../test/support/vault-tokens.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());
beforeEach(async () => {
  const { store } = vault.vault;
  await store.transaction(async (transaction) => {
    for (const prefix of ['lease', 'leaseexpiry', 'leaseofpath', 'leaseoftoken'])
      for (const { key } of await transaction.scan({ prefix: `${prefix}/` })) await transaction.delete(key);
    await transaction.delete(keys.leaseCount);
    await transaction.delete(keys.leaseWorker);
  });
});

const path = 'secret/data/app';
const post = (route: string, body: unknown, vaultToken = vault.rootToken): Promise<Answer> =>
  vault.call('POST', `/v1/sys/leases/${route}`, { vaultToken, body });
const create = async (more: object = {}, token?: string): Promise<string> => {
  const answer = await post('create', { engine_path: path, ...more }, token);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json.lease_id as string;
};
const list = async (query = ''): Promise<any> =>
  (await vault.call('GET', `/v1/sys/leases${query}`, { vaultToken: vault.rootToken })).json;
const lookup = async (lease_id: string): Promise<number> => (await post('lookup', { lease_id })).status;
const entries = async (): Promise<string[]> => {
  const found = await vault.vault.store.scan({ prefix: 'lease' });
  return found.map(({ key }) => key).filter((key) => key !== keys.leaseCount && key !== keys.leaseWorker);
};

test('a lease, looked up, listed, renewed and revoked', async () => {
  const made = await post('create', { engine_path: path, ttl_secs: 60, renewable: true });
  expect(made.json).toEqual({
    lease_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    engine_path: path,
    issued_at: expect.stringMatching(/\.\d{9}\+00:00$/),
    ttl_secs: 60,
    renewable: true,
    expired: false,
  });
  const { lease_id } = made.json;
  expect((await post('lookup', { lease_id })).json).toEqual(made.json);
  expect(await list()).toEqual({ leases: [made.json], total: 1, next: null });
  expect((await post('renew', { lease_id, increment: 40 })).json).toEqual({ ...made.json, ttl_secs: 100 });
  expect((await post('renew', { lease_id })).json.ttl_secs).toBe(3700);
  for (let times = 0; times < 2; times += 1) expect((await post('revoke', { lease_id })).status).toBe(204);
  expect(await lookup(lease_id)).toBe(404);
  expect((await post('renew', { lease_id })).status).toBe(404);
  expect(await list()).toEqual({ leases: [], total: 0, next: null });
  expect(await entries()).toEqual([]);
});

test('renewals end at a year', async () => {
  const lease_id = await create({ ttl_secs: 3600 });
  expect((await post('renew', { lease_id, increment: 2_147_483_647 })).json.ttl_secs).toBe(maxLeaseSeconds);
  expect((await post('renew', { lease_id, increment: 1 })).json.ttl_secs).toBe(maxLeaseSeconds);
});

test.each([
  ['create', {}, 422],
  ['create', { engine_path: path, ttl_secs: 0 }, 422],
  ['create', { engine_path: path, ttl_secs: -1 }, 422],
  ['create', { engine_path: path, ttl_secs: 1.5 }, 422],
  ['create', { engine_path: path, ttl_secs: '1h' }, 422],
  ['create', { engine_path: path, ttl_secs: maxLeaseSeconds + 1 }, 400],
  ['create', { engine_path: path, ttl_secs: 2 ** 31 }, 422],
  ['create', { engine_path: path, renewable: 'yes' }, 422],
  ['create', { engine_path: '' }, 400],
  ['create', { engine_path: '/secret' }, 400],
  ['create', { engine_path: 'secret/\u0000' }, 400],
  ['create', { engine_path: 'a'.repeat(1025) }, 400],
  ['lookup', {}, 422],
  ['lookup', { lease_id: 'none' }, 404],
  ['lookup', { lease_id: '../x\u0000' }, 404],
  ['renew', { lease_id: 'none' }, 404],
  ['renew', { lease_id: 'none', increment: 0 }, 422],
  ['renew', { lease_id: 'none', increment: -5 }, 422],
  ['renew', { lease_id: 'none', increment: 1e300 }, 422],
  ['renew', { lease_id: 'none', increment: '5' }, 422],
  ['revoke', { lease_id: 'none' }, 204],
])('%s %j: %i', async (route, body, expected) => {
  expect((await post(route, body)).status).toBe(expected);
});

test('one that is not renewable, or has expired, is not renewed', async () => {
  expect((await post('renew', { lease_id: await create({ renewable: false }) })).status).toBe(400);
  const lease_id = await create({ ttl_secs: 10 });
  vault.clock.offsetMs += 10_000;
  expect((await post('lookup', { lease_id })).json.expired).toBe(true);
  expect((await post('renew', { lease_id })).status).toBe(400);
});

test('pages', async () => {
  const made = await Promise.all(Array.from({ length: 25 }, () => create()));
  const found: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const page: any = await list(`?limit=10${next === '' ? '' : `&after=${next}`}`);
    expect(page.total).toBe(25);
    expect(page.leases.length).toBeLessThanOrEqual(10);
    found.push(...page.leases.map(({ lease_id }: { lease_id: string }) => lease_id));
    ({ next } = page);
  }
  expect(found).toEqual(made.toSorted());
});

test('the worker ends what has expired, and nothing else', async () => {
  const [short, long] = [await create({ ttl_secs: 5 }), await create({ ttl_secs: 500 })];
  const renewed = await create({ ttl_secs: 5 });
  await post('renew', { lease_id: renewed, increment: 500 });
  vault.clock.offsetMs += 6000;
  const { leaseWorker } = vault.vault.engines;
  await leaseWorker.run();
  expect(await Promise.all([short, long, renewed].map(lookup))).toEqual([404, 200, 200]);
  expect((await list()).total).toBe(2);
  expect(await entries()).toHaveLength(8);
  const log = await vault.call('GET', '/v1/sys/audit-log?limit=50', { vaultToken: vault.rootToken });
  expect(log.json.entries).toContainEqual(
    expect.objectContaining({
      action: 'server.lease-end',
      request: expect.objectContaining({ data: expect.objectContaining({ lease_id: short, ended: true }) }),
    }),
  );
});

test('a lease ends with its token, revoked or expired', async () => {
  const rules = [{ path: '**', capabilities: ['create'] }] as const;
  const revoked = await tokenWith(vault, rules);
  const expires = Date.now() + vault.clock.offsetMs + 60_000;
  const expiring = await makeVaultToken(vault, { policies: ['root'], expires_at: expires });
  const own = await create({ ttl_secs: 5000 });
  const [first, second] = [await create({}, revoked), await create({}, expiring)];
  await writeVaultToken(vault, revoked, { revoked_at: 1 });
  expect((await post('lookup', { lease_id: first })).json.expired).toBe(true);
  expect((await post('lookup', { lease_id: second })).json.expired).toBe(false);
  expect((await post('renew', { lease_id: first })).status).toBe(400);
  const { leaseWorker } = vault.vault.engines;
  await leaseWorker.run();
  expect(await Promise.all([first, second, own].map(lookup))).toEqual([404, 200, 200]);
  vault.clock.offsetMs += 61_000;
  expect((await post('lookup', { lease_id: second })).json.expired).toBe(true);
  await leaseWorker.run();
  expect(await Promise.all([first, second, own].map(lookup))).toEqual([404, 404, 200]);
  expect((await list()).total).toBe(1);
});

test('a lease ends with the token that its token descends from', async () => {
  const token = async (by: string): Promise<string> => {
    const body = { policies: ['root'] };
    const answer = await vault.call('POST', '/v1/auth/token/create', { vaultToken: by, body });
    return answer.json.client_token as string;
  };
  const parent = await token(vault.rootToken);
  const lease_id = await create({}, await token(await token(parent)));
  expect(await lookup(lease_id)).toBe(200);
  await vault.operate('POST', '/v1/auth/token/revoke', { token: parent });
  expect((await post('lookup', { lease_id })).json.expired).toBe(true);
  await vault.vault.engines.leaseWorker.run();
  expect(await lookup(lease_id)).toBe(404);
});

/** Engines over the same store, as another server has them, with an engine that takes back what it gave. */
function engines(callback: LeaseCallback): Engines {
  const { store, records, seal } = vault.vault;
  const made = new Engines({
    store,
    records,
    keyring: () => seal.keyring,
    now: () => Date.now() + vault.clock.offsetMs,
    leaseScanMs: 1e9,
    note: () => undefined,
    warn: (message) => warnings.push(message),
    leaseCallbacks: { kv: callback },
  });
  made.start();
  return made;
}
const warnings: string[] = [];

test('an engine that refuses is asked again, after pauses that grow, and the lease is over meanwhile', async () => {
  const asked: number[] = [];
  let refuses = true;
  const server = engines(async () => {
    asked.push(vault.clock.offsetMs);
    if (refuses) throw new Error('the database is away');
  });
  const lease_id = await create({ ttl_secs: 5 });
  vault.clock.offsetMs += 6000;
  const start = vault.clock.offsetMs;
  for (let step = 0; step < 40; step += 1) {
    await server.leaseWorker.run();
    vault.clock.offsetMs += 500;
  }
  const pauses = asked.map((at, index) => (at - (asked[index - 1] ?? start)) / 1000);
  expect(pauses.map(Math.floor)).toEqual([0, 1, 2, 4, 8]);
  expect(warnings.at(-1)).toContain('the database is away');
  expect(await lookup(lease_id)).toBe(404);
  expect((await list()).total).toBe(0);
  refuses = false;
  vault.clock.offsetMs += 3_600_000;
  await server.leaseWorker.run();
  expect(await entries()).toEqual([]);
  await server.stop();
});

test('a revoked lease is over at once, and its engine is told', async () => {
  const told: string[] = [];
  const server = engines(async ({ id }) => void told.push(id));
  const { store } = vault.vault;
  const now = Date.now() + vault.clock.offsetMs;
  const asked = { engine_path: path, ttl_secs: 500, renewable: true, token_hash: hashToken(vault.rootToken) };
  const { lease_id } = await store.transaction((transaction) => server.leases.create(transaction, asked, now));
  await store.transaction((transaction) => server.leases.end(transaction, lease_id, now));
  expect(await lookup(lease_id)).toBe(404);
  expect((await list()).total).toBe(0);
  vault.clock.offsetMs += 1;
  await server.leaseWorker.run();
  expect(told).toEqual([lease_id]);
  expect(await entries()).toEqual([]);
  await server.stop();
});

test('of two servers one works; the other follows when it is gone', async () => {
  const working: string[] = [];
  const blocked = Promise.withResolvers<void>();
  const first = engines(async () => {
    working.push('first');
    await blocked.promise;
  });
  const second = engines(async () => void working.push('second'));
  for (let index = 0; index < 3; index += 1) await create({ ttl_secs: 5 });
  vault.clock.offsetMs += 6000;
  const running = first.leaseWorker.run();
  await expect.poll(() => working).toEqual(['first']);
  await second.leaseWorker.run();
  expect(working).toEqual(['first']);
  // The first one is taken for dead.
  vault.clock.offsetMs += 61_000;
  await second.leaseWorker.run();
  expect(working.slice(1)).toEqual(['second', 'second', 'second']);
  blocked.resolve();
  await running;
  expect(await entries()).toEqual([]);
  await Promise.all([first.stop(), second.stop()]);
});

test('an engine that hangs is told to end when the server stops, and asked again later', async () => {
  const hangs = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('told to end')), { once: true });
    });
  let asked = 0;
  const server = engines((_, signal) => {
    asked += 1;
    return hangs(signal);
  });
  await create({ ttl_secs: 5 });
  vault.clock.offsetMs += 6000;
  server.leaseWorker.soon();
  await expect.poll(() => asked).toBe(1);
  await server.stop();
  expect(await entries()).toHaveLength(4);
  const next = engines(async () => void (asked += 1));
  vault.clock.offsetMs += 61_000;
  await next.leaseWorker.run();
  expect([asked, await entries()]).toEqual([2, []]);
  await next.stop();
});

test('without an audit record no lease ends', async () => {
  const { store, records, seal } = vault.vault;
  const server = new Engines({
    store,
    records,
    keyring: () => seal.keyring,
    now: () => Date.now() + vault.clock.offsetMs,
    leaseScanMs: 1e9,
    note: () => {
      throw new Error('no device');
    },
    warn: () => undefined,
  });
  server.start();
  const lease_id = await create({ ttl_secs: 5 });
  vault.clock.offsetMs += 6000;
  await expect(server.leaseWorker.run()).rejects.toThrow('no device');
  expect(await lookup(lease_id)).toBe(200);
  await server.stop();
});

test('a worker that was started looks by itself', async () => {
  await using other = await startTestVault({ leaseScanSeconds: 1 });
  await other.operate('POST', '/v1/sys/leases/create', { engine_path: path, ttl_secs: 1 });
  await expect
    .poll(async () => (await other.operate('GET', '/v1/sys/leases')).total, { timeout: 5000, interval: 100 })
    .toBe(0);
});

test('ids are looked up whole', async () => {
  await create();
  expect(await lookup('')).toBe(404);
  expect(await lookup(randomUUID())).toBe(404);
});
