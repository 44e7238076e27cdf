// kill -9 at random moments during a thousand writes: what was acknowledged is there, once, with its record.

import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { AuditLine } from '../../vault-core/src/server/audit/record.ts';
import { startChildServer } from '../support/child-server.ts';
import { send } from '../support/http.ts';
import { makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

const writes = 1000;
const writers = 16;

test('kill -9 during writes loses nothing that was acknowledged', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const { env, base } = await makeWorkspace(first);
  const token = first.rootToken;
  await first.server.close();

  const acknowledged = new Set<string>();
  let next = 0;
  let kills = 0;
  while (acknowledged.size < writes) {
    const server = await startChildServer(folder.path);
    const agent = new Agent({ keepAlive: true });
    const killed = new AbortController();
    const write = async (): Promise<void> => {
      while (!killed.signal.aborted) {
        const key = `W${next}`;
        next += 1;
        const answer = await send(server.url, 'PUT', `${env}/secrets/${key}`, {
          token,
          agent,
          body: { value: `v-${key}` },
        });
        expect(answer.status).toBe(200);
        acknowledged.add(key);
      }
    };
    const writing = Array.from({ length: writers }, () =>
      write().catch((error: unknown) => {
        // Only the end of the process may end a writer.
        if (!killed.signal.aborted) throw error;
      }),
    );
    setTimeout(
      () => {
        killed.abort();
        kills += 1;
        void server.end('SIGKILL');
      },
      30 + Math.random() * 120,
    );
    await Promise.all(writing);
    await server.end('SIGKILL');
    agent.destroy();
    const database = new DatabaseSync(join(folder.path, 'vault.db'));
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  }
  expect(kills).toBeGreaterThan(3);

  await using again = await startDiskVault(folder.path);
  const { secrets } = (await again.root('GET', `${env}/secrets?include=values`)) as {
    secrets: { key: string; value: string; version: number }[];
  };
  const stored = new Map(secrets.map((secret) => [secret.key, secret]));
  for (const key of acknowledged) expect(stored.get(key)).toMatchObject({ value: `v-${key}`, version: 1 });
  const listed = (await again.root('GET', `${base}/environments`)) as { environments: { secret_count: number }[] };
  expect(listed.environments[0]?.secret_count).toBe(stored.size);

  // In the file: a record for each, whole lines, no number of a chain twice.
  const text = readFileSync(join(folder.path, 'vault.db.audit.log'), 'utf8');
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditLine);
  const done = new Set(lines.filter(isWrite).map(({ scope }) => scope.resource));
  expect([...acknowledged].filter((key) => !done.has(key))).toEqual([]);
  expect(new Set(lines.map(({ chain, seq }) => `${chain} ${seq}`)).size).toBe(lines.length);
  // What is stored was recorded, too.
  expect([...stored.keys()].filter((key) => !done.has(key))).toEqual([]);

  // In the table: all of them, each once, over all crashes.
  const inTable: string[] = [];
  for (let after = ''; ;) {
    const page = (await again.root('GET', `${base}/audit?limit=1000${after}`)) as {
      id: string;
      action: string;
      resource: string;
      cursor: string;
    }[];
    inTable.push(...page.filter(({ action }) => action === 'secrets.put').map(({ resource }) => resource));
    if (page.length < 1000) break;
    after = `&after=${page.at(-1)?.cursor}`;
  }
  expect(inTable.length).toBe(new Set(inTable).size);
  const found = new Set(inTable);
  expect([...acknowledged].filter((key) => !found.has(key))).toEqual([]);
});

function isWrite({ action, response }: AuditLine): boolean {
  return action === 'secrets.put' && response.status_code === 200;
}
