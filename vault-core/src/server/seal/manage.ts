// Changing the ways into a vault that is open: new shares, further slots, slots that go. Everything here runs in a transaction, and
// reads what it changes there: a rotation of the root key may come between.
//
// A secret that is made here is lost if its answer is. So what it replaces stays until the answer has left: after a crash, or when
// the asker is gone, the old secret opens the vault, or both do, but never neither.

import { randomBytes } from 'node:crypto';
import { formatTimestamp } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import type { KeySlotInfo } from '../../wire/seal-shapes.ts';
import { createRecoverySecret, formatRecoveryCode } from '../crypto/recovery-code.ts';
import { splitSecret } from '../crypto/shamir.ts';
import {
  type KeySlot,
  type StretchedPassphrase,
  createKeySlot,
  createPassphraseSlot,
  createRecoverySlot,
  createShamirSlot,
} from '../crypto/slots.ts';
import type { Keyring } from '../keyring.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type SealConfig, readSealConfig, requireSealConfig, withoutReplaced, writeSealConfig } from './config.ts';
import { requireShares } from './way-in.ts';

/** Slots of one vault: each costs an unsealer one attempt. */
const maxSlots = 20;

/** What an administrator may know of a slot. */
export function slotInfo(slot: KeySlot): KeySlotInfo {
  return {
    id: slot.id,
    kind: slot.kind,
    created_at: formatTimestamp(slot.created_at),
    shares: slot.kind === 'shamir' ? slot.shares : null,
    threshold: slot.kind === 'shamir' ? slot.threshold : null,
    rotatable: slot.escrow !== undefined,
    replaced_by: slot.replaced_by ?? null,
  };
}

/**
 * New shares for the same root key, in exchange for enough of the present ones.
 * @throws BAD_REQUEST for too few or wrong shares
 */
export async function rekey(
  transaction: Transaction,
  keyring: Keyring,
  asked: { shares: number; threshold: number; current: readonly Buffer[] },
  nowMs: number,
): Promise<{ slot: KeySlot; shares: string[] }> {
  const config = await requireSealConfig(transaction);
  requireShares(config, asked.current);
  const shareKey = randomBytes(32);
  const parts = splitSecret(shareKey, asked.shares, asked.threshold);
  const slot = createShamirSlot(await keyring.root(transaction), shareKey, asked.shares, asked.threshold, nowMs);
  shareKey.fill(0);
  const replaced = config.slots.filter(({ kind }) => kind === 'shamir').map(({ id }) => id);
  await addSlot(transaction, config, slot, replaced);
  const shares = parts.map((part) => part.toString('base64'));
  for (const part of parts) part.fill(0);
  return { slot, shares };
}

export type NewSlot =
  | { readonly kind: 'passphrase'; readonly stretched: StretchedPassphrase }
  | { readonly kind: 'recovery' }
  | { readonly kind: 'key' };

/** @throws NOT_FOUND (what it should replace), CONFLICT (too many) */
export async function createSlot(
  transaction: Transaction,
  keyring: Keyring,
  asked: NewSlot,
  replaces: string | undefined,
  nowMs: number,
): Promise<{ slot: KeySlot; recovery_code?: string; key?: string }> {
  const config = await requireSealConfig(transaction);
  if (replaces !== undefined) requireSlot(config, replaces);
  const root = await keyring.root(transaction);
  const replaced = replaces === undefined ? [] : [replaces];
  if (asked.kind === 'passphrase') {
    const slot = createPassphraseSlot(root, asked.stretched, nowMs);
    await addSlot(transaction, config, slot, replaced);
    return { slot };
  }
  const secret = asked.kind === 'key' ? randomBytes(32) : createRecoverySecret();
  const slot = asked.kind === 'key' ? createKeySlot(root, secret, nowMs) : createRecoverySlot(root, secret, nowMs);
  await addSlot(transaction, config, slot, replaced);
  const text = asked.kind === 'key' ? secret.toString('base64url') : formatRecoveryCode(secret);
  secret.fill(0);
  return asked.kind === 'key' ? { slot, key: text } : { slot, recovery_code: text };
}

/** @throws NOT_FOUND, CONFLICT (the last way in) */
export async function removeSlot(transaction: Transaction, id: string): Promise<KeySlot> {
  const config = await requireSealConfig(transaction);
  const slot = requireSlot(config, id);
  const slots = config.slots.filter((one) => one !== slot).map((one) => (one.replaced_by === id ? freed(one) : one));
  if (slots.length === 0) {
    throw new ZvaultError('CONFLICT', 'this is the last way into the vault', { hint: 'add another one first' });
  }
  await writeSealConfig(transaction, { ...config, slots });
  return slot;
}

/** The answer with the new secret has left: what it replaces goes. */
export async function confirmSlot(store: Store, id: string): Promise<void> {
  await store.transaction(async (transaction) => {
    const config = await readSealConfig(transaction);
    // Removed meanwhile, or the vault is another one by now.
    if (!config?.slots.some((slot) => slot.id === id)) return;
    const left = withoutReplaced(config, id);
    if (left !== config) await writeSealConfig(transaction, left);
  });
}

async function addSlot(
  transaction: Transaction,
  config: SealConfig,
  slot: KeySlot,
  replaced: readonly string[],
): Promise<void> {
  const slots = config.slots.map((one) => (replaced.includes(one.id) ? { ...one, replaced_by: slot.id } : one));
  if (slots.length >= maxSlots) {
    throw new ZvaultError('CONFLICT', `the vault has ${slots.length} key slots, and more would slow unsealing down`, {
      hint: 'remove those that nobody uses',
    });
  }
  await writeSealConfig(transaction, { ...config, slots: [...slots, slot] });
}

function requireSlot(config: SealConfig, id: string): KeySlot {
  const slot = config.slots.find((one) => one.id === id.toLowerCase());
  if (!slot) throw new ZvaultError('NOT_FOUND', `there is no key slot ${id}`);
  return slot;
}

function freed(slot: KeySlot): KeySlot {
  const { replaced_by: _replacedBy, ...rest } = slot;
  return rest;
}
