// What is known of the rotation of keys: at `sys/rotation`, in clear, so that another server or the next start goes on with it.

import { formatTimestamp } from '../../domain/duration.ts';
import type { RotationStatus } from '../../wire/seal-shapes.ts';
import type { Rotatable } from '../../wire/words.ts';
import type { KeyOwner } from '../keyring.ts';
import type { Reader, Transaction } from '../store/store.ts';

export interface RotationState {
  readonly id: string;
  readonly what: readonly Rotatable[];
  readonly started_at: number;
  readonly finished_at: number | null;
  /** Keys that are not current any more and still exist. */
  readonly retiring: readonly { readonly id: string; readonly owner: KeyOwner }[];
  /** Ids of those that stand in an entry which can't be encrypted again. */
  readonly kept: readonly string[];
  /** The last store key that was looked at in this pass. */
  readonly cursor: string | null;
  readonly total: number;
  readonly scanned: number;
  /** Entries encrypted again in this pass: as long as there are any, another pass follows. */
  readonly found: number;
  readonly reencrypted: number;
  readonly erased: number;
  /** From when on the keys that nothing names may be erased. */
  readonly erase_at: number | null;
  /** From when on the way from the former root keys to the present one is erased. */
  readonly unlink_at: number | null;
  /** The server that works, and until when it may without saying so again. */
  readonly worker: string | null;
  readonly worker_until: number;
}

export const rotationKey = 'sys/rotation';

export async function readRotation(reader: Reader): Promise<RotationState | undefined> {
  const entry = await reader.get(rotationKey);
  return entry && (JSON.parse(entry.value.toString()) as RotationState);
}

export async function writeRotation(transaction: Transaction, state: RotationState): Promise<void> {
  await transaction.put(rotationKey, JSON.stringify(state));
}

export function rotationStatus(state: RotationState | undefined): RotationStatus {
  if (!state) {
    return {
      state: 'none',
      id: null,
      what: [],
      started_at: null,
      finished_at: null,
      keys: 0,
      total: 0,
      scanned: 0,
      reencrypted: 0,
      erased: 0,
      kept: 0,
    };
  }
  return {
    state: state.finished_at === null ? 'running' : 'done',
    id: state.id,
    what: [...state.what],
    started_at: formatTimestamp(state.started_at),
    finished_at: state.finished_at === null ? null : formatTimestamp(state.finished_at),
    keys: state.retiring.length,
    total: state.total,
    scanned: state.scanned,
    reencrypted: state.reencrypted,
    erased: state.erased,
    kept: state.kept.length,
  };
}
