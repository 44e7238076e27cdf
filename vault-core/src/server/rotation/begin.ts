// New keys, in one transaction: from its commit on, everything that is written is encrypted under them.

import { randomBytes, randomUUID } from 'node:crypto';
import type { Rotatable } from '../../wire/words.ts';
import { rewrapSlot } from '../crypto/slots.ts';
import { type KeyOwner, type Keyring, currentKeyPrefix } from '../keyring.ts';
import { requireSealConfig, writeSealConfig } from '../seal/config.ts';
import type { Transaction } from '../store/store.ts';
import { type RotationState, readRotation, writeRotation } from './state.ts';

/** How long a server that did not look may still find its way from the former root key to the present one. */
const linkMs = 600_000;

/** @throws CONFLICT when the root key can't be wrapped for a slot of the first format; nothing is changed then */
export async function beginRotation(
  transaction: Transaction,
  keyring: Keyring,
  what: readonly Rotatable[],
  nowMs: number,
): Promise<RotationState> {
  const before = await readRotation(transaction);
  if (what.includes('root')) await rotateRoot(transaction, keyring);
  const retired: { id: string; owner: KeyOwner }[] = [];
  for (const { key, value } of await transaction.scan({ prefix: currentKeyPrefix })) {
    const owner = key.slice(currentKeyPrefix.length) as KeyOwner;
    if (!isMeant(owner, what)) continue;
    await keyring.create(transaction, owner);
    retired.push({ id: value.toString(), owner });
  }
  const unlinkAt = what.includes('root') ? nowMs + linkMs : (before?.unlink_at ?? null);
  const retiring = [...(before?.retiring ?? []), ...retired];
  const state: RotationState = {
    id: randomUUID(),
    what: [...what],
    started_at: nowMs,
    finished_at: retiring.length === 0 ? nowMs : null,
    retiring,
    kept: [],
    cursor: null,
    total: 0,
    scanned: 0,
    found: 0,
    reencrypted: 0,
    erased: 0,
    erase_at: null,
    unlink_at: unlinkAt,
    worker: null,
    worker_until: 0,
  };
  await writeRotation(transaction, state);
  return state;
}

async function rotateRoot(transaction: Transaction, keyring: Keyring): Promise<void> {
  const config = await requireSealConfig(transaction);
  const next = { id: randomUUID(), bytes: randomBytes(32) };
  const from = await keyring.root(transaction);
  const slots = config.slots.map((slot) => rewrapSlot(slot, from, next));
  await keyring.replaceRoot(transaction, next);
  await writeSealConfig(transaction, { ...config, root_id: next.id, slots });
}

function isMeant(owner: KeyOwner, what: readonly Rotatable[]): boolean {
  if (owner === 'system') return what.includes('system');
  if (owner.startsWith('org/')) return what.includes('organizations');
  return owner.startsWith('mount/') && what.includes('mounts');
}
