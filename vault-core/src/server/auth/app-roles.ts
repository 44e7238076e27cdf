// AppRoles: machines log in with a role id, which names the role, and a secret id, which proves that they may. Only hashes of
// secret ids are kept. A role gives no more than its writer had, and never the policy root.

import { randomUUID } from 'node:crypto';
import type { Actor } from '../../domain/actor.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { identifierProblem, refuse } from '../../domain/names.ts';
import { hashToken } from '../../domain/token.ts';
import type { Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import type { Caller } from '../vault-access.ts';
import { noteEntryEnd, noteSecretIds } from './endings.ts';
import { givenPolicies } from './given-policies.ts';

export interface AppRoleRecord {
  /** Stays when the role is written anew: secret ids belong to it. */
  readonly id: string;
  readonly name: string;
  readonly role_id: string;
  readonly policies: readonly string[];
  /** Seconds. */
  readonly token_ttl: number;
  /** Seconds. */
  readonly token_max_ttl: number;
  /** False: the role id alone logs in. */
  readonly bind_secret_id: boolean;
  /** Log-ins that a secret id is good for; 0: any number. */
  readonly secret_id_num_uses: number;
  /** Seconds; 0: it does not expire. */
  readonly secret_id_ttl: number;
  readonly created_by: Actor;
  readonly created_at: number;
}

export interface SecretIdRecord {
  /** Milliseconds. */
  readonly expires_at: number | null;
  /** `null`: any number. */
  readonly uses_left: number | null;
  readonly created_by: Actor;
  readonly created_at: number;
}

export interface NewAppRole {
  readonly policies: readonly string[];
  readonly token_ttl_secs?: number | undefined;
  readonly token_max_ttl_secs?: number | undefined;
  readonly bind_secret_id?: boolean | undefined;
  readonly secret_id_num_uses?: number | undefined;
  readonly secret_id_ttl_secs?: number | undefined;
}

/** Source of both: contract 1.4 */
const defaultTtlSeconds = 3600;
const defaultMaxTtlSeconds = 86_400;

export async function listAppRoles(reader: Reader): Promise<string[]> {
  const entries = await reader.scan({ prefix: keys.appRolePrefix });
  return entries.map(({ key }) => key.slice(keys.appRolePrefix.length));
}

/** @throws NOT_FOUND */
export async function readAppRole(reader: Reader, records: Records, name: string): Promise<AppRoleRecord> {
  const role = await records.read<AppRoleRecord>(reader, keys.appRole(name));
  if (!role) throw new ZvaultError('NOT_FOUND', 'there is no such role');
  return role;
}

/**
 * Creates a role or writes it anew. It gets a new role id each time; its secret ids stay (contract 1.4).
 * @throws BAD_REQUEST, FORBIDDEN when it would give more than the caller has
 */
export async function writeAppRole(
  transaction: Transaction,
  records: Records,
  caller: Caller,
  name: string,
  body: NewAppRole,
  nowMs: number,
): Promise<AppRoleRecord> {
  refuse(identifierProblem('role', name));
  if (body.policies.length === 0) throw new ZvaultError('BAD_REQUEST', 'a role needs at least one policy');
  if (body.policies.includes('root')) throw new ZvaultError('FORBIDDEN', 'a role can’t give the policy root');
  const policies = givenPolicies(caller, body.policies);
  const before = await records.read<AppRoleRecord>(transaction, keys.appRole(name));
  const role: AppRoleRecord = {
    id: before?.id ?? randomUUID(),
    name,
    role_id: randomUUID(),
    policies,
    token_ttl: body.token_ttl_secs ?? defaultTtlSeconds,
    token_max_ttl: body.token_max_ttl_secs ?? Math.max(defaultMaxTtlSeconds, body.token_ttl_secs ?? 0),
    bind_secret_id: body.bind_secret_id ?? true,
    secret_id_num_uses: body.secret_id_num_uses ?? 0,
    secret_id_ttl: body.secret_id_ttl_secs ?? 0,
    created_by: caller.actor,
    created_at: before?.created_at ?? nowMs,
  };
  if (role.token_ttl > role.token_max_ttl) {
    throw new ZvaultError('BAD_REQUEST', '"token_ttl_secs" is more than "token_max_ttl_secs"');
  }
  if (before) await transaction.delete(keys.appRoleByRoleId(before.role_id));
  await records.write(transaction, keys.appRole(name), role);
  await transaction.put(keys.appRoleByRoleId(role.role_id), name);
  return role;
}

/** Its secret ids are worth nothing from then on. Deleting one that is not there changes nothing. */
export async function deleteAppRole(
  transaction: Transaction,
  records: Records,
  name: string,
  nowMs: number,
): Promise<void> {
  const role = await records.read<AppRoleRecord>(transaction, keys.appRole(name));
  if (!role) return;
  await transaction.delete(keys.appRole(name));
  await transaction.delete(keys.appRoleByRoleId(role.role_id));
  await noteSecretIds(transaction, role.id, nowMs);
}

/** The text of a new secret id, which nobody can read again. @throws NOT_FOUND */
export async function createSecretId(
  transaction: Transaction,
  records: Records,
  caller: Caller,
  name: string,
  nowMs: number,
): Promise<string> {
  const role = await readAppRole(transaction, records, name);
  const secretId = randomUUID();
  const record: SecretIdRecord = {
    expires_at: role.secret_id_ttl === 0 ? null : nowMs + role.secret_id_ttl * 1000,
    uses_left: role.secret_id_num_uses === 0 ? null : role.secret_id_num_uses,
    created_by: caller.actor,
    created_at: nowMs,
  };
  const key = keys.secretId(role.id, hashToken(secretId));
  await records.write(transaction, key, record);
  if (record.expires_at !== null) await noteEntryEnd(transaction, key, record.expires_at);
  return secretId;
}
