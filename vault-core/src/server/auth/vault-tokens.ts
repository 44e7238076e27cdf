// Tokens of the vault API: made by other tokens or by a log-in, renewed, looked up, revoked. Only the SHA-256 of a token is kept.

import { randomUUID } from 'node:crypto';
import { formatVaultTimestamp, parseDurationSeconds } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { nameProblem, refuse, textProblem } from '../../domain/names.ts';
import { createToken, hashToken } from '../../domain/token.ts';
import type { TokenLookup } from '../../wire/auth-shapes.ts';
import { claimCreation } from '../cloud/creation.ts';
import type { Records, TokenRecord, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { type Caller, policyNamesOf } from '../vault-access.ts';
import { forgetToken, noteTokenEnd } from './endings.ts';
import { givenPolicies, isRoot } from './given-policies.ts';
import { lineageOf, maxGenerations } from './lineage.ts';

export type AnyToken = TokenRecord | VaultTokenRecord;

export interface NewVaultToken {
  readonly id?: string | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly ttl?: string | undefined;
  readonly explicit_max_ttl?: string | undefined;
  readonly display_name?: string | undefined;
  readonly renewable?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly no_parent?: boolean | undefined;
}

export interface MadeToken {
  readonly record: VaultTokenRecord;
  /** Null when a repeated request answers a token made before. */
  readonly plaintext: string | null;
  /** When it or the first of its ancestors ends. Milliseconds; `null`: never. */
  readonly expiresAtMs: number | null;
}

export interface Making {
  readonly nowMs: number;
  readonly random: (count: number) => Buffer;
}

/** Pairs of a token's metadata, and bytes of all of them as JSON: tokens in use stay in memory. */
const maxMetadata = 64;
const maxMetadataBytes = 8192;

/**
 * A child of the caller's token.
 * @throws BAD_REQUEST, UNAUTHORIZED (the caller's token has ended meanwhile), FORBIDDEN, CONFLICT
 */
export async function createChildToken(
  transaction: Transaction,
  records: Records,
  caller: Caller,
  body: NewVaultToken,
  making: Making,
): Promise<MadeToken> {
  const { nowMs } = making;
  const { display_name: name = 'token', renewable = true, metadata = {}, no_parent: orphan = false } = body;
  if (orphan && !isRoot(caller)) throw new ZvaultError('FORBIDDEN', 'only root makes tokens without a parent');
  const policies = givenPolicies(caller, body.policies ?? ['default']);
  refuse(nameProblem(name));
  checkMetadata(metadata);
  const most = body.explicit_max_ttl === undefined ? null : nowMs + parseDurationSeconds(body.explicit_max_ttl) * 1000;
  const asked = body.ttl === undefined ? null : nowMs + parseDurationSeconds(body.ttl) * 1000;
  // It may have been revoked since the request was authorised.
  const parentToken = await requireToken(transaction, records, caller.token.hash, nowMs);
  const parent = await lineageOf(transaction, records, parentToken, nowMs);
  if (!orphan && parent.generations >= maxGenerations) {
    throw new ZvaultError('BAD_REQUEST', `a token has at most ${maxGenerations - 1} ancestors`, {
      hint: 'make it with a token that is nearer to the first',
    });
  }
  const { id: _id, metadata: _metadata, ...texts } = body;
  const { id, repeated } = await claimCreation(transaction, {
    kind: 'vault-token',
    place: caller.token.id,
    body: { ...texts, id: body.id, metadata: JSON.stringify(metadata) },
    at: keys.tokenById,
  });
  const untilParents = (expiresAt: number | null): number | null =>
    orphan ? expiresAt : earlier(expiresAt, parent.expiresAtMs);
  if (repeated) {
    const record = await tokenOfId(transaction, records, id);
    return { record, plaintext: null, expiresAtMs: untilParents(record.expires_at) };
  }
  const made = await storeToken(transaction, records, making, {
    id,
    policies,
    display_name: name,
    metadata,
    renewable,
    expires_at: earlier(asked, most),
    expires_at_most: most,
    parent: orphan ? null : caller.token.hash,
    created_by: caller.actor,
  });
  return { ...made, expiresAtMs: untilParents(made.record.expires_at) };
}

type TokenFields = Omit<VaultTokenRecord, 'id' | 'kind' | 'hash' | 'created_at' | 'revoked_at'> & {
  readonly id?: string;
};

/** Also for log-ins, whose tokens have no parent. */
export async function storeToken(
  transaction: Transaction,
  records: Records,
  { nowMs, random }: Making,
  fields: TokenFields,
): Promise<{ record: VaultTokenRecord; plaintext: string }> {
  const plaintext = createToken('vault', random);
  const hash = hashToken(plaintext);
  const record: VaultTokenRecord = {
    ...fields,
    id: fields.id ?? randomUUID(),
    kind: 'vault',
    hash,
    created_at: nowMs,
    revoked_at: null,
  };
  await records.write(transaction, keys.token(hash), record);
  await transaction.put(keys.tokenById(record.id), hash);
  if (record.parent !== null) await transaction.put(keys.childToken(record.parent, hash), '');
  await noteTokenEnd(transaction, record, null);
  return { record, plaintext };
}

/** The record of a token that is valid now, of whatever kind. @throws UNAUTHORIZED */
export async function requireToken(reader: Reader, records: Records, hash: string, nowMs: number): Promise<AnyToken> {
  const record = await records.read<AnyToken>(reader, keys.token(hash));
  if (!record || record.revoked_at !== null || (record.expires_at !== null && record.expires_at <= nowMs)) {
    throw new ZvaultError('UNAUTHORIZED', 'the token is unknown, revoked or expired');
  }
  await lineageOf(reader, records, record, nowMs);
  return record;
}

/**
 * Sets the end of a token to `increment` from now, but not beyond its maximum.
 * @throws UNAUTHORIZED, BAD_REQUEST when it can't be renewed
 */
export async function renewToken(
  transaction: Transaction,
  records: Records,
  hash: string,
  increment: string,
  nowMs: number,
): Promise<VaultTokenRecord> {
  const record = await requireToken(transaction, records, hash, nowMs);
  const wanted = nowMs + parseDurationSeconds(increment) * 1000;
  if (record.kind !== 'vault' || !record.renewable) throw new ZvaultError('BAD_REQUEST', 'the token is not renewable');
  if (record.expires_at_most !== null && record.expires_at_most <= nowMs) {
    throw new ZvaultError('BAD_REQUEST', 'the token has reached its maximum time');
  }
  const renewed = { ...record, expires_at: earlier(wanted, record.expires_at_most) };
  await records.write(transaction, keys.token(hash), renewed);
  await noteTokenEnd(transaction, renewed, record.expires_at);
  return renewed;
}

/**
 * Ends a token and all that descend from it. A token that is not there changes nothing. Service tokens stay in the list of
 * their project, as revoked.
 */
export async function revokeToken(
  transaction: Transaction,
  records: Records,
  hash: string,
  nowMs: number,
): Promise<AnyToken | undefined> {
  const record = await records.read<AnyToken>(transaction, keys.token(hash));
  if (!record || record.revoked_at !== null) return undefined;
  if (record.kind === 'service') {
    await records.write(transaction, keys.token(hash), { ...record, revoked_at: nowMs });
    return record;
  }
  await forgetToken(transaction, record, nowMs);
  return record;
}

/** What look-ups and renewals tell of a token. */
export async function tokenReply(
  reader: Reader,
  records: Records,
  token: AnyToken,
  nowMs: number,
): Promise<TokenLookup> {
  const { expiresAtMs } = await lineageOf(reader, records, token, nowMs);
  const isVault = token.kind === 'vault';
  return {
    token_hash: token.hash,
    policies: [...policyNamesOf(token)],
    display_name: isVault ? token.display_name : token.name,
    renewable: isVault && token.renewable,
    created_at: formatVaultTimestamp(token.created_at),
    expires_at: expiresAtMs === null ? null : formatVaultTimestamp(expiresAtMs),
    id: token.id,
    type: token.kind,
    ttl: secondsLeft(expiresAtMs, nowMs),
    max_expires_at: isVault && token.expires_at_most !== null ? formatVaultTimestamp(token.expires_at_most) : null,
    metadata: isVault ? { ...token.metadata } : {},
  };
}

/** Whole seconds; `null`: it never ends. */
export function secondsLeft(expiresAtMs: number | null, nowMs: number): number | null {
  return expiresAtMs === null ? null : Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000));
}

async function tokenOfId(reader: Reader, records: Records, id: string): Promise<VaultTokenRecord> {
  const hash = (await reader.get(keys.tokenById(id)))?.value.toString();
  const record = hash === undefined ? undefined : await records.read<AnyToken>(reader, keys.token(hash));
  if (record?.kind === 'vault') return record;
  throw new ZvaultError('CONFLICT', 'what this id made has been revoked or has ended since', {
    hint: 'make a new UUID for each token',
  });
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(metadata);
  if (pairs.length > maxMetadata) throw new ZvaultError('BAD_REQUEST', `metadata takes at most ${maxMetadata} pairs`);
  for (const [name, text] of pairs) {
    refuse(nameProblem(name));
    refuse(textProblem(text));
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > maxMetadataBytes)
    throw new ZvaultError('BAD_REQUEST', `metadata takes at most ${maxMetadataBytes} bytes`);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
