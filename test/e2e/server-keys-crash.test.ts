// kill -9 and a full disk while keys are rotated, shares are exchanged and a backup takes the vault's place: each time what was
// before or what was to be, whole.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isZvaultError } from '../../vault-core/src/domain/errors.ts';
import { resolveOptions } from '../../vault-core/src/server/options.ts';
import { readRotation } from '../../vault-core/src/server/rotation/state.ts';
import { Vault } from '../../vault-core/src/server/vault.ts';
import { startChildServer } from '../support/child-server.ts';
import { type Answer, send } from '../support/http.ts';
import { type TestVault, makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

const octets = 'application/octet-stream';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A vault in the folder that `startDiskVault` opens, and the shares of it. */
async function initialize(folder: string): Promise<string[]> {
  const vault = await Vault.open(resolveOptions({ storage: `sqlite:${join(folder, 'vault.db')}` }));
  const made = await vault.init({ shares: 3, threshold: 2, keyFile: true }, () => undefined);
  await vault.close();
  writeFileSync(join(folder, 'unseal.key'), made.key_file ?? '');
  writeFileSync(join(folder, 'root.token'), made.root_token);
  return made.unseal_shares;
}

async function write(vault: TestVault, env: string, count: number, value: string): Promise<void> {
  for (let start = 0; start < count; start += 1000) {
    const operations = Array.from({ length: Math.min(1000, count - start) }, (_, index) => ({
      op: 'put',
      key: `K${start + index}`,
      value: `${value} ${start + index}`,
    }));
    await vault.root('POST', `${env}/batch`, { operations });
  }
}

async function values(vault: TestVault, env: string): Promise<Map<string, string>> {
  const { secrets } = (await vault.root('GET', `${env}/secrets?include=values`)) as {
    secrets: { key: string; value: string }[];
  };
  return new Map(secrets.map(({ key, value }) => [key, value]));
}

test('kill -9 while everything is encrypted again and others write: all that was acknowledged is readable, and it goes on', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const { env } = await makeWorkspace(first);
  await write(first, env, 2000, 'v');
  const token = first.rootToken;
  const expected = await values(first, env);
  await first.server.close();

  let unfinished = 0;
  for (let round = 0; round < 6; round += 1) {
    await using server = await startChildServer(folder.path);
    const agent = new Agent({ keepAlive: true });
    const killed = new AbortController();
    const writing = Array.from({ length: 4 }, async (_, writer) => {
      for (let step = 0; !killed.signal.aborted; step += 1) {
        const key = `K${(step * 37 + writer * 500) % 2000}`;
        const value = `round ${round} ${step}`;
        try {
          const answer = await send(server.url, 'PUT', `${env}/secrets/${key}`, { token, agent, body: { value } });
          expect(answer.status).toBe(200);
          expected.set(key, value);
        } catch (error) {
          if (!killed.signal.aborted) throw error;
          // Whether this one was done is not known.
          expected.delete(key);
        }
      }
    });
    const begun = await send(server.url, 'POST', '/v1/sys/rotate', { vaultToken: token });
    expect(begun.status).toBe(200);
    await pause(100 + Math.random() * 300);
    killed.abort();
    await server.end('SIGKILL');
    await Promise.all(writing);
    agent.destroy();
    const vault = await Vault.open(resolveOptions({ storage: `sqlite:${join(folder.path, 'vault.db')}` }));
    if ((await readRotation(vault.store))?.finished_at === null) unfinished += 1;
    await vault.close();
  }
  expect(unfinished).toBeGreaterThan(2);

  await using again = await startDiskVault(folder.path);
  const found = await values(again, env);
  expect(found.size).toBe(2000);
  for (const [key, value] of expected) expect([key, found.get(key)]).toEqual([key, value]);
  const state = async (): Promise<unknown> =>
    (await again.call('GET', '/v1/sys/rotate', { vaultToken: token })).json.state;
  await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('done');
  expect((await readRotation(again.vault.store))?.kept).toEqual([]);
  const wrapped = await again.vault.store.scan({ prefix: 'keys/wrapped/' });
  // One for the system, one for the organisation, one for the audit.
  expect(wrapped).toHaveLength(3);
  expect((await values(again, env)).size).toBe(2000);
  expect(again.warnings).toEqual([]);
});

test('kill -9 around a rekey: the new shares or the old ones open the vault, never neither', async () => {
  using folder = temporaryFolder();
  let shares = await initialize(folder.path);
  const outcomes = { answered: 0, lost: 0 };
  for (let round = 0; round < 12; round += 1) {
    const server = await startChildServer(folder.path);
    const rootToken = readFileSync(join(folder.path, 'root.token'), 'utf8');
    const asking = send(server.url, 'POST', '/v1/sys/rekey', {
      vaultToken: rootToken,
      body: { shares: 3, threshold: 2, unseal_shares: shares },
    });
    const killing = pause(Math.random() * 12).then(() => server.end('SIGKILL'));
    const answer: Answer | undefined = await asking.catch(() => undefined);
    await killing;
    if (answer) {
      expect(answer.status).toBe(200);
      shares = answer.json.unseal_shares;
      outcomes.answered += 1;
    } else outcomes.lost += 1;
    // What the operator has in hand is good, whatever the server had got to.
    const vault = await Vault.open(resolveOptions({ storage: `sqlite:${join(folder.path, 'vault.db')}` }));
    await vault.seal.giveShares(shares);
    expect(vault.seal.sealed).toBe(false);
    await vault.close();
  }
  expect(outcomes.answered + outcomes.lost).toBe(12);
});

test('kill -9 while a backup takes the place of everything: the old vault or the new one, whole', async () => {
  using from = temporaryFolder();
  const shares = await initialize(from.path);
  const source = await startDiskVault(from.path);
  const { env } = await makeWorkspace(source);
  await write(source, env, 3000, 'new');
  const backup = await send(source.url, 'GET', '/v1/sys/backup', {
    vaultToken: source.rootToken,
    headers: { Accept: octets },
  });
  await source.server.close();

  const seen = { old: 0, new: 0 };
  for (let round = 0; round < 8; round += 1) {
    using folder = temporaryFolder();
    const first = await startDiskVault(folder.path);
    const place = await makeWorkspace(first);
    await write(first, place.env, 1000, 'old');
    const { rootToken } = first;
    await first.server.close();

    const server = await startChildServer(folder.path);
    const staged = await send(server.url, 'POST', '/v1/sys/restore', {
      vaultToken: rootToken,
      raw: backup.bytes,
      headers: { 'Content-Type': octets },
    });
    expect(staged.status).toBe(200);
    const unsealing = send(server.url, 'POST', '/v1/sys/unseal', { body: { shares } }).catch(() => undefined);
    await pause(30 + round * 35);
    await server.end('SIGKILL');
    const acknowledged = (await unsealing)?.status === 200;
    const [which, vault] = await openEither(folder.path, from.path);
    await using opened = vault;
    const found = await values(opened, env);
    expect(found.size).toBe(which === 'old' ? 1000 : 3000);
    for (const value of found.values()) expect(value.startsWith(which)).toBe(true);
    if (acknowledged) expect(which).toBe('new');
    seen[which] += 1;
    if (which === 'old') {
      // It is still there, and works.
      expect((await opened.call('POST', '/v1/sys/unseal', { body: { shares } })).json.sealed).toBe(false);
    }
    const left = await opened.vault.store.scan({ prefix: 'restore/' });
    expect(left).toEqual([]);
  }
  expect(seen.old + seen.new).toBe(8);
  expect(seen.old).toBeGreaterThan(0);
});

test('a backup for which there is no room: refused, nothing of it stays, and the vault goes on', async () => {
  using from = temporaryFolder();
  const shares = await initialize(from.path);
  const source = await startDiskVault(from.path);
  const { env } = await makeWorkspace(source);
  await write(source, env, 12, 'x'.repeat(150_000));
  const fetched = await send(source.url, 'GET', '/v1/sys/backup', {
    vaultToken: source.rootToken,
    headers: { Accept: octets },
  });
  await source.server.close();

  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const place = await makeWorkspace(first);
  await write(first, place.env, 50, 'old');
  const { rootToken } = first;
  await first.server.close();
  const restore = (url: string): Promise<Answer> =>
    send(url, 'POST', '/v1/sys/restore', {
      vaultToken: rootToken,
      raw: fetched.bytes,
      headers: { 'Content-Type': octets },
    });
  const read = async (url: string): Promise<number> =>
    (await send(url, 'GET', `${place.env}/secrets`, { token: rootToken })).json.keys.length as number;

  let taken = 0;
  let refusedAtSwap = 0;
  for (const fileBlocks of [1500, 3000, 4500, 6000, 7500, 9000]) {
    await using server = await startChildServer(folder.path, { fileBlocks });
    const staged = await restore(server.url);
    if (staged.status === 200) {
      taken += 1;
      const swapped = await send(server.url, 'POST', '/v1/sys/unseal', { body: { shares } });
      if (swapped.status === 200) break;
      expect([503, 507]).toContain(swapped.status);
      refusedAtSwap += 1;
    } else expect([503, 507]).toContain(staged.status);
    expect(await read(server.url)).toBe(50);
    await server.end('SIGTERM');
  }
  expect(taken).toBeGreaterThan(0);
  expect(refusedAtSwap).toBeGreaterThan(0);
});

/** Opens the vault in the folder with its own key file, or with that of the other folder. */
async function openEither(folder: string, other: string): Promise<['old' | 'new', TestVault]> {
  try {
    return ['old', await startDiskVault(folder)];
  } catch (error) {
    if (!isZvaultError(error) || error.code !== 'BAD_REQUEST') throw error;
    for (const name of ['unseal.key', 'root.token']) copyFileSync(join(other, name), join(folder, name));
    return ['new', await startDiskVault(folder)];
  }
}
