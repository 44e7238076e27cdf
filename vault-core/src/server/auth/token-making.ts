// Tokens of the vault API come to be: as the child of another, or by a log-in. Only the SHA-256 of a token is kept.

import { randomUUID } from 'node:crypto';
import { parseDurationSeconds } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { nameProblem, refuse, textProblem } from '../../domain/names.ts';
import { createToken, hashToken } from '../../domain/token.ts';
import { claimCreation } from '../cloud/creation.ts';
import type { Records, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import type { Caller } from '../vault-access.ts';
import { noteTokenEnd } from './endings.ts';
import { givenPolicies, isRoot } from './given-policies.ts';
import { earlierEnd, lineageOf, maxGenerations } from './lineage.ts';
import { type AnyToken, requireToken } from './vault-tokens.ts';

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
    orphan ? expiresAt : earlierEnd(expiresAt, parent.expiresAtMs);
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
    expires_at: earlierEnd(asked, most),
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
