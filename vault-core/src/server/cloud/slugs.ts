// Slugs of projects and environments. A renamed object keeps its old slugs: they go on resolving, and no other object can
// take them while it lives. Deleting it frees them all; restoring it takes them back.

import { ZvaultError } from '../../domain/errors.ts';
import type { Transaction } from '../store/store.ts';

/** Where the slugs of one object rest. */
export interface SlugSpace {
  /** slug → id, among the objects of one parent. */
  readonly bySlug: (slug: string) => string;
  /** Every slug that this object has or had. */
  readonly ownPrefix: string;
}

/** @throws CONFLICT when another object has or had the slug */
export async function takeSlug(transaction: Transaction, space: SlugSpace, id: string, slug: string): Promise<void> {
  const holder = await transaction.get(space.bySlug(slug));
  if (holder && holder.value.toString() !== id) {
    throw new ZvaultError('CONFLICT', 'that slug is taken, or was the slug of an object that still exists');
  }
  await transaction.put(space.bySlug(slug), id);
  await transaction.put(space.ownPrefix + slug, '');
}

/** Frees all slugs, remembering them for a restore. */
export async function freeSlugs(transaction: Transaction, space: SlugSpace): Promise<void> {
  for (const slug of await ownSlugs(transaction, space)) await transaction.delete(space.bySlug(slug));
}

/**
 * Takes the slugs back. Old ones that somebody else has taken meanwhile are given up.
 * @throws CONFLICT when the present slug is taken
 */
export async function retakeSlugs(
  transaction: Transaction,
  space: SlugSpace,
  id: string,
  present: string,
): Promise<void> {
  await takeSlug(transaction, space, id, present);
  for (const slug of await ownSlugs(transaction, space)) {
    if (slug === present) continue;
    if (await transaction.get(space.bySlug(slug))) await transaction.delete(space.ownPrefix + slug);
    else await transaction.put(space.bySlug(slug), id);
  }
}

async function ownSlugs(transaction: Transaction, { ownPrefix }: SlugSpace): Promise<string[]> {
  const entries = await transaction.scan({ prefix: ownPrefix });
  return entries.map(({ key }) => key.slice(ownPrefix.length));
}
