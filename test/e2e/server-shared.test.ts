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
