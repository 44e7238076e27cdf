// What is erased when its time is over: tokens that have ended and what descends from them, secret ids, and the marks of
// identity tokens that have logged in. The sweeper calls here; nothing of this decides whether something is still valid.

import type { Records, TokenRecord, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Store, Transaction } from '../store/store.ts';

/** What has ended stays so long: a clock that jumped ahead by a mistake must not erase what is valid. */
const graceMs = 86_400_000;
/** Entries erased in one transaction: writers wait for no more than that. */
const batchSize = 500;

const small = ['token', 'entry'] as const;
const large = ['descendants', 'secretids'] as const;
type Small = (typeof small)[number];
type Large = (typeof large)[number];
type AnyToken = TokenRecord | VaultTokenRecord;

/** Notes when a token may be erased; `before`: the end that it had until now. */
export async function noteTokenEnd(transaction: Transaction, token: AnyToken, before: number | null): Promise<void> {
  if (before !== null) await transaction.delete(expiryOf(before, 'token', token.hash));
  if (token.expires_at !== null) await note(transaction, expiryOf(token.expires_at, 'token', token.hash));
}

/** The entry at `key` can be erased from `endMs` on. */
export function noteEntryEnd(transaction: Transaction, key: string, endMs: number): Promise<void> {
  return note(transaction, expiryOf(Math.ceil(endMs), 'entry', key));
}

/** The secret ids of an AppRole that is gone can be erased. */
export function noteSecretIds(transaction: Transaction, appRoleId: string, nowMs: number): Promise<void> {
  return note(transaction, keys.expiry(nowMs, `secretids/${appRoleId}`));
}

/** Erases what is kept of a token. What descends from it misses an ancestor from then on, and is erased by the sweeper. */
export async function forgetToken(transaction: Transaction, token: AnyToken, nowMs: number): Promise<void> {
  const { hash, id } = token;
  await transaction.delete(keys.token(hash));
  await transaction.delete(keys.tokenById(id));
  if (token.expires_at !== null) await transaction.delete(expiryOf(token.expires_at, 'token', hash));
  if (token.kind === 'service') {
    await transaction.delete(keys.tokenOfProject(token.project_id, id));
    await transaction.delete(keys.tokenUse(id));
    return;
  }
  if (token.kind === 'vault' && token.parent !== null) await transaction.delete(keys.childToken(token.parent, hash));
  const children = await transaction.scan({ prefix: keys.childTokenPrefix(hash), limit: 1 });
  // A moment ago, so that the sweep that is under way comes by.
  if (children.length > 0) await note(transaction, keys.expiry(nowMs - 1, `descendants/${hash}`));
}

function expiryOf(endMs: number, kind: Small, rest: string): string {
  return keys.expiry(endMs + graceMs, `${kind}/${rest}`);
}

async function note(transaction: Transaction, key: string): Promise<void> {
  await transaction.put(key, '');
}

/** Endings of single entries, which the sweeper erases many of in one transaction. */
export function isSmall(kind: string): kind is Small {
  return (small as readonly string[]).includes(kind);
}

/** Endings of any number of entries, each of which takes transactions of its own. */
export function isLarge(kind: string): kind is Large {
  return (large as readonly string[]).includes(kind);
}

/** True if there was something to erase. */
export async function eraseSmall(
  transaction: Transaction,
  records: Records,
  kind: Small,
  rest: string,
  nowMs: number,
): Promise<boolean> {
  if (kind === 'token') return eraseToken(transaction, records, rest, nowMs);
  await transaction.delete(rest);
  return true;
}

/** True if there was something to erase. */
export function eraseLarge(store: Store, records: Records, kind: Large, rest: string, nowMs: number): Promise<boolean> {
  if (kind === 'descendants') return eraseDescendants(store, records, rest, nowMs);
  return eraseBatches(store, keys.secretIdPrefix(rest), async () => undefined);
}

async function eraseToken(transaction: Transaction, records: Records, hash: string, nowMs: number): Promise<boolean> {
  const token = await records.read<AnyToken>(transaction, keys.token(hash));
  // Renewed since.
  if (!token || token.expires_at === null || token.expires_at + graceMs > nowMs) return false;
  await forgetToken(transaction, token, nowMs);
  return true;
}

/** One generation; the next is noted, for the sweeper to come by. */
function eraseDescendants(store: Store, records: Records, parent: string, nowMs: number): Promise<boolean> {
  const prefix = keys.childTokenPrefix(parent);
  return eraseBatches(store, prefix, async (transaction, key) => {
    const child = await records.read<VaultTokenRecord>(transaction, keys.token(key.slice(prefix.length)));
    if (child) await forgetToken(transaction, child, nowMs);
  });
}

async function eraseBatches(
  store: Store,
  prefix: string,
  also: (transaction: Transaction, key: string) => Promise<void>,
): Promise<boolean> {
  for (let erased = false; ; erased = true) {
    const entries = await store.scan({ prefix, limit: batchSize });
    if (entries.length === 0) return erased;
    await store.transaction(async (transaction) => {
      for (const { key } of entries) {
        await also(transaction, key);
        await transaction.delete(key);
      }
    });
  }
}
