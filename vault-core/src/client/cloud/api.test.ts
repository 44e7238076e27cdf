import { expect, test } from 'vitest';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { routes } from '../../wire/routes.ts';
import type { VaultClient } from '../client.ts';
import { type Answer, refusal, startTestServer, testClient } from '../test-server.ts';
import { fakeIds, legacyVault } from '../test-vaults.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** One call of each method, by the id of its route. `o/1` and `p?` show that parts are encoded. */
const calls: Readonly<Record<string, (client: VaultClient) => Promise<unknown>>> = {
  'me.get': (client) => client.me(),
  'orgs.create': ({ cloud }) => cloud.orgs.create({ name: 'O', slug: 'o' }),
  'orgs.list': ({ cloud }) => cloud.orgs.list(),
  'orgs.get': ({ cloud }) => cloud.orgs.get('o/1'),
  'members.create': ({ cloud }) => cloud.members.create('o/1', { email: 'a@example.com', role: 'viewer' }),
  'members.list': ({ cloud }) => cloud.members.list('o/1'),
  'members.update': ({ cloud }) => cloud.members.update('o/1', 'u|1', { role: 'admin' }),
  'members.delete': ({ cloud }) => cloud.members.delete('o/1', 'u|1'),
  'projects.create': ({ cloud }) => cloud.projects.create('o/1', { name: 'P' }),
  'projects.list': ({ cloud }) => cloud.projects.list('o/1'),
  'projects.get': ({ cloud }) => cloud.projects.get('o/1', 'p?'),
  'projects.update': ({ cloud }) => cloud.projects.update('o/1', 'p?', { name: 'Q' }),
  'projects.delete': ({ cloud }) => cloud.projects.delete('o/1', 'p?', { force: true }),
  'projects.restore': ({ cloud }) => cloud.projects.restore('o/1', 'p?'),
  'environments.list': ({ cloud }) => cloud.environments.list('o/1', 'p?'),
  'environments.create': ({ cloud }) => cloud.environments.create('o/1', 'p?', { slug: 'qa' }),
  'environments.update': ({ cloud }) => cloud.environments.update('o/1', 'p?', 'q a', { sort_order: 1 }),
  'environments.delete': ({ cloud }) => cloud.environments.delete('o/1', 'p?', 'q a', { force: false }),
  'environments.restore': ({ cloud }) => cloud.environments.restore('o/1', 'p?', 'q a'),
  'tokens.create': ({ cloud }) => cloud.tokens.create('o/1', 'p?', { name: 'ci' }),
  'tokens.list': ({ cloud }) => cloud.tokens.list('o/1', 'p?'),
  'tokens.revoke': ({ cloud }) => cloud.tokens.revoke('o/1', 'p?', 't'),
  'audit.list': ({ cloud }) => cloud.audit.list('o/1', 'p?', { limit: 5, after: 'c' }),
  'sys.health': ({ cloud }) => cloud.sys.health(),
  'sys.seal-status': ({ cloud }) => cloud.sys.sealStatus(),
  'sys.init': ({ cloud }) => cloud.sys.init({ shares: 3, threshold: 2 }),
  'sys.unseal': ({ cloud }) => cloud.sys.unseal({ share: 's' }),
  'sys.seal': ({ cloud }) => cloud.sys.seal(),
  'sys.audit-log': ({ cloud }) => cloud.sys.auditLog({ limit: 3 }),
  'login.exchange': ({ cloud }) => cloud.signIn.exchange({ code: 'c', code_verifier: 'v' }),
  'sys.audit-key': ({ cloud }) => cloud.sys.auditKey(),
  'sys.audit-verify': ({ cloud }) => cloud.sys.verifyAudit({ lines: [] }),
  'sys.license': ({ cloud }) => cloud.sys.license(),
  'sys.rekey': ({ cloud }) => cloud.operator.rekey({ shares: 3, threshold: 2, unseal_shares: ['s'] }),
  'sys.generate-root': ({ cloud }) => cloud.operator.generateRoot({ shares: ['s'] }),
  'key-slots.list': ({ cloud }) => cloud.operator.keySlots(),
  'key-slots.add': ({ cloud }) => cloud.operator.addKeySlot({ kind: 'recovery' }),
  'key-slots.remove': ({ cloud }) => cloud.operator.removeKeySlot('t'),
  'sys.rotate': ({ cloud }) => cloud.operator.rotate(['root']),
  'sys.rotation': ({ cloud }) => cloud.operator.rotation(),
  'sys.backup': async ({ cloud }) => (await cloud.operator.backup()).resume(),
  'sys.restore': ({ cloud }) => cloud.operator.restore(() => Readable.from([Buffer.from('{}')])),
  'sys.restore-status': ({ cloud }) => cloud.operator.restoreStatus(),
  'sys.restore-cancel': ({ cloud }) => cloud.operator.cancelRestore(),
};

/** Routes that the client has no method for, or elsewhere: other clients' paths, secrets, the vault API, documents. */
const without =
  /^(secrets|bulk|project-secrets|project-list|project-tokens|project-audit|tokens\.delete|auth\.me|policies|vault-tokens|app-roles|jwt|kv\.|mounts\.|leases\.|transit|login\.(?:page|token|oidc|callback)|health\.get|openapi\.get|metrics\.get|sys\.metrics)/;

test('every management route has a method', () => {
  const ids = routes.map(({ id }) => id).filter((id) => !without.test(id));
  expect(Object.keys(calls).toSorted()).toEqual(ids.toSorted());
});

const made = { id: 'i', environment_id: null, expires_at: null };
const lists = { organizations: [], members: [], projects: [], environments: [], tokens: [] };

test.each(Object.keys(calls))('%s sends what its route says', async (id) => {
  const route = routes.find((one) => one.id === id);
  const answer: Answer =
    id === 'tokens.create'
      ? { json: { token: made, plaintext_token: 'zvt_plain' } }
      : id === 'audit.list'
        ? { json: [] }
        : route?.path.endsWith('/seal')
          ? { status: 204 }
          : { json: { ...made, ...lists, sealed: false } };
  await using server = await startTestServer(() => answer);
  await using client = testClient(server);
  await calls[id]?.(client);
  const [seen] = server.seen;
  const parts: Record<string, string> = { org: 'o/1', project: 'p?', env: 'q a', user: 'u|1', id: 't' };
  const path = route?.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
  expect(`${seen?.method} ${seen?.path}`).toBe(`${route?.method} ${path}`);
  const { identity } = route?.access ?? {};
  expect(seen?.headers.authorization !== undefined).toBe(identity === 'cloud');
  expect(seen?.headers['x-vault-token'] !== undefined).toBe(identity === 'vault');
  if (id.endsWith('.create')) expect(seen?.body).toHaveProperty('id', expect.stringMatching(uuid));
});

test('lists and objects come without their envelopes', async () => {
  await using server = await startTestServer(() => ({ json: { organizations: [{ id: 'a' }], keys: 1 } }));
  await using client = testClient(server);
  expect(await client.cloud.orgs.list()).toEqual([{ id: 'a' }]);
  server.handler = () => ({ json: [] });
  await expect(client.cloud.orgs.get('o')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  await expect(client.cloud.orgs.list()).rejects.toMatchObject({ code: 'BAD_ANSWER' });
});

test('a creation whose answer was lost is sent again with the same id', async () => {
  const answers: Answer[] = [{ raw: (response) => response.destroy() }, { status: 502 }];
  await using server = await startTestServer(() => answers.shift() ?? { json: { id: 'x' } });
  await using client = testClient(server);
  await client.cloud.projects.create('o', { name: 'P' });
  const ids = server.seen.map(({ body }) => (body as { id: string }).id);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
});

test('a creation at a server that knows no ids is sent once', async () => {
  const vault = legacyVault({});
  await using server = await startTestServer((seen) => (seen.method === 'POST' ? { status: 502 } : vault.handle(seen)));
  await using client = testClient(server, fakeIds);
  await client.getAll();
  await expect(client.cloud.projects.create(fakeIds.org, { name: 'P', slug: 'p' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  expect(server.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('health is an answer for a sealed vault too', async () => {
  for (const status of [200, 501, 503]) {
    await using server = await startTestServer(() => ({
      status,
      json: { initialized: status !== 501, sealed: status !== 200 },
    }));
    await using client = testClient(server, { token: '' });
    expect(await client.cloud.sys.health()).toMatchObject({ sealed: status !== 200 });
  }
});

test('health without a seal state is that of a server whose store is away', async () => {
  await using server = await startTestServer(() => refusal(503, 'unavailable', 'the database does not answer'));
  await using client = testClient(server, { token: '' });
  await expect(client.cloud.sys.health()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('slugs become ids where paths take only ids', async () => {
  const vault = legacyVault({});
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server);
  await expect(client.cloud.projects.list('acme')).resolves.toHaveLength(1);
  await expect(client.cloud.projects.list('nobody')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('"nobody"'),
  });
});

test('what was sent to unseal or to sign in does not come back in an error', async () => {
  await using server = await startTestServer(({ body }) => refusal(400, 'bad_request', JSON.stringify(body)));
  await using client = testClient(server);
  const { operator, sys, signIn } = client.cloud;
  for (const work of [
    () => sys.unseal({ share: 'canary-1' }),
    () => sys.unseal({ shares: ['canary-1', 'canary-2'] }),
    () => sys.init({ shares: 2, threshold: 2, passphrase: 'canary-3' }),
    () => signIn.exchange({ code: 'canary-4', code_verifier: 'canary-5' }),
    () => sys.unseal({ recovery_code: 'canary-4' }),
    () => sys.unseal({ passphrase: 'canary-5', key: 'canary-6' }),
    () => operator.rekey({ shares: 2, threshold: 2, unseal_shares: ['canary-7'] }),
    () => operator.generateRoot({ shares: ['canary-8'], recovery_code: 'canary-9' }),
    () => operator.addKeySlot({ kind: 'passphrase', passphrase: 'canary-10' }),
  ]) {
    const error: unknown = await work().catch((thrown: unknown) => thrown);
    expect(inspect(error)).not.toContain('canary');
  }
});
