// Rotation, backup and restore over PostgreSQL, with two servers on one database.

import { join } from 'node:path';
import { expect } from 'vitest';
import { processHost } from '../src/domain/host.ts';
import { resolveOptions } from '../src/server/options.ts';
import { type VaultServer, serve } from '../src/server/server.ts';
import { Vault } from '../src/server/vault.ts';
import { type Answer, type Call, send } from '../../test/support/http.ts';
import { createDatabase, postgresTest } from '../../test/support/postgres.ts';
import { temporaryFolder } from '../../test/support/vault.ts';

const test = await postgresTest();
const octets = 'application/octet-stream';
const secretAt = (key: string): string => `/v1/cloud/orgs/o/projects/p/envs/development/secrets/${key}`;

interface Running extends AsyncDisposable {
  readonly server: VaultServer;
  readonly warnings: string[];
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
}

async function start(storage: string, log: string): Promise<Running> {
  const warnings: string[] = [];
  const options = resolveOptions({
    storage,
    listen: { host: '127.0.0.1', port: 0 },
    rateLimit: 0,
    audit: [`file:${log}`],
    warn: (text) => void warnings.push(text),
  });
  const server = await serve(await Vault.open(options, processHost()));
  return {
    server,
    warnings,
    call: (method, path, what) => send(server.url, method, path, what),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function initialize({ call }: Running, count: number): Promise<{ token: string; shares: string[] }> {
  const made = (await call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2 } })).json;
  const token = made.root_token as string;
  await call('POST', '/v1/sys/unseal', { body: { shares: made.unseal_shares } });
  await call('POST', '/v1/cloud/orgs', { token, body: { name: 'o', slug: 'o' } });
  await call('POST', '/v1/cloud/orgs/o/projects', { token, body: { name: 'p' } });
  const operations = Array.from({ length: count }, (_, index) => ({ op: 'put', key: `K${index}`, value: `v${index}` }));
  const env = '/v1/cloud/orgs/o/projects/p/envs/development';
  expect((await call('POST', `${env}/batch`, { token, body: { operations } })).status).toBe(200);
  return { token, shares: made.unseal_shares };
}

const valueOf = async ({ call }: Running, token: string, key: string): Promise<unknown> => {
  const { status, json } = await call('GET', secretAt(key), { token });
  return status === 200 ? json.secret.value : status;
};

test('keys are rotated while another server writes; a vault moves from SQLite by a backup; the other server notices', async () => {
  using folder = temporaryFolder();
  await using database = await createDatabase();
  await using one = await start(database.url, join(folder.path, 'one.log'));
  await using two = await start(database.url, join(folder.path, 'two.log'));
  const { token, shares } = await initialize(one, 700);
  expect((await two.call('POST', '/v1/sys/unseal', { body: { shares } })).json.sealed).toBe(false);

  for (const rotating of [one, two]) {
    const begun = await rotating.call('POST', '/v1/sys/rotate', { vaultToken: token });
    expect(begun.json.state).toBe('running');
    const other = rotating === one ? two : one;
    for (let index = 0; index < 30; index += 1) {
      const body = { value: `again ${index}` };
      expect((await other.call('PUT', secretAt(`K${index}`), { token, body })).status).toBe(200);
    }
    const state = async (): Promise<unknown> => (await other.call('GET', '/v1/sys/rotate', { vaultToken: token })).json;
    await expect
      .poll(state, { timeout: 30_000, interval: 100 })
      .toMatchObject({ state: 'done', kept: 0, erased: 2, total: expect.any(Number) });
  }
  expect([await valueOf(two, token, 'K3'), await valueOf(one, token, 'K699')]).toEqual(['again 3', 'v699']);

  await using source = await start(`sqlite:${join(folder.path, 'source.db')}`, join(folder.path, 'source.log'));
  const from = await initialize(source, 1500);
  const backup = await source.call('GET', '/v1/sys/backup', {
    vaultToken: from.token,
    headers: { Accept: octets },
  });
  const staged = await one.call('POST', '/v1/sys/restore', {
    vaultToken: token,
    raw: backup.bytes,
    headers: { 'Content-Type': octets },
  });
  expect(staged.json).toMatchObject({ success: true, staged: true });
  expect(await valueOf(two, token, 'K3')).toBe('again 3');
  // Either server takes the shares.
  expect((await two.call('POST', '/v1/sys/unseal', { body: { shares: from.shares } })).json.sealed).toBe(false);
  expect([await valueOf(two, from.token, 'K3'), await valueOf(two, from.token, 'K1499')]).toEqual(['v3', 'v1499']);
  expect(await valueOf(two, token, 'K3')).toBe(401);
  // The other one never answers from the vault that is gone, and seals itself.
  expect([401, 503]).toContain(await valueOf(one, token, 'K3'));
  await expect.poll(() => one.server.vault.seal.sealed, { timeout: 5000 }).toBe(true);
  await one.call('POST', '/v1/sys/unseal', { body: { shares: from.shares } });
  expect(await valueOf(one, from.token, 'K1499')).toBe('v1499');

  // And back to a file.
  const again = await one.call('GET', '/v1/sys/backup', { vaultToken: from.token, headers: { Accept: octets } });
  await using copy = await start(`sqlite:${join(folder.path, 'copy.db')}`, join(folder.path, 'copy.log'));
  await copy.call('POST', '/v1/sys/restore', { raw: again.bytes, headers: { 'Content-Type': octets } });
  await copy.call('POST', '/v1/sys/unseal', { body: { shares: from.shares } });
  expect(await valueOf(copy, from.token, 'K1499')).toBe('v1499');
  expect(two.warnings).toEqual([]);
});
