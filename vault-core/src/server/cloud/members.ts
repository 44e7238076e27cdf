// People in an organisation. A person is (issuer, subject): a member is added by subject, and bound to the issuer that first
// vouched for it. A member without a subject is pending and has no rights.

import { ZvaultError } from '../../domain/errors.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { nameProblem, refuse } from '../../domain/names.ts';
import type { Member } from '../../wire/shapes.ts';
import type { Role } from '../../wire/words.ts';
import type { MemberRecord, OrgRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Store, Transaction } from '../store/store.ts';
import { claimCreation, madeBefore } from './creation.ts';

export function memberReply(member: MemberRecord): Member {
  return {
    id: member.id,
    org_id: member.org_id,
    user_id: member.user_id,
    email: member.email,
    role: member.role,
    invited_at: formatTimestamp(member.invited_at),
    accepted_at: member.accepted_at === null ? null : formatTimestamp(member.accepted_at),
  };
}

export async function findMember(
  reader: Reader,
  records: Records,
  orgId: string,
  subject: string,
): Promise<MemberRecord | undefined> {
  const id = await reader.get(keys.memberBySubject(orgId, subject));
  return id && records.read<MemberRecord>(reader, keys.member(orgId, id.value.toString()));
}

/** Binds a member to the issuer of its first log-in; whoever comes first is it. */
export async function bindIssuer(
  store: Store,
  records: Records,
  member: MemberRecord,
  issuer: string,
  nowMs: number,
): Promise<void> {
  const key = keys.member(member.org_id, member.id);
  await store.transaction(async (transaction) => {
    const current = await records.read<MemberRecord>(transaction, key);
    if (!current) throw new ZvaultError('FORBIDDEN', 'no access to this organisation');
    if (current.issuer === issuer) return;
    if (current.issuer !== null) throw new ZvaultError('FORBIDDEN', 'no access to this organisation');
    await records.write(transaction, key, { ...current, issuer, accepted_at: current.accepted_at ?? nowMs });
  });
}

export async function listMembers(reader: Reader, records: Records, orgId: string): Promise<MemberRecord[]> {
  const entries = await reader.scan({ prefix: keys.memberPrefix(orgId) });
  const members = await Promise.all(entries.map(({ key, value }) => records.open<MemberRecord>(reader, key, value)));
  return members.sort((a, b) => a.invited_at - b.invited_at || (a.id < b.id ? -1 : 1));
}

export interface NewMember {
  readonly id?: string | undefined;
  readonly email: string;
  readonly role: Role;
  readonly user_id?: string | null | undefined;
}

/** @throws BAD_REQUEST, CONFLICT (that person or address is a member already) */
export async function addMember(
  transaction: Transaction,
  records: Records,
  org: Pick<OrgRecord, 'id'>,
  body: NewMember,
  nowMs: number,
  issuer: string | null = null,
): Promise<MemberRecord> {
  const subject = body.user_id ?? null;
  // Identity tokens need not tell an address; an invitation must.
  if (subject === null || body.email !== '') refuse(emailProblem(body.email));
  if (subject !== null) refuse(nameProblem(subject));
  const claim = { id: body.id, email: body.email, role: body.role, user_id: subject };
  const at = (memberId: string): string => keys.member(org.id, memberId);
  const { id, repeated } = await claimCreation(transaction, { kind: 'member', place: org.id, body: claim, at });
  if (repeated) return madeBefore(await records.read<MemberRecord>(transaction, keys.member(org.id, id)));
  const others = await listMembers(transaction, records, org.id);
  if (
    others.some(
      (other) =>
        (subject !== null && other.user_id === subject) || (body.email !== '' && sameEmail(other.email, body.email)),
    )
  ) {
    throw new ZvaultError('CONFLICT', 'that person is a member already');
  }
  const member: MemberRecord = {
    id,
    org_id: org.id,
    user_id: subject,
    issuer,
    email: body.email,
    role: body.role,
    invited_at: nowMs,
    accepted_at: subject === null ? null : nowMs,
  };
  await records.write(transaction, keys.member(org.id, id), member);
  if (subject !== null) {
    await transaction.put(keys.memberBySubject(org.id, subject), id);
    await transaction.put(keys.orgOfSubject(subject, org.id), id);
  }
  return member;
}

/** @throws NOT_FOUND, CONFLICT (the last admin can't step down; root may do it) */
export async function changeRole(
  transaction: Transaction,
  records: Records,
  orgId: string,
  who: string,
  role: Role,
  byRoot: boolean,
): Promise<MemberRecord> {
  const members = await listMembers(transaction, records, orgId);
  const member = pick(members, who);
  if (role !== 'admin' && !byRoot) refuseLastAdmin(members, member);
  const changed = { ...member, role };
  await records.write(transaction, keys.member(orgId, member.id), changed);
  return changed;
}

/** @throws NOT_FOUND, CONFLICT */
export async function removeMember(
  transaction: Transaction,
  records: Records,
  orgId: string,
  who: string,
  byRoot: boolean,
): Promise<MemberRecord> {
  const members = await listMembers(transaction, records, orgId);
  const member = pick(members, who);
  if (!byRoot) refuseLastAdmin(members, member);
  await transaction.delete(keys.member(orgId, member.id));
  if (member.user_id !== null) {
    await transaction.delete(keys.memberBySubject(orgId, member.user_id));
    await transaction.delete(keys.orgOfSubject(member.user_id, orgId));
  }
  return member;
}

/** By member id, user id, or e-mail address. */
function pick(members: readonly MemberRecord[], who: string): MemberRecord {
  return existing(
    members.find((member) => member.id === who.toLowerCase()) ??
      members.find((member) => member.user_id === who) ??
      members.find((member) => member.email !== '' && sameEmail(member.email, who)),
  );
}

function existing(member: MemberRecord | undefined): MemberRecord {
  if (!member) throw new ZvaultError('NOT_FOUND', 'there is no such member');
  return member;
}

function refuseLastAdmin(members: readonly MemberRecord[], member: MemberRecord): void {
  const admins = members.filter(({ role, user_id: user }) => role === 'admin' && user !== null);
  if (admins.length === 1 && admins[0]?.id === member.id) {
    throw new ZvaultError('CONFLICT', 'the last admin can’t be removed or demoted', {
      hint: 'make somebody else an admin first',
    });
  }
}

function sameEmail(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function emailProblem(email: string): string | undefined {
  if (nameProblem(email) !== undefined || !/^[^\s@]+@[^\s@]+$/.test(email)) return 'that is not an e-mail address';
  return undefined;
}
