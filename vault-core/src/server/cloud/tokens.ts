// Service tokens: for one project, or one environment of it; read, write, or both; for a time, or until revoked. Only the
// SHA-256 of a token is kept.

import type { Actor } from '../../domain/actor.ts';
import { formatTimestamp, parseDurationSeconds, parseTimestampMs } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { isUuid, nameProblem, refuse } from '../../domain/names.ts';
import { createToken, hashToken, tokenDisplayPrefix } from '../../domain/token.ts';
import type { ServiceToken } from '../../wire/shapes.ts';
import type { Permission } from '../../wire/words.ts';
import type { EnvironmentRecord, ProjectRecord, Records, TokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { claimCreation } from './creation.ts';
import { findEnvironment } from './find.ts';
import { requireLiveProject } from './live.ts';

export interface NewToken {
  readonly id?: string | undefined;
  readonly name: string;
  readonly environment_id?: string | null | undefined;
  readonly environment?: string | null | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  readonly expires_at?: string | null | undefined;
  readonly ttl?: string | null | undefined;
}

export interface CreatedToken {
  readonly record: TokenRecord;
  /** Null when a repeated request answers a token made before. */
  readonly plaintext: string | null;
}

export interface TokenContext {
  readonly actor: Actor;
  readonly nowMs: number;
  readonly random: (count: number) => Buffer;
}

/** @throws BAD_REQUEST, NOT_FOUND (the environment), CONFLICT */
export async function createServiceToken(
  transaction: Transaction,
  records: Records,
  project: ProjectRecord,
  body: NewToken,
  { actor, nowMs, random }: TokenContext,
): Promise<CreatedToken> {
  refuse(nameProblem(body.name));
  await requireLiveProject(transaction, project);
  const environment = await environmentOf(transaction, records, project, body);
  const { name, permissions, expires_at, ttl } = body;
  const claim = { id: body.id, name, environment: environment?.id, permissions, expires_at, ttl };
  const { id, repeated } = await claimCreation(transaction, {
    kind: 'token',
    place: project.id,
    body: claim,
    at: keys.tokenById,
  });
  if (repeated) return { record: await readToken(transaction, records, project.id, id), plaintext: null };
  const plaintext = createToken('service', random);
  const record: TokenRecord = {
    id,
    kind: 'service',
    hash: hashToken(plaintext),
    org_id: project.org_id,
    project_id: project.id,
    environment_id: environment?.id ?? null,
    name: body.name,
    token_prefix: tokenDisplayPrefix(plaintext),
    permissions: [...new Set<Permission>(body.permissions ?? ['read'])],
    expires_at: expiryOf(body, nowMs),
    created_by: actor,
    created_at: nowMs,
    revoked_at: null,
  };
  await writeServiceToken(transaction, records, record);
  return { record, plaintext };
}

/** A new token, found by its text, its id and its project. */
export async function writeServiceToken(transaction: Transaction, records: Records, token: TokenRecord): Promise<void> {
  await records.write(transaction, keys.token(token.hash), token);
  await transaction.put(keys.tokenById(token.id), token.hash);
  await transaction.put(keys.tokenOfProject(token.project_id, token.id), '');
}

/** Revoking a revoked token changes nothing. @throws NOT_FOUND */
export async function revokeServiceToken(
  transaction: Transaction,
  records: Records,
  projectId: string,
  id: string,
  nowMs: number,
): Promise<TokenRecord> {
  const record = await readToken(transaction, records, projectId, id);
  if (record.revoked_at !== null) return record;
  const revoked = { ...record, revoked_at: nowMs };
  await records.write(transaction, keys.token(record.hash), revoked);
  return revoked;
}

/** Newest first, revoked ones included. */
export async function listServiceTokens(reader: Reader, records: Records, projectId: string): Promise<TokenRecord[]> {
  const prefix = keys.tokenOfProjectPrefix(projectId);
  const entries = await reader.scan({ prefix });
  const tokens = await Promise.all(
    entries.map(({ key }) => readToken(reader, records, projectId, key.slice(prefix.length))),
  );
  return tokens.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
}

export async function serviceTokenReply(reader: Reader, records: Records, token: TokenRecord): Promise<ServiceToken> {
  const environment =
    token.environment_id === null
      ? undefined
      : await records.read<EnvironmentRecord>(reader, keys.environment(token.environment_id));
  const used = await reader.get(keys.tokenUse(token.id));
  return {
    id: token.id,
    project_id: token.project_id,
    environment_id: token.environment_id,
    environment: environment?.slug ?? null,
    name: token.name,
    token_prefix: token.token_prefix,
    permissions: [...token.permissions],
    expires_at: token.expires_at === null ? null : formatTimestamp(token.expires_at),
    last_used_at: used ? formatTimestamp(Number(used.value.toString())) : null,
    created_by: token.created_by.id,
    created_at: formatTimestamp(token.created_at),
    revoked_at: token.revoked_at === null ? null : formatTimestamp(token.revoked_at),
  };
}

async function readToken(reader: Reader, records: Records, projectId: string, id: string): Promise<TokenRecord> {
  const hash = isUuid(id) ? (await reader.get(keys.tokenById(id.toLowerCase())))?.value.toString() : undefined;
  const record = hash === undefined ? undefined : await records.read<TokenRecord>(reader, keys.token(hash));
  if (!record || record.project_id !== projectId) throw new ZvaultError('NOT_FOUND', 'there is no such token');
  return record;
}

async function environmentOf(
  reader: Reader,
  records: Records,
  project: ProjectRecord,
  body: NewToken,
): Promise<EnvironmentRecord | undefined> {
  const text = body.environment ?? body.environment_id ?? undefined;
  if (text === undefined) return undefined;
  const environment = await findEnvironment(reader, records, project.id, text);
  if (!environment) throw new ZvaultError('NOT_FOUND', 'there is no such environment');
  if (body.environment_id && body.environment_id.toLowerCase() !== environment.id) {
    throw new ZvaultError('BAD_REQUEST', '"environment" and "environment_id" name different environments');
  }
  return environment;
}

function expiryOf(body: NewToken, nowMs: number): number | null {
  const { expires_at: expiresAt, ttl } = body;
  if (typeof expiresAt === 'string' && typeof ttl === 'string')
    throw new ZvaultError('BAD_REQUEST', 'give "ttl" or "expires_at", not both');
  if (typeof ttl === 'string') return nowMs + parseDurationSeconds(ttl) * 1000;
  if (typeof expiresAt !== 'string') return null;
  const ms = parseTimestampMs(expiresAt);
  if (ms <= nowMs) throw new ZvaultError('BAD_REQUEST', '"expires_at" is in the past');
  return ms;
}
