// What rests at `sys/seal`, in clear: the key slots, which say nothing without their secrets, and the id of the root key in them.

import { ZvaultError } from '../../domain/errors.ts';
import type { KeySlot, ShamirSlot } from '../crypto/slots.ts';
import type { Reader, Transaction } from '../store/store.ts';

export interface SealConfig {
  readonly format: 2;
  /** Of the root key that all slots wrap. */
  readonly root_id: string;
  readonly slots: readonly KeySlot[];
}

export const sealConfigKey = 'sys/seal';

/** Of every root key in the first format, which did not tell them apart. */
export const firstRootKeyId = '00000000-0000-4000-8000-000000000001';

/** @throws UNAVAILABLE for a newer format */
export function parseSealConfig(text: string): SealConfig {
  const stored = JSON.parse(text) as { format: number; root_id?: string; slots: KeySlot[] };
  if (stored.format !== 1 && stored.format !== 2) {
    throw new ZvaultError('UNAVAILABLE', `the key slots have format ${stored.format}, newer than this version knows`, {
      hint: 'run the newer zvault',
    });
  }
  return { format: 2, root_id: stored.root_id ?? firstRootKeyId, slots: stored.slots };
}

/** `undefined` before the vault is initialized. */
export async function readSealConfig(reader: Reader): Promise<SealConfig | undefined> {
  const entry = await reader.get(sealConfigKey);
  return entry && parseSealConfig(entry.value.toString());
}

/** @throws NOT_INITIALIZED */
export async function requireSealConfig(reader: Reader): Promise<SealConfig> {
  const config = await readSealConfig(reader);
  if (!config) throw new ZvaultError('NOT_INITIALIZED', 'the vault is not initialized', { hint: 'run "zvault init"' });
  return config;
}

export async function writeSealConfig(transaction: Transaction, config: SealConfig): Promise<void> {
  await transaction.put(sealConfigKey, JSON.stringify(config));
}

export function shamirSlots(config: Pick<SealConfig, 'slots'>): ShamirSlot[] {
  return config.slots.filter((slot) => slot.kind === 'shamir');
}

/** Without the slots that this one replaces. The same object when there are none. */
export function withoutReplaced(config: SealConfig, slotId: string): SealConfig {
  const slots = config.slots.filter((slot) => slot.replaced_by !== slotId);
  return slots.length === config.slots.length ? config : { ...config, slots };
}
