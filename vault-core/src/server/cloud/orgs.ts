import { ZvaultError } from '../../domain/errors.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { nameProblem, refuse, slugProblem } from '../../domain/names.ts';
import type { Org } from '../../wire/shapes.ts';
import type { Principal } from '../access.ts';
import type { Keyring } from '../keyring.ts';
import type { OrgRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { claimCreation, madeBefore } from './creation.ts';
import { findOrg, visibleOrgIds } from './find.ts';
import { addMember } from './members.ts';

export function orgReply(org: OrgRecord): Org {
  return {
    id: org.id,
    name: org.name,
    slug: org.slug,
    owner_id: org.owner_id,
    tier: org.tier,
    created_at: formatTimestamp(org.created_at),
    updated_at: formatTimestamp(org.updated_at),
  };
}

/**
 * Creates an organisation with a key of its own. A person who creates it becomes its admin.
 * @throws BAD_REQUEST, CONFLICT (the slug is taken)
 */
export async function createOrg(
  transaction: Transaction,
  records: Records,
  keyring: Keyring,
  principal: Exclude<Principal, { kind: 'service' }>,
  body: { id?: string | undefined; name: string; slug: string },
  nowMs: number,
): Promise<OrgRecord> {
  refuse(nameProblem(body.name) ?? slugProblem(body.slug));
  // The creator is part of it: the repetition of somebody else's request is another request.
  const claim = { id: body.id, name: body.name, slug: body.slug };
  const place = `${principal.actor.issuer ?? ''}\n${principal.actor.id}`;
  const { id, repeated } = await claimCreation(transaction, { kind: 'org', place, body: claim, at: keys.org });
  if (repeated) return madeBefore(await records.read<OrgRecord>(transaction, keys.org(id)));
  if (await transaction.get(keys.orgBySlug(body.slug))) throw new ZvaultError('CONFLICT', 'that slug is taken');
  const org: OrgRecord = {
    id,
    name: body.name,
    slug: body.slug,
    owner_id: principal.actor.id,
    tier: 'enterprise',
    created_at: nowMs,
    updated_at: nowMs,
  };
  await keyring.create(transaction, `org/${id}`);
  await records.write(transaction, keys.org(id), org);
  await transaction.put(keys.orgBySlug(org.slug), id);
  if (principal.kind === 'user') {
    const { subject, issuer, email } = principal.identity;
    const member = { email: /^[^\s@]+@[^\s@]+$/.test(email) ? email : '', role: 'admin', user_id: subject } as const;
    await addMember(transaction, records, org, member, nowMs, issuer);
  }
  return org;
}

/** Organisations of the caller, newest first. */
export async function listOrgs(
  reader: Reader,
  records: Records,
  principal: Exclude<Principal, { kind: 'service' }>,
): Promise<OrgRecord[]> {
  const found: OrgRecord[] = [];
  for (const id of await visibleOrgIds(reader, records, principal)) {
    const org = await findOrg(reader, records, id);
    if (org) found.push(org);
  }
  return found.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
}
