// What the audit tells: refused log-ins without a flood, pages of a project's records, the whole log for root.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createToken } from '../src/domain/token.ts';
import type { AuditLine } from '../src/server/audit/record.ts';
import { auditLines } from '../../test/support/audit-file.ts';
import { type TestVault, makeWorkspace, startTestVault, temporaryFolder } from '../../test/support/vault.ts';

const folder = temporaryFolder();
const file = join(folder.path, 'audit.log');
let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault({ audit: [`file:${file}`] });
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const lines = (path = file): AuditLine[] => auditLines(path);

test('many refused log-ins of one address make few records, and none is lost', async () => {
  const attempts = 300;
  const before = lines().length;
  await Promise.all(
    Array.from({ length: attempts }, () => vault.call('GET', '/v1/cloud/me', { token: createToken('service') })),
  );
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const added = lines().slice(before);
  const single = added.filter(({ action, response }) => action === 'me.get' && response.status_code === 401);
  const counted = added
    .filter(({ action }) => action === 'server.refused')
    .map(({ request }) => Number(request.data?.['count']));
  expect(single.length).toBeLessThanOrEqual(30);
  expect(single.length + counted.reduce((sum, count) => sum + count, 0)).toBe(attempts);
});

test('nobody can fill the disk by being refused for his rate', async () => {
  const at = Date.now();
  const path = join(folder.path, 'limited.log');
  await using limited = await startTestVault({ rateLimit: 5, audit: [`file:${path}`] }, { now: () => at });
  await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      limited.call('GET', index % 2 === 0 ? '/v1/cloud/me' : '/nowhere', {
        token: index % 4 === 0 ? 'same' : undefined,
      }),
    ),
  );
  expect(lines(path).length).toBeLessThan(40);
});

test('the project’s records are read by pages, newest first, each once', async () => {
  const total = 25;
  const here = await makeWorkspace(vault, 'pages');
  for (let index = 0; index < total; index += 1) {
    await vault.root('GET', `${here.env}/secrets?i=${index}`);
    if (index % 6 === 0) await vault.vault.audit.flush();
  }
  const page = async (query: string): Promise<any> => vault.root('GET', `${here.base}/audit?${query}`);
  const all = await page('limit=100');
  const ids = all.filter(({ action }: any) => action === 'secrets.list').map(({ id }: any) => id);
  expect(ids).toHaveLength(total);
  expect(all[0]).toMatchObject({
    project_id: here.projectId,
    actor_type: 'root',
    ip_address: '127.0.0.1',
    detail: '200',
  });
  const times = all.map(({ created_at: at }: any) => at);
  expect(times).toEqual(times.toSorted().toReversed());
  for (const limit of [1, 7, 10]) {
    const read: string[] = [];
    let after = all[0].cursor;
    for (;;) {
      const entries = await page(`limit=${limit}&after=${after}`);
      if (entries.length === 0) break;
      read.push(...entries.map(({ id }: any) => id));
      after = entries.at(-1).cursor;
    }
    expect(read).toEqual(all.slice(1).map(({ id }: any) => id));
  }
  // With an offset, what was recorded meanwhile (the pages read) stands in front.
  const offset = await page('limit=3&offset=2');
  const again = await page('limit=6');
  expect(offset.map(({ id }: any) => id)).toEqual(again.slice(3, 6).map(({ id }: any) => id));
  const byProject = await vault.root('GET', `/v1/cloud/projects/${here.projectId}/audit?limit=1`);
  expect(byProject.total).toBeGreaterThan(total);
  for (const query of ['limit=0', 'limit=-1', 'limit=1001', 'limit=x', 'offset=-1', 'after=x', 'after=']) {
    const answer = await vault.call('GET', `${here.base}/audit?${query}`, { token: vault.rootToken });
    expect([query, answer.status]).toEqual([query, 400]);
  }
});

test('root reads the whole log; an absurd limit is capped', async () => {
  const answer = await vault.call('GET', '/v1/sys/audit-log?limit=5', { vaultToken: vault.rootToken });
  expect(answer.json.count).toBe(5);
  expect(answer.json.entries[0]).toEqual(lines().at(-2));
  const capped = await vault.call('GET', '/v1/sys/audit-log?limit=99999', { vaultToken: vault.rootToken });
  expect(capped.json.count).toBeLessThanOrEqual(1000);
});
