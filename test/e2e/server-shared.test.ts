// Two server processes on one database file: neither ever answers what the other has made untrue.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startChildServer } from '../support/child-server.ts';
import { type Answer, send } from '../support/http.ts';
import { makeToken, makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

test('writes, revocations and versions hold over both', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const { env, base } = await makeWorkspace(first);
  const service = await makeToken(first, base, { permissions: ['read', 'write'] });
  const { rootToken } = first;
  await first.server.close();

  await using one = await startChildServer(folder.path, { audit: join(folder.path, 'one.log') });
  await using two = await startChildServer(folder.path, { audit: join(folder.path, 'two.log') });
  const call = (url: string, method: string, path: string, body?: unknown, token = service): Promise<Answer> =>
    send(url, method, path, { token, body });
  const secret = `${env}/secrets/K`;

  for (let round = 0; round < 50; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    const written = await call(writer.url, 'PUT', secret, { value: `v${round}` });
    expect(written.json.secret.version).toBe(round + 1);
    expect((await call(reader.url, 'GET', secret)).json.secret.value).toBe(`v${round}`);
    const all = await call(reader.url, 'GET', `${env}/secrets?include=values`);
    expect(all.json.secrets[0].value).toBe(`v${round}`);
  }

  const race = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      call(index % 2 === 0 ? one.url : two.url, 'PUT', `${env}/secrets/RACE`, { value: String(index), cas: 0 }),
    ),
  );
  expect(race.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(race.filter(({ status }) => status === 409)).toHaveLength(59);
  const many = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      call(index % 2 === 0 ? one.url : two.url, 'PUT', `${env}/secrets/MANY`, { value: String(index) }),
    ),
  );
  expect(many.map(({ json }) => json.secret.version as number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 60 }, (_, index) => index + 1),
  );

  const { json } = await call(two.url, 'GET', '/v1/cloud/me');
  const revoke = await call(one.url, 'POST', `${base}/tokens/${json.user_id}/revoke`, undefined, rootToken);
  expect(revoke.status).toBe(200);
  expect((await call(two.url, 'GET', '/v1/cloud/me')).status).toBe(401);
  expect((await call(two.url, 'GET', secret)).status).toBe(401);
});

test('the vault API over both: KV, mounts, transit, leases', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const { rootToken: vaultToken } = first;
  await first.server.close();
  await using one = await startChildServer(folder.path, { audit: join(folder.path, 'one.log') });
  await using two = await startChildServer(folder.path, { audit: join(folder.path, 'two.log') });
  const call = (url: string, method: string, path: string, body?: unknown): Promise<Answer> =>
    send(url, method, `/v1/${path}`, { vaultToken, body });
  await call(one.url, 'POST', 'sys/mounts/team', { engine_type: 'kv' });
  await call(one.url, 'POST', 'transit/keys/k');
  // The mount's key is made with its first secret, by both at once.
  const firsts = await Promise.all(
    [one, two].map(({ url }, index) => call(url, 'POST', `team/data/first${index}`, { a: index })),
  );
  expect(firsts.map(({ status }) => status)).toEqual([200, 200]);
  for (let round = 0; round < 20; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    await call(writer.url, 'POST', 'team/data/x', { round });
    expect((await call(reader.url, 'GET', 'team/data/x')).json.data.data).toEqual({ round });
    expect((await call(reader.url, 'GET', 'team/data/first0')).json.data.data).toEqual({ a: 0 });
    expect((await call(reader.url, 'GET', 'team/data/first1')).json.data.data).toEqual({ a: 1 });
    const { ciphertext } = (await call(writer.url, 'POST', 'transit/encrypt/k', { plaintext: 'YQ==' })).json;
    expect(ciphertext).toMatch(new RegExp(`^vault:v${round + 1}:`));
    await call(reader.url, 'POST', 'transit/keys/k/rotate');
    expect((await call(reader.url, 'POST', 'transit/decrypt/k', { ciphertext })).json).toEqual({ plaintext: 'YQ==' });
  }
  const lease = await call(one.url, 'POST', 'sys/leases/create', { engine_path: 'team/data/x' });
  const body = { lease_id: lease.json.lease_id };
  expect((await call(two.url, 'POST', 'sys/leases/lookup', body)).status).toBe(200);
  await call(two.url, 'DELETE', 'team/data/x');
  expect((await call(one.url, 'GET', 'team/data/x')).status).toBe(404);
  await call(two.url, 'DELETE', 'sys/mounts/team');
  expect((await call(one.url, 'GET', 'team/data/first0')).status).toBe(404);
  expect((await call(one.url, 'POST', 'sys/leases/lookup', body)).status).toBe(404);
});
