// The engines of two servers over one PostgreSQL database: neither answers what the other has made untrue, and one of them ends
// leases.

import { join } from 'node:path';
import { expect } from 'vitest';
import { createDatabase, postgresTest } from '../../test/support/postgres.ts';
import { startDiskVault, temporaryFolder } from '../../test/support/vault.ts';

const test = await postgresTest();

test('KV, mounts, transit and leases', async () => {
  using folder = temporaryFolder();
  await using database = await createDatabase();
  const start = (name: string) =>
    startDiskVault(folder.path, { storage: database.url, audit: [`file:${join(folder.path, name)}`] });
  await using one = await start('one.log');
  await using two = await start('two.log');
  await one.operate('POST', '/v1/sys/mounts/team', { engine_type: 'kv' });
  await one.operate('POST', '/v1/transit/keys/k');
  const firsts = [one, two].map((server, index) => server.operate('POST', `/v1/team/data/first${index}`, { a: index }));
  await Promise.all(firsts);
  for (let round = 0; round < 10; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    await writer.operate('POST', '/v1/team/data/x', { round });
    expect((await reader.operate('GET', '/v1/team/data/x')).data.data).toEqual({ round });
    expect((await reader.operate('GET', '/v1/team/data/first0')).data.data).toEqual({ a: 0 });
    expect((await reader.operate('GET', '/v1/team/data/first1')).data.data).toEqual({ a: 1 });
    const { ciphertext } = await writer.operate('POST', '/v1/transit/encrypt/k', { plaintext: 'YQ==' });
    await reader.operate('POST', '/v1/transit/keys/k/rotate');
    expect(await reader.operate('POST', '/v1/transit/decrypt/k', { ciphertext })).toEqual({ plaintext: 'YQ==' });
  }
  expect((await one.operate('GET', '/v1/team/list')).keys).toEqual(['first0', 'first1', 'x']);

  const race = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : two).call('POST', '/v1/secret/data/race', {
        vaultToken: one.rootToken,
        body: { options: { cas: 0 }, data: { index } },
      }),
    ),
  );
  expect(race.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(race.filter(({ status }) => status === 409)).toHaveLength(19);

  const lease = (server: typeof one): Promise<{ lease_id: string }> =>
    server.operate('POST', '/v1/sys/leases/create', { engine_path: 'secret/data/x', ttl_secs: 60 });
  await Promise.all(Array.from({ length: 10 }, (_, index) => lease(index % 2 === 0 ? one : two)));
  expect((await two.operate('GET', '/v1/sys/leases')).total).toBe(10);
  for (const { clock } of [one, two]) clock.offsetMs += 61_000;
  await Promise.all([one, two].map(({ vault }) => vault.engines.leaseWorker.run()));
  expect(await one.operate('GET', '/v1/sys/leases')).toEqual({ leases: [], total: 0, next: null });

  await two.operate('DELETE', '/v1/sys/mounts/team');
  const gone = await one.call('GET', '/v1/team/data/first0', { vaultToken: one.rootToken });
  expect(gone.status).toBe(404);
});
