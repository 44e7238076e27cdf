// Log-in with an AppRole. Ids are looked up by their SHA-256, so no comparison takes longer the closer a guess comes.

import { ZvaultError } from '../../domain/errors.ts';
import { hashToken } from '../../domain/token.ts';
import type { Records, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { type AppRoleRecord, type SecretIdRecord, readAppRole } from './app-roles.ts';
import { type Making, storeToken } from './token-making.ts';

export interface AppRoleCredentials {
  readonly role_id: string;
  readonly secret_id: string;
}

/**
 * A token of the role. One use of the secret id is gone with it, in the same transaction: it can't be used more often by
 * several at once.
 * @throws NOT_FOUND (the role id), UNAUTHORIZED (the secret id: unknown, of another role, expired, used up)
 */
export async function loginWithAppRole(
  transaction: Transaction,
  records: Records,
  credentials: AppRoleCredentials,
  making: Making,
): Promise<{ role: AppRoleRecord; record: VaultTokenRecord; plaintext: string }> {
  const { nowMs } = making;
  const { role, secret } = await checkAppRole(transaction, records, credentials, nowMs);
  if (secret?.record.uses_left === 1) await transaction.delete(secret.key);
  else if (secret && secret.record.uses_left !== null) {
    await records.write(transaction, secret.key, { ...secret.record, uses_left: secret.record.uses_left - 1 });
  }
  const made = await storeToken(transaction, records, making, {
    policies: role.policies,
    display_name: `approle-${role.name}`,
    metadata: { role_name: role.name },
    renewable: true,
    expires_at: nowMs + role.token_ttl * 1000,
    expires_at_most: nowMs + role.token_max_ttl * 1000,
    parent: null,
    created_by: { type: 'system', id: `approle:${role.name}`, issuer: null, token_id: null, via: 'approle' },
  });
  return { role, ...made };
}

/** What the log-in stands on: asked before a transaction begins, so that guessing costs none. @throws as `loginWithAppRole` */
export async function checkAppRole(
  reader: Reader,
  records: Records,
  { role_id: roleId, secret_id: secretId }: AppRoleCredentials,
  nowMs: number,
): Promise<{ role: AppRoleRecord; secret: { key: string; record: SecretIdRecord } | undefined }> {
  const name = (await reader.get(keys.appRoleByRoleId(roleId)))?.value.toString();
  if (name === undefined) throw new ZvaultError('NOT_FOUND', 'there is no role with this role id');
  const role = await readAppRole(reader, records, name);
  if (!role.bind_secret_id) return { role, secret: undefined };
  const key = keys.secretId(role.id, hashToken(secretId));
  const record = await records.read<SecretIdRecord>(reader, key);
  if (!record || (record.expires_at !== null && record.expires_at <= nowMs)) {
    throw new ZvaultError('UNAUTHORIZED', 'the secret id is unknown, expired or used up', {
      hint: 'get a new one for the role',
    });
  }
  return { role, secret: { key, record } };
}
