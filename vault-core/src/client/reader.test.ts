import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LogEntry } from './log.ts';
import { type Answer, refusal, startTestServer, testClient } from './test-server.ts';
import { fakeIds, legacyVault, modernVault } from './test-vaults.ts';

const away: Answer = { raw: (response) => response.destroy() };

test('fresh values need no request; then the server is asked whether they changed', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const clock = { nowMs: 1_000_000 };
  await using client = testClient(server, { clock, cacheTtlMs: 1000 });
  const first = await client.getAll();
  expect(first.fetchedAtMs).toBe(1_000_000);
  clock.nowMs += 999;
  expect((await client.getAll()).get('A')).toBe('1');
  expect(await client.get('A')).toBe('1');
  expect(server.lines).toHaveLength(1);

  clock.nowMs += 1;
  const confirmed = await client.getAll();
  expect([confirmed.get('A'), confirmed.fetchedAtMs, confirmed.stale]).toEqual(['1', clock.nowMs, false]);
  expect(server.seen[1]?.headers['if-none-match']).toBe('"r2"');

  clock.nowMs += 1000;
  vault.put('A', '2');
  expect((await client.getAll()).get('A')).toBe('2');
  expect(server.lines).toHaveLength(3);
  expect(client.metrics()).toContain('zvault_client_not_modified_total 1\n');
});

test('a clock that is set back makes nothing fresh for longer', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  const clock = { nowMs: 1_000_000 };
  await using client = testClient(server, { clock });
  await client.getAll();
  clock.nowMs -= 10;
  await client.getAll();
  expect(server.lines).toHaveLength(2);
});

test('fresh: true asks all the same', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  await using client = testClient(server);
  await client.getAll();
  await client.getAll({ fresh: true });
  expect(server.lines).toHaveLength(2);
});

test('cacheTtlMs 0 keeps nothing', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  await using client = testClient(server, { cacheTtlMs: 0 });
  await client.getAll();
  await client.getAll();
  expect(server.lines).toHaveLength(2);
  expect(server.seen[1]?.headers['if-none-match']).toBeUndefined();
  server.handler = () => away;
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('callers at the same time share one request, and one may leave', async () => {
  const vault = modernVault({ A: '1' });
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using server = await startTestServer(async (seen) => {
    await gate;
    return vault.handle(seen);
  });
  await using client = testClient(server);
  const controller = new AbortController();
  const leaving = client.getAll({ signal: controller.signal });
  const staying = Promise.all([client.getAll(), client.getAll('prod')]);
  await expect.poll(() => server.lines.length).toBe(1);
  controller.abort();
  await expect(leaving).rejects.toMatchObject({ code: 'INTERRUPTED' });
  release();
  expect((await staying).map((secrets) => secrets.get('A'))).toEqual(['1', '1']);
  expect(server.lines).toHaveLength(1);
});

test('when the last caller leaves, the request ends', async () => {
  await using server = await startTestServer(() => ({ raw: () => {} }));
  await using client = testClient(server);
  const controller = new AbortController();
  const reading = client.getAll({ signal: controller.signal });
  await expect.poll(() => server.sockets.size).toBe(1);
  controller.abort();
  await expect(reading).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect.poll(() => server.sockets.size).toBe(0);
});

test.each([
  { name: 'the connection breaks', answer: away },
  { name: 'the server fails', answer: refusal(500, 'internal_error') },
  { name: 'a proxy answers for it', answer: { status: 502, text: '<html>' } },
  { name: 'the vault is sealed', answer: refusal(503, 'sealed') },
  { name: 'too many requests', answer: refusal(429, 'rate_limited') },
])('last-known values serve when $name', async ({ answer }) => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const clock = { nowMs: 1_000_000 };
  await using client = testClient(server, { clock, cacheTtlMs: 1000, staleLimitMs: 60_000 });
  await client.getAll();
  server.handler = () => answer;
  clock.nowMs += 2000;
  const stale = await client.getAll();
  expect([stale.get('A'), stale.stale, stale.fetchedAtMs]).toEqual(['1', true, 1_000_000]);
  expect(await client.get('A')).toBe('1');

  const asked = server.lines.length;
  expect((await client.getAll()).stale).toBe(true);
  expect(server.lines).toHaveLength(asked);

  clock.nowMs += 1000;
  await client.getAll();
  expect(server.lines.length).toBeGreaterThan(asked);

  server.handler = vault.handle;
  clock.nowMs += 1000;
  expect((await client.getAll()).stale).toBe(false);
  expect(client.metrics()).toMatch(/reads_total\{source="stale"\} [1-9]/);
});

test('last-known values have an end', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  const clock = { nowMs: 1_000_000 };
  await using client = testClient(server, { clock, cacheTtlMs: 1000, staleLimitMs: 5000 });
  await client.getAll();
  server.handler = () => away;
  clock.nowMs += 5000;
  expect((await client.getAll()).stale).toBe(true);
  clock.nowMs += 1001;
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await expect(client.get('A')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test.each([
  { status: 401, error: 'unauthorized' },
  { status: 403, error: 'forbidden' },
  { status: 404, error: 'not_found' },
])('after $status nothing that was read before is used', async ({ status, error }) => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  const clock = { nowMs: 1_000_000 };
  await using client = testClient(server, { clock, cacheTtlMs: 1000, org: 'acme', project: 'app' });
  await client.getAll();
  clock.nowMs += 1000;
  server.handler = () => refusal(status, error);
  await expect(client.getAll()).rejects.toMatchObject({ details: { status } });
  server.handler = () => away;
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await expect(client.get('A')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('a refused token in any call ends the use of what it opened, fresh or not', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  await using client = testClient(server);
  await client.getAll();
  server.handler = () => refusal(401, 'unauthorized');
  await expect(client.cloud.orgs.list()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(client.getAll()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('a write that is forbidden leaves what may be read', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer((seen) =>
    seen.method === 'PUT' ? refusal(403, 'forbidden') : vault.handle(seen),
  );
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await client.getAll();
  const asked = server.lines.length;
  await expect(client.set('A', '2', undefined, 'why')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect((await client.getAll()).get('A')).toBe('1');
  expect(server.lines).toHaveLength(asked + 1);
});

test('that a secret is missing is not remembered', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await client.getAll();
  await expect(client.get('NEW')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  vault.put('NEW', 'n');
  expect(await client.get('NEW')).toBe('n');
});

test('a secret that the server no longer has is not served when it is away', async () => {
  const vault = modernVault({ A: '1', B: '2' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await client.getAll();
  vault.secrets.delete('A');
  await expect(client.get('A', { fresh: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  server.handler = () => away;
  expect([...(await client.getAll({ fresh: true }))]).toEqual([['B', '2']]);
});

test("a caller's own time limit is no outage", async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await client.get('A');
  server.handler = () => ({ raw: () => {} });
  const late = { fresh: true, signal: AbortSignal.timeout(30) };
  await expect(client.get('A', late)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(client.getAll({ ...late, signal: AbortSignal.timeout(30) })).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a write of this client is seen by its next read, also one that was under way', async () => {
  const vault = modernVault({ A: '1' });
  let release = (): void => {};
  let slow = false;
  await using server = await startTestServer(async (seen) => {
    const answer = await vault.handle(seen);
    if (slow && seen.path === '/v1/cloud/orgs/acme/projects/app/secrets') {
      slow = false;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    return answer;
  });
  await using client = testClient(server, { org: 'acme', project: 'app' });
  slow = true;
  const before = client.getAll();
  await expect.poll(() => server.lines.length).toBe(1);
  await client.set('A', '2', undefined, '');
  expect((await client.getAll()).get('A')).toBe('2');
  release();
  expect((await before).get('A')).toBe('1');
  const { handler } = server;
  server.handler = () => away;
  expect((await client.getAll({ fresh: true })).get('A')).toBe('2');
  server.handler = handler;
  expect((await client.getAll({ fresh: true })).get('A')).toBe('2');
  await client.delete('A');
  expect((await client.getAll()).has('A')).toBe(false);
  await expect(client.get('A')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('after a write, last-known values are those that were written', async () => {
  const vault = modernVault({ A: '1', B: '1' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { org: 'acme', project: 'app' });
  await client.getAll();
  await client.set('A', '2', undefined, '');
  await client.delete('B');
  server.handler = () => away;
  const secrets = await client.getAll();
  expect([secrets.stale, secrets.toObject()]).toEqual([true, Object.assign(Object.create(null), { A: '2' })]);
});

test('what was read is renewed in the background, until the token is refused', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const log: LogEntry[] = [];
  await using client = testClient(server, {
    cacheTtlMs: 100,
    autoRefresh: true,
    logger: (entry) => void log.push(entry),
  });
  await client.getAll();
  vault.put('A', '2');
  await expect.poll(() => server.lines.length, { timeout: 2000 }).toBeGreaterThanOrEqual(3);
  server.handler = () => refusal(401, 'unauthorized');
  await expect.poll(() => log.some(({ event, code }) => event === 'refresh' && code === 'UNAUTHORIZED')).toBe(true);
  const asked = server.lines.length;
  await wait(250);
  expect(server.lines).toHaveLength(asked);
});

test('renewal goes on through an outage', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { cacheTtlMs: 60, autoRefresh: true, maxRetries: 0 });
  await client.getAll();
  server.handler = () => refusal(503, 'unavailable');
  await expect.poll(() => server.lines.length, { timeout: 2000 }).toBeGreaterThanOrEqual(3);
  server.handler = vault.handle;
  vault.put('A', '2');
  await expect.poll(async () => (await client.getAll()).get('A'), { timeout: 2000 }).toBe('2');
});

test('without a server nor memory the failure is told', async () => {
  await using server = await startTestServer(() => away);
  await using client = testClient(server, { maxRetries: 2 });
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(server.lines).toHaveLength(3);
});

test('getAllIfChanged: one conditional request past the memory, which stays as it is', async () => {
  const vault = modernVault({ A: '1' });
  await using server = await startTestServer(vault.handle);
  const arrived: string[] = [];
  await using client = testClient(server, { maxRetries: 0, onValue: (value) => void arrived.push(value) });
  const first = await client.getAllIfChanged(undefined);
  expect([first?.etag, first?.secrets.get('A'), first?.secrets.stale, arrived]).toEqual(['"r2"', '1', false, ['1']]);
  expect(server.seen[0]?.headers['if-none-match']).toBeUndefined();
  expect(await client.getAllIfChanged(first?.etag)).toBeUndefined();
  expect(server.seen[1]?.headers['if-none-match']).toBe('"r2"');
  vault.put('A', '2');
  const changed = await client.getAllIfChanged(first?.etag, 'prod');
  expect([changed?.etag, changed?.secrets.get('A')]).toEqual(['"r3"', '2']);
  expect(server.lines).toHaveLength(3);
  await client.getAll();
  expect(server.lines).toHaveLength(4);
  server.handler = () => away;
  await expect(client.getAllIfChanged(changed?.etag)).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  server.handler = () => refusal(403, 'forbidden');
  await expect(client.getAllIfChanged(changed?.etag)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  server.handler = () => away;
  await expect(client.getAll()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test('getAllIfChanged brings all from a server without ETags', async () => {
  await using server = await startTestServer(legacyVault({ A: '1' }).handle);
  await using client = testClient(server, { org: fakeIds.org, project: fakeIds.project });
  const found = await client.getAllIfChanged('"r2"');
  expect([found?.etag, found?.secrets.get('A')]).toEqual([undefined, '1']);
});
