// A canary in every value: it is nowhere outside, in no form, whatever the server was asked to do, and however it ended.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startChildServer } from '../support/child-server.ts';
import { type Answer, send } from '../support/http.ts';
import { makeToken, makeWorkspace, startDiskVault, temporaryFolder } from '../support/vault.ts';

const canary = 'CANARYb2c81f7d-do-not-print';

/** The canary as text, as UTF-16, in hexadecimal, in base64 at its three offsets, reversed. */
function forms(): Buffer[] {
  const bytes = Buffer.from(canary);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(shift === 0 ? 0 : shift + 1, text.length - 4);
  });
  return [
    bytes,
    Buffer.from(canary, 'utf16le'),
    bytes.toString('hex'),
    ...base64,
    Buffer.from(canary).toReversed(),
  ].map((form) => Buffer.from(form));
}

function filesWithCanary(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    if (forms().some((form) => bytes.includes(form))) found.push(name);
  }
  return found;
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s no file and no output holds a value or a token',
  async (signal) => {
    using folder = temporaryFolder();
    const first = await startDiskVault(folder.path);
    const { env, base } = await makeWorkspace(first);
    const service = await makeToken(first, base, { permissions: ['read', 'write'] });
    const { rootToken } = first;
    await first.server.close();

    await using server = await startChildServer(folder.path);
    const call = (method: string, path: string, body?: unknown, raw?: string): Promise<unknown> =>
      send(server.url, method, path, { token: service, body, raw });
    for (let index = 0; index < 20; index += 1) {
      const secret = `${env}/secrets/K${index}`;
      await call('PUT', secret, { value: `${canary}${index}`, comment: canary });
      await call('PUT', secret, { value: canary.repeat(500) });
      await call('PUT', secret, { value: canary, cas: 99 });
      await call('PUT', secret, undefined, `{"value":"${canary}"`);
      await call('PUT', secret, undefined, `{"value":{"${canary}":1}}`);
      await call('GET', secret);
      await call('GET', `${secret}?version=1`);
      await call('POST', `${secret}/rollback`, { version: 1 });
      await call('DELETE', secret);
      await call('POST', `${secret}/restore`);
    }
    await call('POST', `${env}/batch`, {
      operations: [
        { op: 'put', key: 'B', value: canary },
        { op: 'put', key: '..', value: canary },
      ],
    });
    await call('PUT', `${base}/secrets`, { key: 'C', value: canary, env: 'staging' });
    await call('GET', `${env}/secrets?include=values`);
    await call('POST', '/v1/sys/unseal', { share: canary, shares: [canary] });
    await call('POST', '/v1/sys/init', { shares: 2, threshold: 2, passphrase: canary });
    await useEngines((method, path, body, raw) => send(server.url, method, path, { vaultToken: rootToken, body, raw }));
    expect(filesWithCanary(folder.path)).toEqual([]);
    await server.end(signal);
    expect(filesWithCanary(folder.path)).toEqual([]);
    for (const form of forms()) expect(server.output()).not.toContain(form.toString());
    for (const name of ['vault.db', 'vault.db-wal', 'vault.db.audit.log'].filter((one) =>
      readdirSync(folder.path).includes(one),
    )) {
      const bytes = readFileSync(join(folder.path, name));
      for (const token of [rootToken, service]) expect([name, bytes.includes(token.slice(12))]).toEqual([name, false]);
    }
  },
);

type Operate = (method: string, path: string, body?: unknown, raw?: string) => Promise<Answer>;

/** Everything that values of the vault API can come near. */
async function useEngines(call: Operate): Promise<void> {
  const plaintext = Buffer.from(canary).toString('base64');
  await call('POST', '/v1/sys/mounts/team', { engine_type: 'kv', description: 'ours' });
  for (const mount of ['secret', 'team']) {
    const secret = `/v1/${mount}/data/app/db`;
    for (const body of [{ data: { value: canary } }, { [canary]: canary }, canary, [canary.repeat(500)]])
      expect((await call('POST', secret, body)).status).toBe(200);
    await call('POST', secret, { options: { cas: 99 }, data: { value: canary } });
    await call('POST', secret, undefined, `{"${canary}":1,"${canary}":2}`);
    await call('POST', secret, undefined, `{"value":"${canary}"`);
    await call('POST', `/v1/${mount}/data/a.b`, { value: canary });
    expect((await call('GET', secret)).text).toContain(canary);
    await call('GET', `${secret}?version=1`);
    await call('DELETE', secret);
    await call('POST', `/v1/${mount}/undelete/app/db`, { versions: [4] });
    await call('POST', `/v1/${mount}/destroy/app/db`, { versions: [1] });
  }
  await call('POST', '/v1/transit/keys/k');
  await call('POST', '/v1/transit/keys/s', { type: 'ed25519' });
  const { ciphertext } = (await call('POST', '/v1/transit/encrypt/k', { plaintext })).json;
  expect((await call('POST', '/v1/transit/decrypt/k', { ciphertext })).json.plaintext).toBe(plaintext);
  await call('POST', '/v1/transit/decrypt/k', { ciphertext: `vault:v1:${plaintext}` });
  await call('POST', '/v1/transit/encrypt/k', { plaintext: canary });
  await call('POST', '/v1/transit/sign/s', { input: plaintext });
  await call('POST', '/v1/transit/hmac/k', { input: plaintext });
  await call('POST', '/v1/transit/verify/k', { input: plaintext, hmac: canary });
  await call('POST', '/v1/sys/leases/create', { engine_path: 'secret/data/app/db' });
  await call('POST', '/v1/sys/leases/lookup', { lease_id: canary });
}
