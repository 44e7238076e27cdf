// A new root token for those who can open the vault: when the old one is lost, or was never kept.

import { timingSafeEqual } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { forgetToken } from '../auth/endings.ts';
import type { Keyring } from '../keyring.ts';
import type { Records, TokenRecord, VaultTokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { requireSealConfig } from './config.ts';
import { type WayIn, forget, openWith, requireEnough } from './way-in.ts';

/** Tokens read at once when the root tokens among them are looked for. */
const pageSize = 500;

/** @throws BAD_REQUEST unless it opens the vault */
export async function requireWayIn(reader: Reader, keyring: Keyring, way: WayIn): Promise<void> {
  const config = await requireSealConfig(reader);
  if (way.kind === 'shamir') requireEnough(config, way.shares.length);
  const opened = await openWith(config, way);
  forget(way);
  const root = await keyring.root(reader);
  const same = opened !== undefined && timingSafeEqual(opened.root.bytes, root.bytes);
  opened?.root.bytes.fill(0);
  opened?.wrappingKey.fill(0);
  if (!same) throw new ZvaultError('BAD_REQUEST', 'what was given does not open this vault');
}

/** Revokes every root token, those that only have the policy `root` too, and returns how many they were. */
export async function revokeRootTokens(transaction: Transaction, records: Records, nowMs: number): Promise<number> {
  const prefix = keys.token('');
  let after: string | undefined;
  let revoked = 0;
  for (;;) {
    const page = await transaction.scan({ prefix, limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const { key, value } of page) {
      const token = await records.open<TokenRecord | VaultTokenRecord>(transaction, key, value);
      if (token.revoked_at !== null) continue;
      if (token.kind === 'root') await records.write(transaction, key, { ...token, revoked_at: nowMs });
      else if (token.kind === 'vault' && token.policies.includes('root')) await forgetToken(transaction, token, nowMs);
      else continue;
      revoked += 1;
    }
    after = page.at(-1)?.key;
    if (page.length < pageSize) return revoked;
  }
}
