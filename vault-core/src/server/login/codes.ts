// One-time codes: what a browser carries to the command that waits, worth nothing without the command's verifier. They rest in
// the store, so that any server of the vault can exchange them, encrypted as every record is.

import { hash, timingSafeEqual } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { challengeOf } from '../../domain/sign-in.ts';
import type { PersonRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Transaction } from '../store/store.ts';

/** How long a command may take to come for its token. */
const codeLifetimeMs = 60_000;
/** Codes that wait at the same time. Only who has signed in gets one. */
const maxWaiting = 1000;

/** What a code is exchanged for: the token that was given, or a session that is made then. */
export type Exchange =
  | { readonly kind: 'token'; readonly token: string; readonly expires_at: number | null }
  | { readonly kind: 'session'; readonly person: PersonRecord; readonly policies: readonly string[] };

interface CodeRecord {
  readonly challenge: string;
  /** Milliseconds. */
  readonly code_expires_at: number;
  readonly exchange: Exchange;
}

/** @throws RATE_LIMITED when too many wait */
export async function createCode(
  transaction: Transaction,
  records: Records,
  exchange: Exchange,
  { challenge, nowMs, random }: { challenge: string; nowMs: number; random: (count: number) => Buffer },
): Promise<string> {
  if ((await dropExpired(transaction, records, nowMs)) >= maxWaiting) {
    throw new ZvaultError('RATE_LIMITED', 'too many sign-ins at the same time', {
      hint: 'try again in a minute',
      details: { retryAfterSeconds: 60 },
    });
  }
  const code = random(32).toString('base64url');
  const record: CodeRecord = { challenge, code_expires_at: nowMs + codeLifetimeMs, exchange };
  await records.write(transaction, placeOf(code), record);
  return code;
}

/**
 * Takes the code away, whatever comes of it: a second attempt finds nothing. `undefined` unless it was there, is not too old, and
 * `verifier` is that of its challenge.
 */
export async function redeemCode(
  transaction: Transaction,
  records: Records,
  { code, verifier }: { code: string; verifier: string },
  nowMs: number,
): Promise<Exchange | undefined> {
  const place = placeOf(code);
  const record = await records.read<CodeRecord>(transaction, place);
  if (!record) return undefined;
  await transaction.delete(place);
  return record.code_expires_at > nowMs && isSame(challengeOf(verifier), record.challenge)
    ? record.exchange
    : undefined;
}

/** Returns how many are left. */
export async function dropExpired(transaction: Transaction, records: Records, nowMs: number): Promise<number> {
  let left = 0;
  for (const { key, value } of await transaction.scan({ prefix: keys.loginCodePrefix, limit: maxWaiting })) {
    const { code_expires_at: expiresAtMs } = await records.open<CodeRecord>(transaction, key, value);
    if (expiresAtMs <= nowMs) await transaction.delete(key);
    else left += 1;
  }
  return left;
}

function placeOf(code: string): string {
  return keys.loginCode(hash('sha256', code));
}

export function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
