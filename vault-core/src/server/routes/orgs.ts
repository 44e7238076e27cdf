import type { Role } from '../../wire/words.ts';
import { type NewMember, addMember, changeRole, listMembers, memberReply, removeMember } from '../cloud/members.ts';
import { createOrg, listOrgs, orgReply } from '../cloud/orgs.ts';
import { type Handler, type RequestContext, bodyOf, grantOf, orgOf, parameter, personOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { formatTimestamp } from '../../domain/duration.ts';

const byRoot = (context: RequestContext): boolean => personOf(context).kind === 'root';

export const orgHandlers = {
  'me.get': me,
  'auth.me': me,
  'orgs.create': (context) =>
    context.commit(async (transaction) => {
      const { vault, nowMs } = context;
      const body = bodyOf<{ id?: string; name: string; slug: string }>(context);
      const org = await createOrg(transaction, vault.records, vault.seal.keyring, personOf(context), body, nowMs);
      return ok(orgReply(org), { resource: org.slug, data: { org_id: org.id } });
    }),
  'orgs.list': async (context) => {
    const { vault } = context;
    const orgs = await listOrgs(vault.store, vault.records, personOf(context));
    return ok({ organizations: orgs.map(orgReply) });
  },
  'orgs.get': async (context) => ok(orgReply(orgOf(context)), { resource: orgOf(context).slug }),
  'members.create': (context) =>
    context.commit(async (transaction) => {
      const body = bodyOf<NewMember>(context);
      const member = await addMember(transaction, context.vault.records, orgOf(context), body, context.nowMs);
      return ok(memberReply(member), { resource: member.id, data: { role: member.role } });
    }),
  'members.list': async (context) => {
    const { vault } = context;
    const members = await listMembers(vault.store, vault.records, orgOf(context).id);
    return ok({ members: members.map(memberReply) });
  },
  'members.update': (context) =>
    context.commit(async (transaction) => {
      const { role } = bodyOf<{ role: Role }>(context);
      const member = await changeRole(
        transaction,
        context.vault.records,
        orgOf(context).id,
        parameter(context, 'user'),
        role,
        byRoot(context),
      );
      return ok(memberReply(member), { resource: member.id, data: { role } });
    }),
  'members.delete': (context) =>
    context.commit(async (transaction) => {
      const member = await removeMember(
        transaction,
        context.vault.records,
        orgOf(context).id,
        parameter(context, 'user'),
        byRoot(context),
      );
      return ok({ ok: true }, { resource: member.id });
    }),
} satisfies Record<string, Handler>;

/** Contract 2.2, point 8: what lets a client work from a token alone. */
async function me(context: RequestContext): Promise<Reply> {
  const { principal, org, project, environment, permissions, expiresAtMs } = grantOf(context);
  const expires = expiresAtMs === null ? null : formatTimestamp(expiresAtMs);
  if (principal.kind !== 'service') {
    const email = principal.kind === 'user' ? principal.identity.email : '';
    const nothing = { org_id: null, org_slug: null, project_id: null, project_slug: null, environment: null };
    const rights = principal.kind === 'root' ? ['read', 'write'] : [];
    return ok({
      user_id: principal.actor.id,
      email,
      auth_type: principal.kind === 'root' ? 'root' : 'jwt',
      ...nothing,
      permissions: rights,
      expires_at: expires,
    });
  }
  return ok({
    user_id: principal.token.id,
    email: '',
    auth_type: 'service_token',
    org_id: org?.id ?? null,
    org_slug: org?.slug ?? null,
    project_id: project?.id ?? null,
    project_slug: project?.slug ?? null,
    environment: environment?.slug ?? null,
    permissions: [...permissions],
    expires_at: expires,
  });
}
