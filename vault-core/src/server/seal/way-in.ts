// What somebody presents to open a vault, and which slot it fits.

import { ZvaultError } from '../../domain/errors.ts';
import type { CipherKey } from '../crypto/cipher.ts';
import { parseRecoveryCode } from '../crypto/recovery-code.ts';
import { combineShares } from '../crypto/shamir.ts';
import { type KeySlot, type OpenedSlot, openSlot, parseUnsealKey, unwrapSlot } from '../crypto/slots.ts';
import { type SealConfig, shamirSlots } from './config.ts';

export type SingleSecret =
  | { readonly kind: 'key' | 'recovery'; readonly secret: Buffer }
  | { readonly kind: 'passphrase'; readonly secret: string };

export type WayIn = SingleSecret | { readonly kind: 'shamir'; readonly shares: readonly Buffer[] };

export interface Opened {
  readonly root: CipherKey;
  readonly slot: KeySlot;
  readonly wrappingKey: Buffer;
}

const shareBytes = 33;

/** @throws BAD_REQUEST */
export function parseShare(text: string): Buffer {
  const share = /^[A-Za-z0-9+/]{44}$/.test(text.trim()) ? Buffer.from(text.trim(), 'base64') : Buffer.alloc(0);
  if (share.length !== shareBytes || share[0] === 0)
    throw new ZvaultError('BAD_REQUEST', 'a share is 44 characters of base64');
  return share;
}

/** Each once, in whatever form it was repeated. @throws BAD_REQUEST */
export function parseShares(texts: readonly string[]): Buffer[] {
  return [...new Map(texts.map((text) => [text.trim(), parseShare(text)])).values()];
}

/** The one of these that is given. @throws BAD_REQUEST when it is malformed; `undefined` when there is none */
export function parseSingleSecret(given: {
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly recovery_code?: string | undefined;
}): SingleSecret | undefined {
  if (given.key !== undefined) return { kind: 'key', secret: parseKey(given.key) };
  if (given.recovery_code !== undefined) return { kind: 'recovery', secret: parseRecoveryCode(given.recovery_code) };
  if (given.passphrase !== undefined) return { kind: 'passphrase', secret: given.passphrase };
  return undefined;
}

/** A file of the server is a matter of its settings; here somebody has sent the key. */
function parseKey(text: string): Buffer {
  try {
    return parseUnsealKey(text);
  } catch (error) {
    throw new ZvaultError('BAD_REQUEST', 'the unseal key is not 32 bytes in base64url', { cause: error });
  }
}

/** The root key by the first slot that fits; `undefined` when none does. */
export async function openWith(config: SealConfig, way: WayIn): Promise<Opened | undefined> {
  for (const slot of config.slots) {
    if (slot.kind !== way.kind) continue;
    const opened = way.kind === 'shamir' ? openWithShares(slot, way.shares) : await openSlot(slot, way.secret);
    if (opened) {
      const root = { id: config.root_id, bytes: opened.rootKey };
      return { root, slot, wrappingKey: opened.wrappingKey };
    }
  }
  return undefined;
}

/**
 * The slot of shares that these open, for what must be decided inside a transaction.
 * @throws BAD_REQUEST for too few or wrong ones
 */
export function requireShares(config: SealConfig, shares: readonly Buffer[]): KeySlot {
  requireEnough(config, shares.length);
  for (const slot of shamirSlots(config)) {
    const opened = openWithShares(slot, shares);
    if (!opened) continue;
    opened.rootKey.fill(0);
    opened.wrappingKey.fill(0);
    return slot;
  }
  throw new ZvaultError('BAD_REQUEST', 'the shares are not those of this vault; nothing was changed');
}

/** @throws BAD_REQUEST when no slot takes so few */
export function requireEnough(config: Pick<SealConfig, 'slots'>, count: number): void {
  const slots = shamirSlots(config);
  if (slots.length === 0) throw new ZvaultError('BAD_REQUEST', 'this vault has no key shares');
  const least = Math.min(...slots.map(({ threshold }) => threshold));
  if (count < least) throw new ZvaultError('BAD_REQUEST', `${count} shares were given, ${least} are needed`);
}

function openWithShares(slot: KeySlot, shares: readonly Buffer[]): OpenedSlot | undefined {
  if (slot.kind !== 'shamir' || shares.length < slot.threshold) return undefined;
  return unwrapSlot(slot, combineShares(shares));
}

/** Overwrites what was presented. */
export function forget(way: WayIn): void {
  if (way.kind === 'shamir') for (const share of way.shares) share.fill(0);
  else if (way.kind !== 'passphrase') way.secret.fill(0);
}
