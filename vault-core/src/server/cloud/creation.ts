// POSTs that create may be repeated: the client makes the object's id, and the same body again answers the same object.

import { createHash, randomUUID } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { keys } from '../store/keys.ts';
import type { Transaction } from '../store/store.ts';

export interface Creation {
  /** The object's id: the client's, or a new one. */
  readonly id: string;
  /** True when an earlier request with the same id and body made it. */
  readonly repeated: boolean;
}

/**
 * Claims the id for an object of `kind` in `place` (the id of what it is made in).
 * @throws CONFLICT when the id made something else
 */
export async function claimCreation(
  transaction: Transaction,
  kind: string,
  place: string,
  body: { readonly id?: string | undefined },
): Promise<Creation> {
  if (body.id === undefined) return { id: randomUUID(), repeated: false };
  const id = body.id.toLowerCase();
  const digest = createHash('sha256')
    .update(`${kind}\n${place}\n${canonical(body)}`)
    .digest('hex');
  const key = keys.creation(id);
  const known = await transaction.get(key);
  if (known) {
    if (known.value.toString() === digest) return { id, repeated: true };
    throw new ZvaultError('CONFLICT', 'the id has been used for something else', {
      hint: 'make a new UUID for each object',
    });
  }
  await transaction.put(key, digest);
  return { id, repeated: false };
}

/** JSON with sorted keys; creating bodies hold no secret values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(',')}}`;
}
