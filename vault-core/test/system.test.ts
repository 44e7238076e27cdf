// Init, unseal and seal over HTTP, and a vault that is opened again.

import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processHost } from '../src/domain/host.ts';
import { resolveOptions } from '../src/server/options.ts';
import type { EnvironmentRecord } from '../src/server/records.ts';
import { type VaultServer, serve } from '../src/server/server.ts';
import { keys } from '../src/server/store/keys.ts';
import { Vault } from '../src/server/vault.ts';
import { checkAnswer } from '../../test/support/contract.ts';
import { type Answer, type Call, send } from '../../test/support/http.ts';
import { makeWorkspace, startDiskVault, startTestVault, temporaryFolder } from '../../test/support/vault.ts';

let server: VaultServer;
let shares: string[];
let rootToken: string;

beforeAll(async () => {
  const options = { listen: { host: '127.0.0.1', port: 0 }, rateLimit: 0 };
  server = await serve(await Vault.open(resolveOptions(options), processHost()));
});
afterAll(() => server.close());

async function call(method: string, path: string, more: Call = {}): Promise<Answer> {
  const answer = await send(server.url, method, path, more);
  checkAnswer(method, path, answer);
  return answer;
}
const unseal = (body: object): Promise<Answer> => call('POST', '/v1/sys/unseal', { body });

test('before init: 501, and no token is good', async () => {
  const health = await call('GET', '/v1/sys/health');
  expect([health.status, health.json]).toEqual([
    501,
    { initialized: false, sealed: true, threshold: 0, shares: 0, progress: 0 },
  ]);
  expect((await call('GET', '/v1/sys/seal-status')).json).toEqual(health.json);
  expect((await call('GET', '/health')).json).toEqual({ status: 'ok' });
  expect((await unseal({ share: 'x' })).status).toBe(400);
  expect((await call('GET', '/v1/cloud/me', { token: 'zvt_x' })).status).toBe(503);
  const sealing = await call('POST', '/v1/sys/seal', { vaultToken: 'x' });
  expect([sealing.status, sealing.json.error]).toEqual([409, 'conflict']);
});

test.each([
  [{}, 422],
  [{ shares: 3 }, 422],
  [{ shares: '3', threshold: 2 }, 422],
  [{ shares: 256, threshold: 2 }, 422],
  [{ shares: -1, threshold: 2 }, 422],
  [{ shares: 2.5, threshold: 2 }, 422],
  [{ shares: 11, threshold: 2 }, 400],
  [{ shares: 3, threshold: 1 }, 400],
  [{ shares: 2, threshold: 3 }, 400],
  [{ shares: 0, threshold: 0 }, 400],
  [{ shares: 2, threshold: 2, passphrase: 'short' }, 400],
])('init with %j is %i', async (body, status) => {
  expect((await call('POST', '/v1/sys/init', { body })).status).toBe(status);
});

test('init gives shares and a root token, and leaves the vault sealed', async () => {
  const made = await call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2, key_file: true } });
  expect(made.status).toBe(200);
  expect(made.headers['cache-control']).toBe('no-store');
  ({ unseal_shares: shares, root_token: rootToken } = made.json);
  expect(shares).toHaveLength(3);
  expect(rootToken).toMatch(/^zvr_[0-9a-f]{40}$/);
  expect(made.json.key_file).toMatch(/^[\w-]{43}$/);
  expect((await call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2 } })).status).toBe(409);
  expect((await call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 1 } })).status).toBe(400);
  const health = await call('GET', '/v1/sys/health');
  expect([health.status, health.json]).toEqual([
    503,
    { initialized: true, sealed: true, threshold: 2, shares: 3, progress: 0 },
  ]);
  expect((await call('GET', '/v1/cloud/me', { token: rootToken })).json.error).toBe('sealed');
});

test('shares open it, one by one; reset, repeats and bad ones behave', async () => {
  for (const nothing of [{}, { reset: false }]) expect((await unseal(nothing)).status).toBe(422);
  expect((await unseal({ share: 1 })).status).toBe(422);
  expect((await unseal({ share: 'short' })).status).toBe(400);
  expect((await unseal({ share: shares[0] })).json).toEqual({ sealed: true, threshold: 2, progress: 1 });
  expect((await unseal({ share: shares[0] })).json).toEqual({ sealed: true, threshold: 2, progress: 1 });
  expect((await unseal({ reset: true })).json).toEqual({ sealed: true, threshold: 2, progress: 0 });
  await unseal({ share: shares[0] });
  expect((await unseal({ share: Buffer.alloc(33, 7).toString('base64') })).status).toBe(400);
  expect((await call('GET', '/v1/sys/seal-status')).json.progress).toBe(0);
  await unseal({ share: shares[2] });
  expect((await unseal({ share: shares[1] })).json).toEqual({ sealed: false, threshold: 0, progress: 0 });
  for (const body of [{ share: shares[0] }, { shares }]) expect((await unseal(body)).status).toBe(409);
  expect((await unseal({ reset: true })).json).toEqual({ sealed: false, threshold: 0, progress: 0 });
  expect((await call('GET', '/v1/sys/health')).status).toBe(200);
  expect((await call('GET', '/v1/cloud/me', { token: rootToken })).status).toBe(200);
});

test('seal and unseal again: what was there is there', async () => {
  const token = rootToken;
  await call('POST', '/v1/cloud/orgs', { token, body: { name: 'o', slug: 'o' } });
  await call('POST', '/v1/cloud/orgs/o/projects', { token, body: { name: 'p' } });
  const secret = '/v1/cloud/orgs/o/projects/p/envs/development/secrets/K';
  await call('PUT', secret, { token, body: { value: 'v' } });
  const read = await call('GET', secret, { token });
  expect((await call('POST', '/v1/sys/seal', { vaultToken: token })).status).toBe(204);
  expect((await call('GET', secret, { token })).status).toBe(503);
  for (const vaultToken of [token, undefined]) {
    expect((await call('POST', '/v1/sys/seal', { vaultToken })).status).toBe(409);
  }
  expect((await unseal({ shares: shares.slice(0, 2) })).json.sealed).toBe(false);
  expect((await call('GET', secret, { token })).json).toEqual(read.json);
});

test('sealing while others read and write: each is whole or refused, and afterwards all is well', async () => {
  const secret = '/v1/cloud/orgs/o/projects/p/envs/development/secrets/RACE';
  const token = rootToken;
  for (let round = 0; round < 5; round += 1) {
    const requests = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 0
        ? call('PUT', secret, { token, body: { value: `v${round}` } })
        : call('GET', secret.replace('RACE', 'K'), { token }),
    );
    const sealing = call('POST', '/v1/sys/seal', { vaultToken: token });
    const answers = await Promise.all([...requests, ...requests.slice(0, 0)]);
    expect((await sealing).status).toBe(204);
    for (const answer of answers) {
      expect([200, 503]).toContain(answer.status);
      if (answer.status === 200) expect(answer.json.secret.value).toMatch(/^v\d?$/);
    }
    await unseal({ shares });
    const done = answers.some((answer, index) => index % 3 === 0 && answer.status === 200);
    if (done) expect((await call('GET', secret, { token })).json.secret.value).toBe(`v${round}`);
  }
});

test('metrics are counters without names', async () => {
  for (const path of ['/v1/metrics', '/v1/sys/metrics']) {
    const { text, headers } = await call('GET', path);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('zvault_initialized 1\n');
    expect(text).toContain('zvault_sealed 0\n');
    expect(text).toMatch(/^zvault_info\{version="[\d.]+"\} 1$/m);
    expect(text).toMatch(/^zvault_lease_count 0$[^]*^zvault_lease_expired_count 0$[^]*^zvault_mount_count [1-9]/m);
    expect(text).toMatch(/zvault_request_duration_seconds_bucket\{route="secrets.put",status="200",le="\+Inf"\} \d+/);
    expect(text).toMatch(/zvault_requests_total\{route="secrets.put",status="200"\} \d+/);
    expect(text).not.toMatch(/RACE|development/);
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.e+-]+)$/);
  }
});

test('without its audit a vault is neither initialized nor unsealed', async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/audit.log`;
  const options = {
    storage: `sqlite:${folder.path}/vault.db`,
    listen: { host: '127.0.0.1', port: 0 },
    audit: [`file:${path}`],
  };
  await using other = await serve(await Vault.open(resolveOptions(options), processHost()));
  const post = (route: string, body: object): Promise<Answer> => send(other.url, 'POST', `/v1/sys/${route}`, { body });
  const whileBlocked = async (work: () => Promise<void>): Promise<void> => {
    renameSync(path, `${path}.aside`);
    symlinkSync('/dev/full', path);
    await work();
    unlinkSync(path);
    renameSync(`${path}.aside`, path);
  };
  const state = async (): Promise<number> => (await send(other.url, 'GET', '/v1/sys/health')).status;
  await whileBlocked(async () => {
    expect((await post('init', { shares: 2, threshold: 2 })).status).toBe(503);
    expect(await state()).toBe(501);
  });
  const made = (await post('init', { shares: 2, threshold: 2 })).json;
  await whileBlocked(async () => {
    expect((await post('unseal', { shares: made.unseal_shares })).status).toBe(503);
    expect(await state()).toBe(503);
  });
  expect((await post('unseal', { shares: made.unseal_shares })).json.sealed).toBe(false);
  expect(await state()).toBe(200);
});

test('sealing overwrites the values that were kept ready', async () => {
  const other = await startTestVault();
  const place = await makeWorkspace(other);
  await other.root('PUT', `${place.env}/secrets/K`, { value: 'zero me' });
  const { vault } = other;
  const environment = await vault.records.read<EnvironmentRecord>(
    vault.store,
    keys.environment(place.environmentIds['development'] ?? ''),
  );
  if (!environment) throw new Error('there is no environment');
  const one = await vault.secrets.one(environment, 'K');
  const { body: all } = await vault.secrets.all(environment, true);
  for (const body of [one, all]) expect(body.toString()).toContain('zero me');
  await other.call('POST', '/v1/sys/seal', { vaultToken: other.rootToken });
  for (const body of [one, all]) expect(body.every((byte) => byte === 0)).toBe(true);
  await other.server.close();
});

test('a vault on disk is opened again with its key file, and not with another', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const place = await makeWorkspace(first);
  await first.root('PUT', `${place.env}/secrets/K`, { value: 'kept' });
  await first.server.close();
  {
    await using again = await startDiskVault(folder.path);
    expect((await again.root('GET', `${place.env}/secrets/K`)).secret.value).toBe('kept');
  }
  const warnings: string[] = [];
  const options = { storage: `sqlite:${folder.path}/vault.db`, warn: (text: string) => void warnings.push(text) };
  const wrong = { key: Buffer.alloc(32).toString('base64url') };
  await expect(Vault.open(resolveOptions({ ...options, unseal: wrong }))).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
  const missing = { keyFile: `${folder.path}/none` };
  await expect(Vault.open(resolveOptions({ ...options, unseal: missing }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  // What failed to open has let everything go.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(warnings).toEqual([]);
});

test('an address in use, and a closed server', async () => {
  await using one = await startTestVault();
  const listen = { host: '127.0.0.1', port: one.port };
  await expect(startTestVault({ listen })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await one.server.close();
  await one.server.close();
  await expect(send(one.url, 'GET', '/health')).rejects.toThrow(/ECONNREFUSED/);
});

test('health is that of the store: without it the server says that it is not well, and metrics still answer', async () => {
  const other = await startTestVault();
  await other.vault.store.close();
  for (const path of ['/health', '/v1/sys/health', '/v1/sys/seal-status']) {
    expect([path, (await other.call('GET', path)).status]).toEqual([path, 503]);
  }
  const metrics = await other.call('GET', '/v1/metrics');
  expect(metrics.status).toBe(200);
  // What only the store knows is left out.
  expect(metrics.text).not.toContain('zvault_initialized ');
  expect(metrics.text).toContain('zvault_sealed 0\n');
  await other.server.close();
});

test('a refused init takes no key from an open vault', async () => {
  await using open = await startTestVault();
  const before = await open.call('GET', '/v1/sys/audit/key', { vaultToken: open.rootToken });
  expect(before.status).toBe(200);
  expect((await open.call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2 } })).status).toBe(409);
  const after = await open.call('GET', '/v1/sys/audit/key', { vaultToken: open.rootToken });
  expect([after.status, after.json]).toEqual([200, before.json]);
});
