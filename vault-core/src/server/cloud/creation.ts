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

export interface CreationClaim {
  /** What is made, and the id of what it is made in. */
  readonly kind: string;
  readonly place: string;
  /** The fields that make the object what it is: texts, lists of texts, `null`. Others of the request don't count. */
  readonly body: { readonly id?: string | undefined } & Readonly<Record<string, unknown>>;
  /** Where the record of an object of that id rests. */
  readonly at: (id: string) => string;
}

/**
 * Claims the id for a new object.
 * @throws CONFLICT when the id made something else, or is that of an object whose id the server made
 */
export async function claimCreation(
  transaction: Transaction,
  { kind, place, body, at }: CreationClaim,
): Promise<Creation> {
  if (body.id === undefined) return { id: randomUUID(), repeated: false };
  const id = body.id.toLowerCase();
  const digest = createHash('sha256')
    .update(`${kind}\n${place}\n${canonical({ ...body, id })}`)
    .digest('hex');
  const key = keys.creation(id);
  const known = await transaction.get(key);
  if (known?.value.toString() === digest) return { id, repeated: true };
  // Without the second look, whoever knows the id of somebody else's object could write his own over it.
  if (known || (await transaction.get(at(id)))) {
    throw new ZvaultError('CONFLICT', 'the id has been used for something else', {
      hint: 'make a new UUID for each object',
    });
  }
  await transaction.put(key, digest);
  return { id, repeated: false };
}

/** What an earlier request made, for the answer to its repetition. @throws CONFLICT when it has been deleted since */
export function madeBefore<T extends object>(record: T | undefined): T {
  if (record && !('deleted_at' in record && record.deleted_at !== null)) return record;
  throw new ZvaultError('CONFLICT', 'what this id made has been deleted since', {
    hint: 'make a new UUID for each object',
  });
}

/** JSON with sorted members; creating bodies hold no secret values. */
function canonical(body: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(body).filter(([, part]) => part !== undefined);
  return JSON.stringify(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}
