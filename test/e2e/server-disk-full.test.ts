// With the disk full, requests are refused and nothing that was acknowledged is lost; with space again, all goes on.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ChildServer, startChildServer } from '../support/child-server.ts';
import { type Answer, send } from '../support/http.ts';
import { makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

const value = (index: number): string => `${index}:${'x'.repeat(60_000)}`;

async function prepare(folder: string): Promise<{ env: string; token: string }> {
  await using vault = await startDiskVault(folder);
  const { env } = await makeWorkspace(vault);
  return { env, token: vault.rootToken };
}

/** Writes until refused a few times, and returns how many were acknowledged. Refusals must be of these statuses. */
async function fill(
  server: ChildServer,
  env: string,
  token: string,
  refusals: readonly number[],
): Promise<Set<number>> {
  const acknowledged = new Set<number>();
  let refused = 0;
  for (let index = 0; index < 400 && refused < 5; index += 1) {
    const answer = await send(server.url, 'PUT', `${env}/secrets/K${index}`, { token, body: { value: value(index) } });
    if (answer.status === 200) acknowledged.add(index);
    else {
      expect(refusals).toContain(answer.status);
      expect(answer.json.error).toMatch(/^(insufficient_storage|audit_unavailable|unavailable)$/);
      refused += 1;
    }
  }
  expect(refused).toBe(5);
  expect(acknowledged.size).toBeGreaterThan(5);
  return acknowledged;
}

async function expectAll(url: string, env: string, token: string, acknowledged: ReadonlySet<number>): Promise<void> {
  const all: Answer = await send(url, 'GET', `${env}/secrets?include=values`, { token });
  expect(all.status).toBe(200);
  const stored = new Map((all.json.secrets as { key: string; value: string }[]).map((one) => [one.key, one.value]));
  for (const index of acknowledged) expect(stored.get(`K${index}`) === value(index)).toBe(true);
  expect(stored.size).toBe(acknowledged.size);
}

test('files that may not grow: refused, and after a restart everything acknowledged is there', async () => {
  using folder = temporaryFolder();
  const { env, token } = await prepare(folder.path);
  let acknowledged: Set<number>;
  {
    await using server = await startChildServer(folder.path, { fileBlocks: 3000 });
    acknowledged = await fill(server, env, token, [503, 507]);
    expect((await send(server.url, 'GET', '/health')).status).toBe(200);
    await server.end('SIGTERM');
  }
  await using again = await startChildServer(folder.path);
  await expectAll(again.url, env, token, acknowledged);
});

const mountable = canMount();

test.skipIf(!mountable).each([
  { name: 'database and audit', auditThere: true, refusals: [503, 507] },
  { name: 'the database only', auditThere: false, refusals: [507] },
])('a full file system under $name (needs the right to mount)', async ({ auditThere, refusals }) => {
  using outside = temporaryFolder();
  const disk = join(outside.path, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  try {
    const { env, token } = await prepare(disk);
    const ballast = join(disk, 'ballast');
    // Reading everything back leaves more records than writing it did: they need room too.
    writeFileSync(ballast, Buffer.alloc(3_500_000));
    const audit: { audit?: string } = auditThere ? {} : { audit: join(outside.path, 'audit.log') };
    let acknowledged: Set<number>;
    {
      await using server = await startChildServer(disk, audit);
      acknowledged = await fill(server, env, token, refusals);
      // Space again: the same process goes on, and lost nothing.
      rmSync(ballast);
      await expectAll(server.url, env, token, acknowledged);
      const more = await send(server.url, 'PUT', `${env}/secrets/K9999`, { token, body: { value: value(9999) } });
      expect(more.status).toBe(200);
      acknowledged.add(9999);
      expect(await server.end('SIGTERM')).toBe(0);
    }
    await using again = await startChildServer(disk, audit);
    await expectAll(again.url, env, token, acknowledged);
    await again.end('SIGTERM');
    expectWholeLines(audit.audit ?? join(disk, 'vault.db.audit.log'));
  } finally {
    execFileSync('umount', [disk]);
  }
});

/** Not a half line, and no number of a chain left out. */
function expectWholeLines(path: string): void {
  const next = new Map<string, number>();
  for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const { chain, seq } = JSON.parse(text) as { chain: string; seq: number };
    expect(seq).toBe(next.get(chain) ?? seq);
    next.set(chain, seq + 1);
  }
}

function canMount(): boolean {
  using folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.path], { stdio: 'ignore' });
    execFileSync('umount', [folder.path]);
    return true;
  } catch {
    return false;
  }
}
