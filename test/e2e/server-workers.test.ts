// `zvault server --workers`: several processes that are one server.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { auditLines } from '../support/audit-file.ts';
import { type Answer, type Call, send } from '../support/http.ts';
import { createDatabase, postgresTest } from '../support/postgres.ts';
import { temporaryFolder } from '../support/vault.ts';

const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const linux = test.skipIf(!existsSync('/proc/self/task'));

interface Running extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Each call opens a connection, which goes to either worker. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** The workers, as the machine lists them. */
  pids(): number[];
}

async function startServer(args: readonly string[], env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(
    process.execPath,
    ['--conditions=zvault-source', main, 'server', '--listen', '127.0.0.1:0', ...args],
    { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', () => {
      const found = /listening on (http\S+)/.exec(output)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the server ended before it served: ${output}`)));
  });
  return {
    url,
    child,
    output: () => output,
    call: (method, path, call = {}) => send(url, method, path, { agent: new Agent({ keepAlive: false }), ...call }),
    pids: () => childrenOf(child.pid ?? 0),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
}

const lives = (pid: number): boolean => {
  try {
    // A zombie has ended, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

interface Ready {
  readonly rootToken: string;
  readonly shares: string[];
  readonly keyFile: string;
}

/** Initializes, and unseals by shares, one by one, whichever worker they reach. */
async function open(server: Running, folder: string): Promise<Ready> {
  const init = await server.call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2, key_file: true } });
  expect(init.status).toBe(200);
  const { unseal_shares: shares, root_token: rootToken, key_file: key } = init.json;
  const keyFile = join(folder, 'unseal.key');
  writeFileSync(keyFile, key as string);
  const first = await server.call('POST', '/v1/sys/unseal', { body: { share: shares[0] } });
  expect(first.json).toMatchObject({ sealed: true, progress: 1 });
  for (let round = 0; round < 4; round += 1) {
    expect((await server.call('GET', '/v1/sys/seal-status')).json).toMatchObject({ sealed: true, progress: 1 });
  }
  const second = await server.call('POST', '/v1/sys/unseal', { body: { share: shares[2] } });
  expect(second.json).toMatchObject({ sealed: false });
  return { rootToken, shares, keyFile };
}

/** An organisation with one project; the path of an environment. */
async function makeEnvironment(server: Running, token: string): Promise<string> {
  await server.call('POST', '/v1/cloud/orgs', { token, body: { name: 'acme', slug: 'acme' } });
  const made = await server.call('POST', '/v1/cloud/orgs/acme/projects', { token, body: { name: 'app', slug: 'app' } });
  expect(made.status).toBe(200);
  return '/v1/cloud/orgs/acme/projects/app/envs/development';
}

const everyWorker = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 16 }, work));

const postgres = await postgresTest();

describe.each(['SQLite', 'PostgreSQL'])('%s', (kind) => {
  const run = kind === 'SQLite' ? test : postgres;

  run('workers are one server: seal, unseal, shares, writes, revocations, metrics', async () => {
    using folder = temporaryFolder();
    await using database = kind === 'SQLite' ? undefined : await createDatabase();
    const audit = join(folder.path, 'audit.log');
    const env = { ZVAULT_STORAGE: database?.url ?? `sqlite:${join(folder.path, 'vault.db')}` };
    await using server = await startServer(['--workers', '2', '--rate-limit', '0', '--audit', `file:${audit}`], env);
    const { rootToken, shares } = await open(server, folder.path);
    for (const { status } of await everyWorker(() => server.call('GET', '/v1/sys/health'))) expect(status).toBe(200);
    const path = await makeEnvironment(server, rootToken);

    for (let round = 0; round < 20; round += 1) {
      const written = await server.call('PUT', `${path}/secrets/K`, { token: rootToken, body: { value: `v${round}` } });
      expect(written.json.secret.version).toBe(round + 1);
      const read = await everyWorker(() => server.call('GET', `${path}/secrets/K`, { token: rootToken }));
      expect(new Set(read.map(({ json }) => json.secret.value as string))).toEqual(new Set([`v${round}`]));
    }
    const made = await server.call('POST', '/v1/cloud/orgs/acme/projects/app/tokens', {
      token: rootToken,
      body: { name: 't' },
    });
    const token = made.json.plaintext_token as string;
    const me = await everyWorker(() => server.call('GET', '/v1/cloud/me', { token }));
    expect(new Set(me.map(({ status }) => status))).toEqual(new Set([200]));
    const revoke = `/v1/cloud/orgs/acme/projects/app/tokens/${me[0]?.json.user_id}/revoke`;
    expect((await server.call('POST', revoke, { token: rootToken })).status).toBe(200);
    for (const { status } of await everyWorker(() => server.call('GET', '/v1/cloud/me', { token })))
      expect(status).toBe(401);

    const page = async (): Promise<string> => (await server.call('GET', '/v1/sys/metrics')).text;
    const [one, two] = [await page(), await page()];
    expect(one).toMatch(/zvault_requests_total\{route="secrets.get",status="200"\} 320\n/);
    expect(two.match(/# TYPE zvault_requests_total counter/g)).toHaveLength(1);
    expect(two).toMatch(/zvault_sealed 0\n/);

    expect((await server.call('POST', '/v1/sys/seal', { vaultToken: rootToken })).status).toBe(204);
    const sealed = await everyWorker(() => server.call('GET', `${path}/secrets/K`, { token: rootToken }));
    expect(new Set(sealed.map(({ status }) => status))).toEqual(new Set([503]));
    // A wrong share clears those given, on every worker; a reset does, too.
    expect((await server.call('POST', '/v1/sys/unseal', { body: { share: shares[0] } })).json.progress).toBe(1);
    expect((await server.call('POST', '/v1/sys/unseal', { body: { reset: true } })).json.progress).toBe(0);
    expect((await server.call('POST', '/v1/sys/unseal', { body: { share: 'x' } })).status).toBe(400);
    const again = await server.call('POST', '/v1/sys/unseal', { body: { shares: shares.slice(0, 2) } });
    expect(again.json).toMatchObject({ sealed: false });
    const read = await everyWorker(() => server.call('GET', `${path}/secrets/K`, { token: rootToken }));
    expect(new Set(read.map(({ json }) => json.secret.value as string))).toEqual(new Set(['v19']));

    // One file, one chain for each worker, no number missing.
    expectWholeChains(audit, 2);
    for (const secret of [rootToken, token, ...shares, 'v19']) expect(server.output()).not.toContain(secret);
  });

  run('a rate holds over all workers', async () => {
    using folder = temporaryFolder();
    await using database = kind === 'SQLite' ? undefined : await createDatabase();
    const env = { ZVAULT_STORAGE: database?.url ?? `sqlite:${join(folder.path, 'vault.db')}` };
    const flags = ['--workers', '2', '--rate-limit', '40', '--audit', `file:${join(folder.path, 'audit.log')}`];
    await using server = await startServer(flags, env);
    const { rootToken } = await open(server, folder.path);
    await sleep(1100);
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => server.call('GET', '/v1/cloud/orgs', { token: rootToken })),
    );
    const seconds = (performance.now() - started) / 1000;
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(passed).toBeLessThanOrEqual(Math.ceil(40 + 40 * seconds));
    expect(passed).toBeGreaterThanOrEqual(35);
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(300 - passed);
    expect(limited[0]?.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });
});

linux('a worker that is killed is started anew, unsealed; nothing acknowledged is lost, SIGTERM ends all', async () => {
  using folder = temporaryFolder();
  const audit = join(folder.path, 'audit.log');
  const storage = ['--storage', `sqlite:${join(folder.path, 'vault.db')}`, '--audit', `file:${audit}`];
  const flags = ['--workers', '2', '--rate-limit', '0', ...storage];
  const { rootToken, path, keyFile } = await (async () => {
    await using server = await startServer(flags);
    const ready = await open(server, folder.path);
    return { ...ready, path: await makeEnvironment(server, ready.rootToken) };
  })();
  const unsealKey = readFileSync(keyFile, 'utf8').trim();
  await using server = await startServer(flags, { ZVAULT_UNSEAL_KEY: unsealKey });
  const before = server.pids();
  expect(before).toHaveLength(2);
  // The parent's way in is nobody else's.
  for (const pid of before) {
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain(unsealKey);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(unsealKey);
  }

  const acknowledged = new Map<string, string>();
  const stop = new AbortController();
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let number = 0; !stop.signal.aborted; number += 1) {
      const key = `W${writer}N${number}`;
      const value = randomBytes(8).toString('hex');
      const answer = await server
        .call('PUT', `${path}/secrets/${key}`, { token: rootToken, body: { value } })
        .catch(() => undefined);
      if (answer?.status === 200) acknowledged.set(key, value);
      else if (answer) expect(answer.status).toBe(503);
    }
  });
  for (let round = 0; round < 3; round += 1) {
    await sleep(300);
    const [victim] = server.pids();
    process.kill(victim ?? 0, 'SIGKILL');
    await expect
      .poll(() => server.pids().filter((pid) => pid !== victim && lives(pid)).length, { timeout: 10_000 })
      .toBe(2);
  }
  // The new one serves when the parent has told it all it needs.
  await sleep(1500);
  stop.abort();
  await Promise.all(writers);
  expect(acknowledged.size).toBeGreaterThan(50);
  const lists = await everyWorker(() => server.call('GET', `${path}/secrets?include=values`, { token: rootToken }));
  for (const { status, json } of lists) {
    expect(status).toBe(200);
    const stored = new Map((json.secrets as { key: string; value: string }[]).map(({ key, value }) => [key, value]));
    for (const [key, value] of acknowledged) expect(stored.get(key)).toBe(value);
  }
  const done = new Set(
    auditLines(audit)
      .filter(({ action, response }) => action === 'secrets.put' && response.status_code === 200)
      .map(({ scope }) => scope.resource),
  );
  expect([...acknowledged.keys()].filter((key) => !done.has(key))).toEqual([]);
  // Two of the first server, two of the second, and those of the new ones that came far enough to be killed.
  expectWholeChains(audit, 5);

  const last = server.pids();
  const exited = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(last.filter(lives)).toEqual([]);
  expect(auditLines(audit).filter(({ action }) => action === 'server.stop').length).toBeGreaterThanOrEqual(4);
  expect(server.output()).not.toContain(unsealKey);
});

test('a second server on the same address is refused, with workers or without', async () => {
  using folder = temporaryFolder();
  await using server = await startServer(['--workers', '2', '--storage', `sqlite:${join(folder.path, 'vault.db')}`]);
  const listen = ['--listen', new URL(server.url).host];
  const storage = ['--storage', `sqlite:${join(folder.path, 'other.db')}`];
  for (const workers of [[], ['--workers', '2']]) {
    await expect(startServer([...storage, ...workers, ...listen])).rejects.toThrow(/the address is in use/);
  }
});

linux('workers whose parent is killed end by themselves', async () => {
  using folder = temporaryFolder();
  await using server = await startServer(['--workers', '2', '--storage', `sqlite:${join(folder.path, 'vault.db')}`]);
  const workers = server.pids();
  expect(workers).toHaveLength(2);
  server.child.kill('SIGKILL');
  await expect.poll(() => workers.filter(lives), { timeout: 10_000 }).toEqual([]);
});

test('a worker that can’t start ends the server with its reason', async () => {
  using folder = temporaryFolder();
  const audit = join(folder.path, 'sub');
  writeFileSync(audit, '');
  const flags = [
    '--workers',
    '2',
    '--storage',
    `sqlite:${join(folder.path, 'v.db')}`,
    '--audit',
    `file:${audit}/a.log`,
  ];
  await expect(startServer(flags)).rejects.toThrow(/can't open the audit file .*AUDIT_UNAVAILABLE/s);
  expect(readdirSync(folder.path)).not.toContain('a.log');
});

/** Every chain of the file counts from 1 without a gap; there are at least so many. */
function expectWholeChains(path: string, atLeast: number): void {
  const chains = new Map<string, number[]>();
  for (const { chain, seq } of auditLines(path)) chains.set(chain, [...(chains.get(chain) ?? []), seq]);
  expect(chains.size).toBeGreaterThanOrEqual(atLeast);
  for (const numbers of chains.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}
