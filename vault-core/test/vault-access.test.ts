// Policies on routes of the vault API: what grants, what denies, and that a change counts at once.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemActor } from '../src/domain/actor.ts';
import type { PolicyRule } from '../src/domain/policy/policy.ts';
import { createToken, hashToken } from '../src/domain/token.ts';
import type { VaultTokenRecord } from '../src/server/records.ts';
import { keys } from '../src/server/store/keys.ts';
import { type TestVault, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let token: string;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());
beforeEach(async () => {
  token = await makeVaultToken({});
  await writePolicy('auditor', [{ path: 'sys/audit-log', capabilities: ['read'] }]);
  await writePolicy('denier', [{ path: 'sys/*', capabilities: ['deny'] }]);
});

async function writePolicy(name: string, rules: readonly PolicyRule[]): Promise<void> {
  const { store, records } = vault.vault;
  await store.transaction((transaction) => records.write(transaction, keys.policy(name), { name, rules }));
}

async function makeVaultToken(changes: Partial<VaultTokenRecord>): Promise<string> {
  const text = createToken('vault');
  const record: VaultTokenRecord = {
    id: randomUUID(),
    kind: 'vault',
    hash: hashToken(text),
    policies: ['auditor'],
    display_name: 'token',
    metadata: {},
    renewable: true,
    expires_at: null,
    expires_at_most: null,
    parent: null,
    created_by: systemActor,
    created_at: Date.now(),
    revoked_at: null,
    ...changes,
  };
  const { store, records } = vault.vault;
  await store.transaction((transaction) => records.write(transaction, keys.token(record.hash), record));
  return text;
}

const asks = async (vaultToken: string): Promise<number> =>
  (await vault.call('GET', '/v1/sys/audit-log?limit=1', { vaultToken })).status;

test('a rule that grants the capability lets pass; the next change of the policy counts', async () => {
  expect(await asks(token)).toBe(200);
  await writePolicy('auditor', [{ path: 'sys/audit-log', capabilities: ['list', 'sudo'] }]);
  expect(await asks(token)).toBe(403);
  await writePolicy('auditor', [{ path: 'sys/**', capabilities: ['read'] }]);
  expect(await asks(token)).toBe(200);
  await vault.vault.store.transaction((transaction) => transaction.delete(keys.policy('auditor')));
  expect(await asks(token)).toBe(403);
});

test('a deny wins wherever it stands', async () => {
  expect(await asks(await makeVaultToken({ policies: ['auditor', 'denier'] }))).toBe(403);
  expect(await asks(await makeVaultToken({ policies: ['denier', 'auditor'] }))).toBe(403);
});

test('policies that do not exist grant nothing, and count once they do', async () => {
  const later = await makeVaultToken({ policies: ['later'] });
  expect(await asks(later)).toBe(403);
  await writePolicy('later', [{ path: 'sys/audit-log', capabilities: ['read'] }]);
  expect(await asks(later)).toBe(200);
});

test('a token with the policy root may do everything', async () => {
  expect(await asks(await makeVaultToken({ policies: ['root'] }))).toBe(200);
  expect(await asks(await makeVaultToken({ policies: ['default'] }))).toBe(403);
});

test('an expired or revoked token is refused, remembered or not', async () => {
  const short = await makeVaultToken({ expires_at: Date.now() + vault.clock.offsetMs + 60_000 });
  expect(await asks(short)).toBe(200);
  vault.clock.offsetMs += 61_000;
  expect(await asks(short)).toBe(401);
  expect(await asks(await makeVaultToken({ revoked_at: 1 }))).toBe(401);
});

test('a token of the vault is none on the cloud API, and a service token none here', async () => {
  expect((await vault.call('GET', '/v1/cloud/me', { token })).status).toBe(401);
  const place = await makeWorkspace(vault);
  expect(await asks(await makeToken(vault, place.base))).toBe(403);
});

test('the audit names the token and its policies', async () => {
  expect(await asks(token)).toBe(200);
  const { json } = await vault.call('GET', '/v1/sys/audit-log?limit=5', { vaultToken: vault.rootToken });
  const line = json.entries.find((entry: { actor: { type: string } }) => entry.actor.type === 'vault_token');
  expect(line.auth.policies).toEqual(['auditor']);
  expect(JSON.stringify(json)).not.toContain(token);
});
