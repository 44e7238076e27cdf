// A vault token lives no longer than the tokens that it descends from. Nothing is done to its descendants when a token is
// revoked or ends: each of them, when it is used, asks for its ancestors. So revoking one of thousands of tokens' common
// parent is one write, and counts at once, on every server. What is left of the descendants is erased later (endings.ts).

import { ZvaultError } from '../../domain/errors.ts';
import type { Records, TokenRecord, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader } from '../store/store.ts';

/** Tokens made by tokens made by … : each use of the last asks for all of them. */
export const maxGenerations = 32;

export interface Lineage {
  /** When the first of the token and its ancestors ends; `null`: never. Milliseconds. */
  readonly expiresAtMs: number | null;
  /** 1 for a token without ancestors. */
  readonly generations: number;
}

/** @throws UNAUTHORIZED when an ancestor is gone, revoked, or has ended */
export async function lineageOf(
  reader: Reader,
  records: Records,
  token: TokenRecord | VaultTokenRecord,
  nowMs: number,
): Promise<Lineage> {
  let expiresAtMs = token.expires_at;
  let generations = 1;
  let parent = parentOf(token);
  while (parent !== null) {
    const ancestor = await records.read<TokenRecord | VaultTokenRecord>(reader, keys.token(parent));
    if (!ancestor || ancestor.revoked_at !== null) throw ended();
    if (ancestor.expires_at !== null && ancestor.expires_at <= nowMs) throw ended();
    expiresAtMs = earlierEnd(expiresAtMs, ancestor.expires_at);
    generations += 1;
    parent = parentOf(ancestor);
  }
  return { expiresAtMs, generations };
}

function parentOf(token: TokenRecord | VaultTokenRecord): string | null {
  return token.kind === 'vault' ? token.parent : null;
}

function ended(): ZvaultError {
  return new ZvaultError('UNAUTHORIZED', 'the token has ended with the token that created it', {
    hint: 'create a new one',
  });
}

/** The earlier of two ends; `null`: never. */
export function earlierEnd(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
