// Which capability on which path each route of the engines takes: written down from the contract (1.7 to 1.10), not taken from
// the route table. The capability alone lets pass; all others together do not.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RouteId } from '../src/wire/routes.ts';
import { routes } from '../src/wire/routes.ts';
import { type TestVault, type Workspace, makeWorkspace, startTestVault } from '../../test/support/vault.ts';
import { tokenWith } from '../../test/support/vault-tokens.ts';
import { cases } from './access-requests.ts';

type Capability = 'read' | 'list' | 'create' | 'update' | 'delete' | 'sudo';
const all: readonly Capability[] = ['read', 'list', 'create', 'update', 'delete', 'sudo'];

/** `*`: the name that the request made. */
const expected = {
  'kv.read': ['secret/data/*', 'read'],
  'kv.write': ['secret/data/*', 'create'],
  'kv.delete': ['secret/data/*', 'delete'],
  'kv.metadata': ['secret/metadata/*', 'read'],
  'kv.erase': ['secret/metadata/*', 'delete'],
  'kv.list': ['secret/list/*', 'list'],
  'kv.list-all': ['secret/list/', 'list'],
  'kv.list-root': ['secret/list/', 'list'],
  'kv.undelete': ['secret/undelete/*', 'update'],
  'kv.destroy': ['secret/destroy/*', 'update'],
  'mounts.list': ['sys/mounts', 'list'],
  'mounts.create': ['sys/mounts', 'create'],
  'mounts.delete': ['sys/mounts', 'delete'],
  'leases.list': ['sys/leases', 'read'],
  'leases.create': ['secret/data/*', 'create'],
  'leases.lookup': ['sys/leases/lookup', 'read'],
  'leases.renew': ['sys/leases/renew', 'update'],
  'leases.revoke': ['sys/leases/revoke', 'sudo'],
  'transit-keys.list': ['transit/keys', 'list'],
  'transit-keys.create': ['transit/keys/*', 'create'],
  'transit-keys.get': ['transit/keys/*', 'read'],
  'transit-keys.rotate': ['transit/keys/*', 'update'],
  'transit-keys.config': ['transit/keys/*', 'update'],
  'transit.encrypt': ['transit/encrypt/*', 'update'],
  'transit.decrypt': ['transit/decrypt/*', 'update'],
  'transit.rewrap': ['transit/rewrap/*', 'update'],
  'transit.datakey': ['transit/datakey/*', 'update'],
  'transit.sign': ['transit/sign/*', 'update'],
  'transit.hmac': ['transit/hmac/*', 'update'],
  'transit.verify': ['transit/verify/*', 'update'],
} as const satisfies Partial<Record<RouteId, readonly [string, Capability]>>;

let vault: TestVault;
let place: Workspace;
beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
});
afterAll(() => vault[Symbol.asyncDispose]());

test('the table names every route of the engines', () => {
  const areas = ['kv', 'mounts', 'leases', 'transit', 'transit-keys'];
  const ids = routes.map(({ id }) => id).filter((id) => areas.includes(id.split('.')[0] ?? ''));
  expect(Object.keys(expected).sort()).toEqual(ids.sort());
});

const rows = Object.entries(expected) as [keyof typeof expected, readonly [string, Capability]][];

test.each(rows)('%s takes %j', async (id, [path, capability]) => {
  const ask = async (rules: { path: string; capabilities: (Capability | 'deny')[] }[]): Promise<[number, number]> => {
    const { method, path: address, body, status = 200 } = await cases[id].prepare(vault, place);
    const vaultToken = await tokenWith(vault, rules);
    return [(await vault.call(method, address, { vaultToken, body })).status, status];
  };
  const [got, want] = await ask([{ path, capabilities: [capability] }]);
  expect(got).toBe(want);
  const others = all.filter((one) => one !== capability);
  const [refused] = await ask([
    { path, capabilities: others },
    { path: `${path}/x`, capabilities: [capability] },
    { path: `!${path}`, capabilities: id === 'leases.create' ? others : [...all] },
  ]);
  expect(refused).toBe(403);
  const [denied] = await ask([
    { path: '**', capabilities: [...all] },
    { path, capabilities: ['deny'] },
  ]);
  expect(denied).toBe(403);
});

test('a lease: "create" on sys/leases/create is enough too, and a deny on either path refuses', async () => {
  const body = { engine_path: 'secret/data/x' };
  const ask = async (rules: Parameters<typeof tokenWith>[1]): Promise<number> =>
    (await vault.call('POST', '/v1/sys/leases/create', { vaultToken: await tokenWith(vault, rules), body })).status;
  const route = { path: 'sys/leases/create', capabilities: ['create'] } as const;
  const own = { path: 'secret/data/x', capabilities: ['create'] } as const;
  expect(await ask([route])).toBe(200);
  expect(await ask([own])).toBe(200);
  expect(await ask([route, { path: 'secret/data/*', capabilities: ['deny'] }])).toBe(403);
  expect(await ask([own, { path: 'sys/**', capabilities: ['deny'] }])).toBe(403);
  expect(await ask([{ path: 'sys/leases/create', capabilities: ['update', 'sudo'] }])).toBe(403);
});

test('another mount is another path for policies', async () => {
  await vault.operate('POST', '/v1/sys/mounts/team', { engine_type: 'kv' });
  await vault.operate('POST', '/v1/team/data/x', { a: 1 });
  const vaultToken = await tokenWith(vault, [{ path: 'secret/**', capabilities: [...all] }]);
  expect((await vault.call('GET', '/v1/team/data/x', { vaultToken })).status).toBe(403);
  const own = await tokenWith(vault, [{ path: 'team/data/*', capabilities: ['read'] }]);
  expect((await vault.call('GET', '/v1/team/data/x', { vaultToken: own })).json.data.data).toEqual({ a: 1 });
});
