// Vault tokens and policies, written into the store as they rest there.

import { randomUUID } from 'node:crypto';
import { systemActor } from '../../vault-core/src/domain/actor.ts';
import type { PolicyRule } from '../../vault-core/src/domain/policy/policy.ts';
import { createToken, hashToken } from '../../vault-core/src/domain/token.ts';
import type { VaultTokenRecord } from '../../vault-core/src/server/records.ts';
import { keys } from '../../vault-core/src/server/store/keys.ts';
import type { TestVault } from './vault.ts';

export async function writePolicy(vault: TestVault, name: string, rules: readonly PolicyRule[]): Promise<void> {
  const { store, records } = vault.vault;
  await store.transaction((transaction) => records.write(transaction, keys.policy(name), { name, rules }));
}

/** The text of a new token. */
export async function makeVaultToken(vault: TestVault, changes: Partial<VaultTokenRecord> = {}): Promise<string> {
  const text = createToken('vault');
  await writeVaultToken(vault, text, changes);
  return text;
}

/** Writes the token's record anew: revokes it, say. */
export async function writeVaultToken(
  vault: TestVault,
  text: string,
  changes: Partial<VaultTokenRecord>,
): Promise<void> {
  const record: VaultTokenRecord = {
    id: randomUUID(),
    kind: 'vault',
    hash: hashToken(text),
    policies: [],
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
}

/** The text of a new token whose one policy has these rules. */
export async function tokenWith(vault: TestVault, rules: readonly PolicyRule[]): Promise<string> {
  const policy = `p-${randomUUID()}`;
  await writePolicy(vault, policy, rules);
  return makeVaultToken(vault, { policies: [policy] });
}
