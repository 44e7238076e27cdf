// Backup and restore over HTTP: one moment of the vault, encrypted; staged, proven, and then all or nothing.

import { randomBytes, randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processHost } from '../src/domain/host.ts';
import { type ServerOptions, resolveOptions } from '../src/server/options.ts';
import { type VaultServer, serve } from '../src/server/server.ts';
import { Vault } from '../src/server/vault.ts';
import { auditLines } from '../../test/support/audit-file.ts';
import { checkAnswer } from '../../test/support/contract.ts';
import { type Answer, type Call, send } from '../../test/support/http.ts';
import { temporaryFolder } from '../../test/support/vault.ts';

interface Running extends AsyncDisposable {
  readonly server: VaultServer;
  readonly warnings: string[];
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
}
interface Made extends Running {
  readonly token: string;
  readonly shares: string[];
}

const octets = 'application/octet-stream';
const secretAt = (key: string): string => `/v1/cloud/orgs/o/projects/p/envs/development/secrets/${key}`;

async function start(more: ServerOptions = {}): Promise<Running> {
  const warnings: string[] = [];
  const options = {
    listen: { host: '127.0.0.1', port: 0 },
    rateLimit: 0,
    warn: (text: string) => void warnings.push(text),
  };
  const server = await serve(await Vault.open(resolveOptions({ ...options, ...more }), processHost()));
  const call = async (method: string, path: string, what: Call = {}): Promise<Answer> => {
    const answer = await send(server.url, method, path, what);
    checkAnswer(method, path, answer);
    return answer;
  };
  return { server, warnings, call, [Symbol.asyncDispose]: () => server.close() };
}

/** A vault with an organisation, a project and a few secrets. */
async function make(more: ServerOptions = {}, value = 'first'): Promise<Made> {
  const running = await start(more);
  const { call } = running;
  const init = (await call('POST', '/v1/sys/init', { body: { shares: 3, threshold: 2 } })).json;
  const token = init.root_token as string;
  await call('POST', '/v1/sys/unseal', { body: { shares: init.unseal_shares } });
  await call('POST', '/v1/cloud/orgs', { token, body: { name: 'o', slug: 'o' } });
  await call('POST', '/v1/cloud/orgs/o/projects', { token, body: { name: 'p' } });
  for (let index = 0; index < 20; index += 1)
    await call('PUT', secretAt(`K${index}`), { token, body: { value: `${value} ${index}` } });
  return { ...running, token, shares: init.unseal_shares };
}

const backup = async ({ call, token }: Made): Promise<Buffer> => {
  const answer = await call('GET', '/v1/sys/backup', { vaultToken: token, headers: { Accept: octets } });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, octets]);
  return answer.bytes;
};
const restore = ({ call }: Running, raw: Buffer, vaultToken?: string): Promise<Answer> =>
  call('POST', '/v1/sys/restore', { vaultToken, raw, headers: { 'Content-Type': octets } });
const unseal = ({ call }: Running, body: object): Promise<Answer> => call('POST', '/v1/sys/unseal', { body });
const valueOf = async ({ call }: Running, token: string, key = 'K1'): Promise<unknown> => {
  const { status, json } = await call('GET', secretAt(key), { token });
  return status === 200 ? json.secret.value : status;
};
const staged = async ({ call }: Running, vaultToken?: string): Promise<any> =>
  (await call('GET', '/v1/sys/restore', { vaultToken })).json;

let source: Made;
let file: Buffer;
beforeAll(async () => {
  source = await make();
  file = await backup(source);
});
afterAll(() => source.server.close());

test('the JSON form holds the same, and says what it is', async () => {
  const { json } = await source.call('GET', '/v1/sys/backup', { vaultToken: source.token });
  expect(json).toEqual({
    snapshot: expect.any(String),
    entry_count: expect.any(Number),
    created_at: expect.stringMatching(/\.\d{9}\+00:00$/),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  expect(Buffer.from(json.snapshot, 'base64').subarray(0, 8).toString()).toBe('ZVLTBAK1');
  await using target = await start();
  const answer = await target.call('POST', '/v1/sys/restore', { body: { snapshot: json.snapshot } });
  expect(answer.json).toMatchObject({ success: true, staged: true, entry_count: json.entry_count });
  await unseal(target, { shares: source.shares });
  expect(await valueOf(target, source.token)).toBe('first 1');
});

test('nothing of the vault stands in it: no value, no name, no token, no key; and no two are alike', async () => {
  const other = await backup(source);
  for (const bytes of [file, other]) {
    for (const text of [
      'first ',
      'development',
      'created_by',
      source.token,
      source.token.slice(4, 20),
      ...source.shares,
    ])
      expect([text, bytes.includes(text)]).toEqual([text, false]);
  }
  expect(other.subarray(2000, 2100).equals(file.subarray(2000, 2100))).toBe(false);
});

test('a vault without a way in has no backup that anybody could open', async () => {
  const { server } = await start();
  const { rootToken } = await server.vault.initEphemeral();
  const ask = (): Promise<Answer> => send(server.url, 'GET', '/v1/sys/backup', { vaultToken: rootToken });
  expect((await ask()).status).toBe(409);
  await send(server.url, 'POST', '/v1/sys/key-slots', { vaultToken: rootToken, body: { kind: 'recovery' } });
  expect((await ask()).status).toBe(200);
  await server.close();
});

test('onto a new server: nobody’s vault, so anybody may; its own shares and tokens open it', async () => {
  await using target = await start();
  expect(await staged(target)).toMatchObject({ staged: false, entry_count: 0 });
  const answer = await restore(target, file);
  expect(answer.json).toMatchObject({ success: true, staged: true });
  expect((await target.call('GET', '/v1/sys/health')).status).toBe(501);
  expect(await staged(target)).toMatchObject({ staged: true, shares: 3, threshold: 2, progress: 0 });
  // Nobody makes a vault of his own over it.
  expect((await target.call('POST', '/v1/sys/init', { body: { shares: 2, threshold: 2 } })).status).toBe(409);

  expect((await unseal(target, { share: source.shares[0] })).json).toEqual({ sealed: true, threshold: 2, progress: 1 });
  expect((await staged(target)).progress).toBe(1);
  expect((await unseal(target, { share: source.shares[2] })).json).toEqual({
    sealed: false,
    threshold: 0,
    progress: 0,
  });
  expect(await valueOf(target, source.token)).toBe('first 1');
  expect((await staged(target, source.token)).staged).toBe(false);
  // From now on it is somebody's.
  expect((await target.call('GET', '/v1/sys/restore')).status).toBe(401);
  expect((await restore(target, file)).status).toBe(401);
  expect(target.warnings).toEqual([]);
});

test('over a running vault: it goes on until the backup is unsealed, then only the backup’s keys and tokens count', async () => {
  await using target = await make({}, 'second');
  expect((await restore(target, file)).status).toBe(401);
  expect((await restore(target, file, target.token)).json.staged).toBe(true);
  expect(await valueOf(target, target.token)).toBe('second 1');
  await target.call('PUT', secretAt('NEW'), { token: target.token, body: { value: 'new' } });
  expect(await valueOf(target, source.token)).toBe(401);
  // The running vault's own shares do not open the backup.
  expect((await unseal(target, { shares: target.shares })).status).toBe(400);
  expect((await unseal(target, { shares: source.shares.slice(1) })).json.sealed).toBe(false);
  expect(await valueOf(target, source.token)).toBe('first 1');
  expect(await valueOf(target, source.token, 'NEW')).toBe(404);
  expect(await valueOf(target, target.token)).toBe(401);

  await target.call('POST', '/v1/sys/seal', { vaultToken: source.token });
  expect((await unseal(target, { shares: target.shares })).status).toBe(400);
  expect((await unseal(target, { shares: source.shares })).json.sealed).toBe(false);
  await target.call('PUT', secretAt('NEW'), { token: source.token, body: { value: 'after' } });
  expect(await valueOf(target, source.token, 'NEW')).toBe('after');
  expect(target.warnings).toEqual([]);
});

test('over a sealed vault: its own shares open it, the backup’s put the backup in its place', async () => {
  await using target = await make({}, 'second');
  await restore(target, file, target.token);
  await target.call('POST', '/v1/sys/seal', { vaultToken: target.token });
  await unseal(target, { shares: target.shares });
  expect(await valueOf(target, target.token)).toBe('second 1');
  await target.call('POST', '/v1/sys/seal', { vaultToken: target.token });
  for (const share of source.shares.slice(0, 2)) await unseal(target, { share });
  expect(await valueOf(target, source.token)).toBe('first 1');
});

test('it can be cancelled, and replaced by another', async () => {
  await using target = await make({}, 'second');
  const cancel = (): Promise<Answer> => target.call('DELETE', '/v1/sys/restore', { vaultToken: target.token });
  expect((await cancel()).status).toBe(404);
  await restore(target, file, target.token);
  await unseal(target, { share: source.shares[0] });
  expect((await cancel()).status).toBe(204);
  expect((await cancel()).status).toBe(404);
  expect((await unseal(target, { shares: source.shares })).status).toBe(409);
  expect(await valueOf(target, target.token)).toBe('second 1');
  expect(await target.server.vault.store.scan({ prefix: 'restore/' })).toEqual([]);

  await restore(target, file, target.token);
  const { staged_at } = await staged(target, target.token);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await restore(target, await backup(target), target.token);
  expect((await staged(target, target.token)).staged_at).not.toBe(staged_at);
  expect((await unseal(target, { shares: source.shares })).status).toBe(400);
  expect((await unseal(target, { shares: target.shares })).json.sealed).toBe(false);
  expect(await target.server.vault.store.scan({ prefix: 'restore/' })).toEqual([]);
});

test('an older state of the same vault, restored by its own shares', async () => {
  await using target = await make();
  const before = await backup(target);
  await target.call('PUT', secretAt('K1'), { token: target.token, body: { value: 'later' } });
  await target.call('POST', '/v1/sys/rotate', { vaultToken: target.token });
  await restore(target, before, target.token);
  expect(await valueOf(target, target.token)).toBe('later');
  await unseal(target, { shares: target.shares });
  expect(await valueOf(target, target.token)).toBe('first 1');
});

test('whatever is cut off is refused, and the vault stays as it was', async () => {
  await using target = await make({}, 'second');
  const lengths = [0, 1, 7, 8, 11, 12, 100, file.length - 1, file.length - 32, file.length - 73, file.length >> 1];
  for (let round = 0; round < 20; round += 1) lengths.push(randomInt(file.length));
  for (const length of lengths) {
    const answer = await restore(target, file.subarray(0, length), target.token);
    expect([length, answer.status]).toEqual([length, 400]);
  }
  expect((await restore(target, Buffer.concat([file, Buffer.of(0)]), target.token)).status).toBe(400);
  expect((await staged(target, target.token)).staged).toBe(false);
  expect(await target.server.vault.store.scan({ prefix: 'restore/' })).toEqual([]);
  expect(await valueOf(target, target.token)).toBe('second 1');
});

test('whatever is changed is refused: at once by its digest, or by its MAC when the digest was made to fit', async () => {
  await using target = await make({}, 'second');
  const places = [0, 4, 8, 9, 20, 200, file.length - 1, file.length - 40, file.length - 70, file.length - 80];
  for (let round = 0; round < 30; round += 1) places.push(randomInt(file.length - 32));
  for (const place of places) {
    const changed = Buffer.from(file);
    changed[place] = (changed[place] ?? 0) ^ (1 << randomInt(8));
    const answer = await restore(target, changed, target.token);
    if (answer.status === 200) {
      // Only the MAC itself is not under the digest.
      expect(place).toBeGreaterThanOrEqual(file.length - 32);
      expect((await unseal(target, { shares: source.shares })).status).toBe(400);
    } else expect([place, answer.status]).toEqual([place, 400]);
  }
  const { createHash } = await import('node:crypto');
  for (const place of [3000, 5000, file.length - 100]) {
    const changed = Buffer.from(file);
    changed[place] = (changed[place] ?? 0) ^ 1;
    createHash('sha256')
      .update(changed.subarray(0, -64))
      .digest()
      .copy(changed, changed.length - 64);
    expect((await restore(target, changed, target.token)).status).toBe(200);
    expect((await unseal(target, { shares: source.shares })).status).toBe(400);
    expect(await valueOf(target, target.token)).toBe('second 1');
  }
});

test.each([
  ['not base64', { snapshot: '?' }, 400],
  ['base64 of something else', { snapshot: Buffer.from('{"a":1}').toString('base64') }, 400],
  ['empty', { snapshot: '' }, 400],
  ['no snapshot', {}, 422],
  ['not a text', { snapshot: 1 }, 422],
])('a JSON form that is none: %s', async (_name, body, status) => {
  expect((await source.call('POST', '/v1/sys/restore', { vaultToken: source.token, body })).status).toBe(status);
});

test('one moment: what is written while a backup is made is in it whole or not at all', async () => {
  await using target = await make({ storage: 'memory' });
  const env = '/v1/cloud/orgs/o/projects/p/envs/development';
  const stop = new AbortController();
  let round = 0;
  const writing = (async () => {
    while (!stop.signal.aborted) {
      round += 1;
      // Ten keys change together: a mixture would be a state that never was.
      const operations = Array.from({ length: 10 }, (_, index) => ({ op: 'put', key: `T${index}`, value: `${round}` }));
      await target.call('POST', `${env}/batch`, { token: target.token, body: { operations } });
    }
  })();
  const files: Buffer[] = [];
  while (files.length < 5) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    files.push(await backup(target));
  }
  stop.abort();
  await writing;
  for (const one of files) {
    await using copy = await start();
    await restore(copy, one);
    await unseal(copy, { shares: target.shares });
    const { secrets } = (await copy.call('GET', `${env}/secrets?include=values`, { token: target.token })).json;
    const values = (secrets as { key: string; value: string }[])
      .filter(({ key }) => key.startsWith('T'))
      .map(({ value }) => value);
    expect([values.length, new Set(values).size]).toEqual([10, 1]);
  }
});

test('a large vault: binary only, and back again', async () => {
  using folder = temporaryFolder();
  await using target = await make({ storage: `sqlite:${join(folder.path, 'vault.db')}`, retentionDays: 0 });
  const env = '/v1/cloud/orgs/o/projects/p/envs/development';
  const value = randomBytes(384 * 1024).toString('base64');
  for (let round = 0; round < 5; round += 1) {
    const operations = Array.from({ length: 20 }, (_, index) => ({ op: 'put', key: `B${round}x${index}`, value }));
    expect((await target.call('POST', `${env}/batch`, { token: target.token, body: { operations } })).status).toBe(200);
  }
  const json = await target.call('GET', '/v1/sys/backup', { vaultToken: target.token });
  expect([json.status, json.json.message]).toEqual([413, expect.stringContaining('application/octet-stream')]);
  const before = process.memoryUsage().rss;
  const bytes = await backup(target);
  expect(bytes.length).toBeGreaterThan(50_000_000);
  expect((await restore(target, bytes, target.token)).status).toBe(200);
  await target.call('PUT', secretAt('B1x1'), { token: target.token, body: { value: 'other' } });
  expect((await unseal(target, { shares: target.shares })).json.sealed).toBe(false);
  expect(await valueOf(target, target.token, 'B1x1')).toBe(value);
  // The file itself is in this process twice; beyond that, memory does not grow with it.
  expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  expect(target.warnings).toEqual([]);
}, 60_000);

test('whoever sends or takes too slowly is cut off, and nothing stays', async () => {
  await using target = await make({ slowRequestMs: 200 }, 'second');
  const { port } = target.server;
  const head = `POST /v1/sys/restore HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Vault-Token: ${target.token}\r\nContent-Type: ${octets}\r\nContent-Length: ${file.length}\r\n\r\n`;
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString())).on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(head);
    socket.write(file.subarray(0, 100));
  });
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(await target.server.vault.store.scan({ prefix: 'restore/' })).toEqual([]);
  // A connection that ends in the middle.
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head);
      socket.write(file.subarray(0, 1000), () => {
        socket.destroy();
        resolve();
      });
    });
  });
  await expect.poll(() => target.server.vault.store.scan({ prefix: 'restore/' })).toEqual([]);
  expect((await restore(target, file, target.token)).status).toBe(200);
});

test('the audit goes on over a restore: what was done before stays verifiable, the restore is told', async () => {
  using folder = temporaryFolder();
  await using target = await make({ storage: `sqlite:${join(folder.path, 'vault.db')}` }, 'second');
  const { audit, store } = target.server.vault;
  await audit.flush();
  const chains = (await store.scan({ prefix: 'audit/chain/' })).map(({ key }) => key);
  expect(chains).toHaveLength(1);
  await restore(target, file, target.token);
  await unseal(target, { shares: source.shares });
  await target.call('GET', '/v1/sys/restore', { vaultToken: source.token });
  await audit.flush();
  const lines = auditLines(join(folder.path, 'vault.db.audit.log'));
  const told = lines.filter(({ request }) => request.data?.['restored'] !== undefined);
  expect(told.map(({ action, response }) => [action, response.status_code])).toEqual([['sys.unseal', 200]]);
  expect(new Set(lines.map(({ chain }) => chain)).size).toBe(1);
  for (const key of chains) {
    const entry = await store.get(key);
    const chainKey = await target.server.vault.seal.keyring.keyOf(store, 'system', entry?.value ?? Buffer.alloc(0));
    expect(chainKey.bytes.length).toBe(32);
    const head = JSON.parse((await store.get(key.replace('chain', 'head')))?.value.toString() ?? '{}');
    expect(head.seq).toBe(lines.at(-1)?.seq);
  }
  expect(JSON.stringify(lines)).not.toContain(source.shares[0]);
});

test('so do lines of servers that ended before there was a vault to restore to', async () => {
  using folder = temporaryFolder();
  const storage = `sqlite:${join(folder.path, 'vault.db')}`;
  const early = await start({ storage });
  await early.call('POST', '/v1/sys/seal');
  await early[Symbol.asyncDispose]();
  await using target = await start({ storage });
  await restore(target, file);
  await unseal(target, { shares: source.shares });
  const { audit } = target.server.vault;
  const chains = new Set(auditLines(join(folder.path, 'vault.db.audit.log')).map(({ chain }) => chain));
  expect(chains.size).toBe(2);
  const claims = Array.from(chains, (chain) => ({ chain, id: chain, digest: '', mac: '0'.repeat(64) }));
  const { unknown, wrong } = await audit.verify({ heads: false, lines: claims });
  // The vault has the keys of both, to tell that these are not their MACs.
  expect([unknown, wrong.length]).toEqual([[], 2]);
});
