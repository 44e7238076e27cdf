// What verifies identity tokens is loaded with the first request that needs it: most vaults never see one.

import { formatTimestamp } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { identifierProblem } from '../../domain/names.ts';
import type { JwtLogin, JwtRoleBody } from '../../wire/auth-shapes.ts';
import type { JwtRoleRecord } from '../auth/jwt-roles.ts';
import { findOrg, findProject, findProjectAnywhere, visibleOrgIds } from '../cloud/find.ts';
import { type Handler, type RequestContext, bodyOf, parameter, personOf, requireUnsealed } from '../http/context.ts';
import { type Reply, errorReply, ok } from '../http/reply.ts';
import type { OrgRecord, ProjectRecord } from '../records.ts';

export const jwtHandlers = {
  'jwt-roles.list': async (context) => {
    const { jwtRoleReply, listJwtRoles } = await import('../auth/jwt-roles.ts');
    const { store, records } = context.vault;
    const visible = new Set(await visibleOrgIds(store, records, personOf(context)));
    const roles = (await listJwtRoles(store, records)).filter(({ org_id: orgId }) => visible.has(orgId));
    const replies = await Promise.all(roles.map((role) => jwtRoleReply(store, records, role)));
    return ok({ keys: roles.map(({ name }) => name), roles: replies });
  },
  'jwt-roles.read': async (context) => {
    const { jwtRoleReply } = await import('../auth/jwt-roles.ts');
    const { store, records } = context.vault;
    const role = await visibleRole(context);
    return ok(await jwtRoleReply(store, records, role), { resource: role.name });
  },
  'jwt-roles.write': write,
  'jwt-roles.put': write,
  'jwt-roles.delete': async (context) => {
    const { vault } = context;
    const { deleteJwtRole } = await import('../auth/jwt-roles.ts');
    const role = await visibleRole(context);
    await requireAdmin(context, await orgOf(context, role.org_id));
    return context.commit(async (transaction) => {
      await deleteJwtRole(transaction, vault.records, role);
      return { status: 204, body: null, resource: role.name, data: { org_id: role.org_id } };
    });
  },
  'jwt.login': login,
} satisfies Record<string, Handler>;

async function write(context: RequestContext): Promise<Reply> {
  const { vault, actor, nowMs } = context;
  const { findJwtRole, jwtRoleReply, takenName, writeJwtRole } = await import('../auth/jwt-roles.ts');
  const name = parameter(context, 'name');
  const body = bodyOf<JwtRoleBody>(context);
  const project = await projectOf(context, body);
  const before = await findJwtRole(vault.store, vault.records, name);
  if (before && before.org_id !== project.org_id) throw takenName();
  const writing = {
    project,
    actor,
    nowMs,
    knownIssuers: vault.options.jwtIssuers.map(({ issuer }) => issuer),
    allowLoopbackHttp: vault.options.loopbackIssuers,
  };
  return context.commit(async (transaction) => {
    const role = await writeJwtRole(transaction, vault.records, name, body, writing);
    const { org_id, project_id, issuer, permissions } = role;
    const data = { org_id, project_id, issuer, permissions, bound_claims: role.bound_claims };
    return ok(await jwtRoleReply(transaction, vault.records, role), { resource: name, data });
  });
}

async function login(context: RequestContext): Promise<Reply> {
  requireUnsealed(context);
  const { vault, nowMs } = context;
  const { RefusedLogin, checkLogin, login: logIn } = await import('../auth/jwt-login.ts');
  const body = bodyOf<{ readonly role: string; readonly jwt: string }>(context);
  const refused = (error: unknown): Reply => {
    if (!(error instanceof RefusedLogin)) throw error;
    const { reason, identity } = error;
    const who = identity && { issuer: identity.issuer, subject: identity.subject };
    // Anybody may send anything as a role's name.
    const resource = identifierProblem('role', body.role) === undefined ? body.role : '';
    return { ...errorReply(error, () => undefined), resource, data: { reason, ...who } };
  };
  let checked;
  try {
    checked = await checkLogin(vault.store, vault.records, await vault.roleIssuers(), body);
  } catch (error) {
    return refused(error);
  }
  return context.commit(async (transaction) => {
    const making = { nowMs, random: vault.host.randomBytes };
    let made;
    try {
      made = await logIn(transaction, vault.records, checked, making);
    } catch (error) {
      // Refused before anything was written.
      return refused(error);
    }
    const { token, plaintext, org, project, environment } = made;
    const expiresAtMs = token.expires_at ?? nowMs;
    const reply: JwtLogin = {
      client_token: plaintext,
      expires_at: formatTimestamp(expiresAtMs),
      revoke: '/v1/auth/token/revoke-self',
      lease_duration: Math.floor((expiresAtMs - nowMs) / 1000),
      org: org.slug,
      org_id: org.id,
      project: project.slug,
      project_id: project.id,
      environment: environment?.slug ?? null,
      environment_id: token.environment_id,
      permissions: [...token.permissions],
    };
    const { identity, role } = checked;
    const data = {
      issuer: identity.issuer,
      subject: identity.subject,
      jti: identity.jwtId,
      token_id: token.id,
      org_id: org.id,
      project_id: project.id,
    };
    return ok(reply, { resource: role.name, data });
  });
}

/** The project that a role is for, where the caller is an admin. @throws NOT_FOUND, FORBIDDEN, BAD_REQUEST */
async function projectOf(
  context: RequestContext,
  { org: orgText, project: text }: JwtRoleBody,
): Promise<ProjectRecord> {
  const { store, records } = context.vault;
  if (typeof orgText !== 'string') {
    const project = await findProjectAnywhere(store, records, personOf(context), text);
    // Who may not see a project is told no more than that.
    if (!project || (await context.vault.access.roleIn(personOf(context), project.org_id)) === undefined) {
      throw notFound('project');
    }
    await requireAdmin(context, await orgOf(context, project.org_id));
    return project;
  }
  await requireAdmin(context, await orgOf(context, orgText));
  const org = await orgOf(context, orgText);
  const project = await findProject(store, records, org.id, text);
  if (!project) throw notFound('project');
  return project;
}

/** Root is told that there is none; people, no more than that they have no access. */
async function orgOf(context: RequestContext, text: string): Promise<OrgRecord> {
  const org = await findOrg(context.vault.store, context.vault.records, text);
  if (org) return org;
  throw personOf(context).kind === 'root'
    ? notFound('organisation')
    : new ZvaultError('FORBIDDEN', 'no access to this organisation');
}

async function requireAdmin(context: RequestContext, org: OrgRecord): Promise<void> {
  const role = await context.vault.access.roleIn(personOf(context), org.id);
  if (role === undefined) throw new ZvaultError('FORBIDDEN', 'no access to this organisation');
  if (role !== 'admin') throw new ZvaultError('FORBIDDEN', 'this takes the role admin in the organisation');
}

/** One that somebody of another organisation asks for is not there. @throws NOT_FOUND */
async function visibleRole(context: RequestContext): Promise<JwtRoleRecord> {
  const { findJwtRole } = await import('../auth/jwt-roles.ts');
  const { vault } = context;
  const role = await findJwtRole(vault.store, vault.records, parameter(context, 'name'));
  if (role && (await vault.access.roleIn(personOf(context), role.org_id)) !== undefined) return role;
  throw notFound('role');
}

function notFound(what: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `there is no such ${what}`);
}
