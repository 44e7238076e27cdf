// Keys and backup with `zvault server --workers`: whichever worker is asked, all of them and their parent follow.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Answer, type Call, send } from '../support/http.ts';
import { temporaryFolder } from '../support/vault.ts';

const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const secret = '/v1/cloud/orgs/o/projects/p/envs/development/secrets/K';
const octets = 'application/octet-stream';

interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Each call opens a connection, which goes to any worker. */
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
}

async function startWorkers(folder: string): Promise<Running> {
  const storage = `sqlite:${join(folder, 'vault.db')}`;
  const args = ['server', '--workers', '2', '--listen', '127.0.0.1:0', '--rate-limit', '0', '--storage', storage];
  const child = spawn(process.execPath, ['--conditions=zvault-source', main, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
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
    child,
    output: () => output,
    call: (method, path, call = {}) => send(url, method, path, { agent: new Agent({ keepAlive: false }), ...call }),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface Made {
  readonly token: string;
  readonly shares: string[];
  readonly code: string;
}

async function initialize({ call }: Running, value: string): Promise<Made> {
  const body = { shares: 3, threshold: 2, recovery_code: true };
  const {
    root_token: token,
    unseal_shares: shares,
    recovery_code: code,
  } = (await call('POST', '/v1/sys/init', { body })).json;
  expect((await call('POST', '/v1/sys/unseal', { body: { recovery_code: code } })).json.sealed).toBe(false);
  await call('POST', '/v1/cloud/orgs', { token, body: { name: 'o', slug: 'o' } });
  await call('POST', '/v1/cloud/orgs/o/projects', { token, body: { name: 'p' } });
  expect((await call('PUT', secret, { token, body: { value } })).status).toBe(200);
  return { token, shares, code };
}

/** What sixteen connections answer, each once. */
async function everyWorker({ call }: Running, token: string): Promise<Set<unknown>> {
  const answers = await Promise.all(Array.from({ length: 16 }, () => call('GET', secret, { token })));
  return new Set(answers.map(({ status, json }) => (status === 200 ? json.secret.value : status) as unknown));
}

test('a recovery code opens all workers; a rotated root key reaches those that start later', async () => {
  using folder = temporaryFolder();
  await using server = await startWorkers(folder.path);
  const { token, shares, code } = await initialize(server, 'v');
  expect(await everyWorker(server, token)).toEqual(new Set(['v']));
  for (let round = 0; round < 2; round += 1) {
    expect((await server.call('POST', '/v1/sys/rotate', { vaultToken: token })).status).toBe(200);
    expect(await everyWorker(server, token)).toEqual(new Set(['v']));
  }
  const state = async (): Promise<unknown> => (await server.call('GET', '/v1/sys/rotate', { vaultToken: token })).json;
  await expect.poll(state, { timeout: 15_000 }).toMatchObject({ state: 'done', kept: 0 });

  const workers = `/proc/${server.child.pid}/task/${server.child.pid}/children`;
  if (existsSync(workers)) {
    const pids = readFileSync(workers, 'utf8').split(' ').filter(Boolean).map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      process.kill(pid, 'SIGKILL');
      await expect
        .poll(() => everyWorker(server, token).catch(() => undefined), { timeout: 15_000 })
        .toEqual(new Set(['v']));
    }
  }
  const rekeyed = await server.call('POST', '/v1/sys/rekey', {
    vaultToken: token,
    body: { shares: 2, threshold: 2, unseal_shares: shares },
  });
  expect((await server.call('POST', '/v1/sys/seal', { vaultToken: token })).status).toBe(204);
  expect(await everyWorker(server, token)).toEqual(new Set([503]));
  expect((await server.call('POST', '/v1/sys/unseal', { body: { shares } })).status).toBe(400);
  for (const share of rekeyed.json.unseal_shares) await server.call('POST', '/v1/sys/unseal', { body: { share } });
  expect(await everyWorker(server, token)).toEqual(new Set(['v']));
  expect((await server.call('POST', '/v1/sys/unseal', { body: { recovery_code: code } })).status).toBe(409);
});

test('a backup that is unsealed at one worker is the vault of all', async () => {
  using first = temporaryFolder();
  using second = temporaryFolder();
  await using source = await startWorkers(first.path);
  const from = await initialize(source, 'from the backup');
  const backup = await source.call('GET', '/v1/sys/backup', { vaultToken: from.token, headers: { Accept: octets } });
  await using server = await startWorkers(second.path);
  const own = await initialize(server, 'own');
  const restore = { vaultToken: own.token, raw: backup.bytes, headers: { 'Content-Type': octets } };
  expect((await server.call('POST', '/v1/sys/restore', restore)).status).toBe(200);
  expect(await everyWorker(server, own.token)).toEqual(new Set(['own']));
  const [one = '', two = ''] = from.shares;
  expect((await server.call('POST', '/v1/sys/unseal', { body: { share: one } })).json).toMatchObject({ progress: 1 });
  expect((await server.call('GET', '/v1/sys/restore', { vaultToken: own.token })).json.progress).toBe(1);
  expect((await server.call('POST', '/v1/sys/unseal', { body: { share: two } })).json.sealed).toBe(false);
  expect(await everyWorker(server, from.token)).toEqual(new Set(['from the backup']));
  expect(await everyWorker(server, own.token)).toEqual(new Set([401]));
  expect((await server.call('POST', '/v1/sys/seal', { vaultToken: from.token })).status).toBe(204);
  expect((await server.call('POST', '/v1/sys/unseal', { body: { shares: own.shares } })).status).toBe(400);
  expect((await server.call('POST', '/v1/sys/unseal', { body: { recovery_code: from.code } })).json.sealed).toBe(false);
  expect(await everyWorker(server, from.token)).toEqual(new Set(['from the backup']));
  for (const text of [...from.shares, from.code, from.token]) expect(server.output()).not.toContain(text);
});
