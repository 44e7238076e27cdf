// Servers over one PostgreSQL database: what one acknowledged is never lost, and what one has made untrue the other never answers,
// whoever is killed, restarted or cut off.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { auditLines } from '../support/audit-file.ts';
import { type ChildServer, startChildServer } from '../support/child-server.ts';
import { startCutProxy } from '../support/cut-proxy.ts';
import { type Answer, send } from '../support/http.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { createDatabase, postgresTest } from '../support/postgres.ts';
import { makeToken, makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

const test = await postgresTest();
const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

interface Prepared {
  readonly env: string;
  readonly base: string;
  readonly rootToken: string;
  readonly service: string;
}

/** A vault in the database, its key file in the folder. */
async function prepare(folder: string, storage: string): Promise<Prepared> {
  await using vault = await startDiskVault(folder, { storage, audit: [`file:${join(folder, 'first.log')}`] });
  const { env, base } = await makeWorkspace(vault);
  const service = await makeToken(vault, base, { permissions: ['read', 'write'] });
  return { env, base, rootToken: vault.rootToken, service };
}

/** Writes one secret after the other, and notes what was acknowledged; ends when told. Refusals are noted too. */
function startWriter(url: () => string, prepared: Prepared, prefix: string) {
  const acknowledged = new Map<string, string>();
  const refusals: Answer[] = [];
  const stop = new AbortController();
  let longestMs = 0;
  const agent = new Agent({ keepAlive: true });
  const done = (async () => {
    for (let number = 0; !stop.signal.aborted; number += 1) {
      const key = `${prefix}${number}`;
      const value = randomBytes(8).toString('hex');
      const started = performance.now();
      const answer = await send(url(), 'PUT', `${prepared.env}/secrets/${key}`, {
        token: prepared.service,
        body: { value },
        agent,
      }).catch(() => undefined);
      longestMs = Math.max(longestMs, performance.now() - started);
      if (answer?.status === 200) acknowledged.set(key, value);
      else if (answer) refusals.push(answer);
      if (answer?.status !== 200) await sleep(20);
    }
    agent.destroy();
  })();
  return {
    acknowledged,
    refusals,
    longestMs: () => longestMs,
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

async function expectAll(url: string, { env, service }: Prepared, acknowledged: ReadonlyMap<string, string>) {
  const answer = await send(url, 'GET', `${env}/secrets?include=values`, { token: service });
  expect(answer).toMatchObject({ status: 200 });
  const { secrets } = answer.json as { secrets: { key: string; value: string; version: number }[] };
  const stored = new Map(secrets.map(({ key, value }) => [key, value]));
  for (const [key, value] of acknowledged) expect(stored.get(key)).toBe(value);
}

test('writes, revocations and versions hold over both servers at once', async () => {
  await using database = await createDatabase();
  using folder = temporaryFolder();
  const prepared = await prepare(folder.path, database.url);
  const { env, base, rootToken, service } = prepared;
  const start = (name: string): Promise<ChildServer> =>
    startChildServer(folder.path, { audit: join(folder.path, `${name}.log`), storage: database.url });
  await using one = await start('one');
  await using two = await start('two');
  const call = (url: string, method: string, path: string, body?: unknown, token = service): Promise<Answer> =>
    send(url, method, path, { token, body });
  const secret = `${env}/secrets/K`;
  for (let round = 0; round < 30; round += 1) {
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

  // An event stream of one server tells of a write through the other.
  const events = await fetchEvents(one.url, `${env}/events`, service, async () => {
    await call(two.url, 'PUT', `${env}/secrets/SEEN`, { value: 'v' });
  });
  expect(events).toContain('SEEN');

  for (let round = 0; round < 10; round += 1) {
    const made = await call(one.url, 'POST', `${base}/tokens`, { name: `t${round}` }, rootToken);
    const token = made.json.plaintext_token as string;
    expect((await call(two.url, 'GET', secret, undefined, token)).status).toBe(200);
    const id = (await call(two.url, 'GET', '/v1/cloud/me', undefined, token)).json.user_id as string;
    const [revoker, other] = round % 2 === 0 ? [one, two] : [two, one];
    expect((await call(revoker.url, 'POST', `${base}/tokens/${id}/revoke`, undefined, rootToken)).status).toBe(200);
    expect((await call(other.url, 'GET', secret, undefined, token)).status).toBe(401);
  }

  // Both logs are in one table, each with a chain of its own.
  const table = await call(two.url, 'GET', `${base}/audit?limit=1000`, undefined, rootToken);
  expect(table.status).toBe(200);
  const chains = (name: string): Set<string> =>
    new Set(auditLines(join(folder.path, `${name}.log`)).map(({ chain }) => chain));
  expect(chains('one').size).toBe(1);
  expect(chains('two').size).toBe(1);
  expect([...chains('one')][0]).not.toBe([...chains('two')][0]);
  await expect
    .poll(async () => (await database.query("SELECT 1 FROM zvault_kv WHERE key LIKE 'audit/head/%'")).length)
    .toBeGreaterThanOrEqual(3);
});

test('kill -9 of one server in the middle of writes: nothing acknowledged is lost, no revoked token is taken', async () => {
  await using database = await createDatabase();
  using folder = temporaryFolder();
  const prepared = await prepare(folder.path, database.url);
  const { base, env, rootToken } = prepared;
  await using other = await startChildServer(folder.path, {
    audit: join(folder.path, 'other.log'),
    storage: database.url,
  });
  const acknowledged = new Map<string, string>();
  const revoked: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const victim = await startChildServer(folder.path, {
      audit: join(folder.path, 'victim.log'),
      storage: database.url,
    });
    const writers = Array.from({ length: 8 }, (_, index) =>
      startWriter(() => victim.url, prepared, `R${round}W${index}N`),
    );
    const made = await send(victim.url, 'POST', `${base}/tokens`, { token: rootToken, body: { name: 'short' } });
    const { plaintext_token: token } = made.json as { plaintext_token: string };
    const me = await send(other.url, 'GET', '/v1/cloud/me', { token });
    expect(me.status).toBe(200);
    const id = me.json.user_id as string;
    await sleep(30 + Math.random() * 150);
    const answer = await send(victim.url, 'POST', `${base}/tokens/${id}/revoke`, { token: rootToken });
    expect(answer.status).toBe(200);
    revoked.push(token);
    expect(await victim.end('SIGKILL')).toBe('SIGKILL');
    expect((await send(other.url, 'GET', '/v1/cloud/me', { token })).status).toBe(401);
    for (const writer of writers) {
      await writer.stop();
      for (const [key, value] of writer.acknowledged) acknowledged.set(key, value);
    }
    // The other one goes on at once: what the killed one held is free.
    const started = performance.now();
    const written = await send(other.url, 'PUT', `${env}/secrets/AFTER${round}`, {
      token: rootToken,
      body: { value: 'v' },
    });
    expect(written.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(3000);
  }
  expect(acknowledged.size).toBeGreaterThan(50);
  await expectAll(other.url, prepared, acknowledged);
  for (const token of revoked) expect((await send(other.url, 'GET', '/v1/cloud/me', { token })).status).toBe(401);
  // A record of each, in the file of the one that was killed.
  const recorded = new Set(
    auditLines(join(folder.path, 'victim.log'))
      .filter(({ action, response }) => action === 'secrets.put' && response.status_code === 200)
      .map(({ scope }) => scope.resource),
  );
  expect([...acknowledged.keys()].filter((key) => !recorded.has(key))).toEqual([]);
});

test('a database that restarts under load: 503 for a while, then all goes on, nothing acknowledged is lost', async () => {
  const postgres = await startPostgres();
  try {
    using folder = temporaryFolder();
    const prepared = await prepare(folder.path, postgres.url);
    await using server = await startChildServer(folder.path, {
      audit: join(folder.path, 'one.log'),
      storage: postgres.url,
    });
    const writers = Array.from({ length: 8 }, (_, index) => startWriter(() => server.url, prepared, `W${index}N`));
    for (let round = 0; round < 3; round += 1) {
      await sleep(400);
      await postgres.restart(300);
      const before = writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
      await expect
        .poll(() => writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0), { timeout: 10_000 })
        .toBeGreaterThan(before);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    const refusals = writers.flatMap((writer) => writer.refusals);
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([503]));
    expectNoAddress(refusals, server, postgres.url);
    const acknowledged = new Map(writers.flatMap((writer) => [...writer.acknowledged]));
    expect(acknowledged.size).toBeGreaterThan(30);
    await expectAll(server.url, prepared, acknowledged);
  } finally {
    await postgres.stop();
  }
});

test('a network that is cut: 503 within seconds, for reads and health too; then it recovers, nothing acknowledged is lost', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  using folder = temporaryFolder();
  const prepared = await prepare(folder.path, database.url);
  await using server = await startChildServer(folder.path, {
    audit: join(folder.path, 'one.log'),
    storage: proxy.url,
  });
  const writers = Array.from({ length: 8 }, (_, index) => startWriter(() => server.url, prepared, `W${index}N`));
  await sleep(500);
  proxy.cut();
  const started = performance.now();
  const [read, health] = await Promise.all([
    send(server.url, 'GET', `${prepared.env}/secrets/W0N0`, { token: prepared.service }),
    send(server.url, 'GET', '/v1/sys/health'),
  ]);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(read.status).toBe(503);
  expect(health.status).toBe(503);
  await sleep(1000);
  proxy.heal();
  await expect
    .poll(async () => (await send(server.url, 'GET', '/v1/sys/health')).status, { timeout: 10_000 })
    .toBe(200);
  const before = writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  await expect
    .poll(() => writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0), { timeout: 10_000 })
    .toBeGreaterThan(before);
  await Promise.all(writers.map((writer) => writer.stop()));
  for (const writer of writers) expect(writer.longestMs()).toBeLessThan(15_000);
  const refusals = writers.flatMap((writer) => writer.refusals);
  expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([503]));
  expectNoAddress(refusals, server, database.url);
  await expectAll(server.url, prepared, new Map(writers.flatMap((writer) => [...writer.acknowledged])));
});

/** Neither answers nor what the server prints show the password, nor the address with it. */
function expectNoAddress(answers: readonly Answer[], server: ChildServer, url: string): void {
  const texts = [...new Set(answers.map(({ text }) => text)), server.output()];
  const { password } = new URL(url);
  for (const text of texts) {
    expect(text).not.toContain('postgres://');
    if (password !== '') expect(text).not.toContain(password);
  }
}

/** What a stream sends within two and a half seconds of `act`. */
function fetchEvents(url: string, path: string, token: string, act: () => Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const request = get(new URL(path, url), {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', () => undefined);
      act().catch(reject);
      setTimeout(() => {
        request.destroy();
        resolve(text);
      }, 2500);
    });
  });
}

test('the command takes the address from the environment, the password from PGPASSWORD, and shows neither', async () => {
  await using database = await createDatabase();
  using folder = temporaryFolder();
  const url = new URL(database.url);
  const password = decodeURIComponent(url.password);
  url.password = '';
  const flags = ['--listen', '127.0.0.1:0', '--audit', `file:${join(folder.path, 'audit.log')}`];
  const env = { PATH: process.env['PATH'], HOME: folder.path };
  const canary = 'CANARY-5d1f-in-the-database';
  const start = (args: readonly string[], more: Record<string, string>): ChildProcess =>
    spawn(process.execPath, ['--conditions=zvault-source', main, 'server', ...flags, ...args], {
      env: { ...env, ...more },
    });
  const outputs: string[] = [];
  for (const [args, more] of [
    [[], { ZVAULT_STORAGE: url.href, PGPASSWORD: password }],
    [['--storage', url.href], { PGPASSWORD: password }],
    [['--storage', database.url], {}],
  ] as const) {
    const child = start(args, more);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 20_000 }).toMatch(/listening on/);
    const at = /http\S+/.exec(output)?.[0] ?? '';
    if (outputs.length === 0) {
      const init = await send(at, 'POST', '/v1/sys/init', { body: { shares: 2, threshold: 2 } });
      const { unseal_shares: shares, root_token: token } = init.json;
      expect((await send(at, 'POST', '/v1/sys/unseal', { body: { shares } })).status).toBe(200);
      await send(at, 'POST', '/v1/cloud/orgs', { token, body: { name: 'acme', slug: 'acme' } });
      await send(at, 'POST', '/v1/cloud/orgs/acme/projects', { token, body: { name: 'app', slug: 'app' } });
      const secret = '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/K';
      expect((await send(at, 'PUT', secret, { token, body: { value: canary, comment: canary } })).status).toBe(200);
      const rows = await database.query<{ key: Buffer; value: Buffer }>('SELECT key, value FROM zvault_kv');
      expect(rows.length).toBeGreaterThan(10);
      for (const { key, value } of rows) {
        for (const word of [canary, token as string, ...(shares as string[])]) {
          expect(key.includes(word) || value.includes(word)).toBe(false);
        }
      }
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    outputs.push(output);
  }
  for (const output of outputs) expect(output).not.toContain(password);
  expect(outputs[0]).not.toMatch(/warning/);
  expect(outputs[2]).toMatch(/warning: the password in --storage is shown to everybody who lists processes/);

  const refused = spawnSync(
    process.execPath,
    ['--conditions=zvault-source', main, 'server', '--storage', database.url],
    { env, encoding: 'utf8' },
  );
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/audit must be named/);
  expect(refused.stderr).not.toContain(password);
});
