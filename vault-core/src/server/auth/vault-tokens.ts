// Tokens of the vault API, once they are there: looked up, renewed, revoked.

import { formatVaultTimestamp, parseDurationSeconds } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import type { TokenLookup } from '../../wire/auth-shapes.ts';
import type { Records, TokenRecord, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { policyNamesOf } from '../vault-access.ts';
import { forgetToken, noteTokenEnd } from './endings.ts';
import { earlierEnd, lineageOf } from './lineage.ts';

export type AnyToken = TokenRecord | VaultTokenRecord;

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
  const renewed = { ...record, expires_at: earlierEnd(wanted, record.expires_at_most) };
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
