// Answers whether lines of the log are as they were written. Who asks sends no lines, only their ids, digests and MACs.

import { timingSafeEqual } from 'node:crypto';
import { Hmac } from '../crypto/hmac.ts';
import type { Store } from '../store/store.ts';
import type { AuditChain } from './chain.ts';
import { storedHeads } from './recovery.ts';

/** What is asked of a line; `digest` as domain/audit/line.ts has it. */
interface LineClaim {
  readonly chain: string;
  readonly id: string;
  readonly digest: string;
  readonly mac: string;
}

export interface VerifyRequest {
  /** Answer the last lines of all chains too. */
  readonly heads: boolean;
  readonly lines: readonly LineClaim[];
}

export interface VerifyReply {
  /** Ids of lines whose MAC does not belong to their digest. */
  readonly wrong: readonly string[];
  /** Chains that this vault has no key of. */
  readonly unknown: readonly string[];
  readonly heads?: readonly {
    readonly chain: string;
    readonly seq: number;
    readonly mac: string;
    readonly path: string | null;
    readonly at: number;
  }[];
}

export const chainKeyPrefix = 'audit/chain/';
export const chainKeyAddress = (chain: string): string => chainKeyPrefix + chain;

/** @throws SEALED */
export async function verifyMacs(
  request: VerifyRequest,
  vault: {
    readonly store: Store;
    readonly unwrapKey: ((wrapped: Buffer, address: string) => Promise<Buffer>) | undefined;
    readonly live: AuditChain;
  },
): Promise<VerifyReply> {
  const macs = new Map<string, Hmac | undefined>();
  const wrong: string[] = [];
  for (const { chain, id, digest, mac } of request.lines) {
    if (!macs.has(chain)) macs.set(chain, await chainHmac(chain, vault));
    const hmac = macs.get(chain);
    if (hmac && !timingSafeEqual(hmac.digest(digest), Buffer.from(mac, 'hex'))) wrong.push(id);
  }
  for (const hmac of macs.values()) hmac?.zero();
  const unknown = [...macs].filter(([, hmac]) => hmac === undefined).map(([chain]) => chain);
  if (!request.heads) return { wrong, unknown };
  const heads = (await storedHeads(vault.store)).map(({ chain, seq, mac, path, at }) => ({
    chain,
    seq,
    mac,
    path: path ?? null,
    at,
  }));
  return { wrong, unknown, heads };
}

async function chainHmac(
  chain: string,
  { store, unwrapKey, live }: Parameters<typeof verifyMacs>[1],
): Promise<Hmac | undefined> {
  if (chain === live.id) return new Hmac(live.key);
  const address = chainKeyAddress(chain);
  const wrapped = await store.get(address);
  if (!wrapped || !unwrapKey) return undefined;
  const key = await unwrapKey(wrapped.value, address);
  try {
    return new Hmac(key);
  } finally {
    key.fill(0);
  }
}
