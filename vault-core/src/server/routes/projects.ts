import { ZvaultError } from '../../domain/errors.ts';
import {
  createEnvironment,
  deleteEnvironment,
  environmentReply,
  listEnvironments,
  readState,
  restoreEnvironment,
  updateEnvironment,
} from '../cloud/environments.ts';
import { findOrg } from '../cloud/find.ts';
import { listOrgs } from '../cloud/orgs.ts';
import {
  type NewProject,
  createProject,
  deleteProject,
  listProjects,
  projectReply,
  restoreProject,
  updateProject,
} from '../cloud/projects.ts';
import { findMember } from '../cloud/members.ts';
import {
  type Handler,
  type RequestContext,
  bodyOf,
  environmentOf,
  grantOf,
  orgOf,
  parameter,
  personOf,
  projectOf,
} from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import type { OrgRecord } from '../records.ts';

export const projectHandlers = {
  'projects.create': (context) => create(context, orgOf(context)),
  'projects.list': async (context) => {
    const { vault } = context;
    const projects = await listProjects(vault.store, vault.records, orgOf(context).id);
    return ok({ projects: projects.map(projectReply) });
  },
  'projects.get': async (context) => ok(projectReply(projectOf(context)), { resource: projectOf(context).slug }),
  'projects.update': (context) =>
    context.commit(async (transaction) => {
      const changed = await updateProject(
        transaction,
        context.vault.records,
        projectOf(context),
        bodyOf(context),
        context.nowMs,
      );
      return ok(projectReply(changed), { resource: changed.slug });
    }),
  'projects.delete': (context) =>
    context.commit(async (transaction) => {
      const project = projectOf(context);
      await deleteProject(transaction, context.vault.records, project, removal(context));
      return ok({ ok: true }, { resource: project.slug });
    }),
  'projects.restore': (context) =>
    context.commit(async (transaction) => {
      const { records } = context.vault;
      const text = parameter(context, 'project');
      const project = await restoreProject(transaction, records, orgOf(context).id, text, retention(context));
      return ok(projectReply(project), { resource: project.slug });
    }),
  'project-list.list': async (context) => {
    const { vault, query } = context;
    const orgs = await visibleOrgs(context, typeof query['org'] === 'string' ? query['org'] : undefined);
    const lists = await Promise.all(orgs.map(({ id }) => listProjects(vault.store, vault.records, id)));
    return ok({
      projects: lists
        .flat()
        .sort((a, b) => b.created_at - a.created_at)
        .map(projectReply),
    });
  },
  'project-list.create': async (context) => {
    const { org: wanted, ...body } = bodyOf<NewProject & { org?: string }>(context);
    const orgs = await visibleOrgs(context, wanted);
    const [org] = orgs;
    if (!org || orgs.length > 1) throw new ZvaultError('BAD_REQUEST', 'name the organisation with "org"');
    await requireDeveloper(context, org);
    return create(context, org, body);
  },
  'environments.list': async (context) => {
    const { vault } = context;
    const environments = await listEnvironments(vault.store, vault.records, projectOf(context).id);
    const replies = await Promise.all(
      environments.map(async (one) => environmentReply(one, await readState(vault.store, one.id))),
    );
    return ok({ environments: replies });
  },
  'environments.create': (context) =>
    context.commit(async (transaction) => {
      const body = bodyOf<{ id?: string; name?: string; slug: string }>(context);
      const made = await createEnvironment(transaction, context.vault.records, projectOf(context), body, context.nowMs);
      return ok(environmentReply(made, await readState(transaction, made.id)), { resource: made.slug });
    }),
  'environments.update': (context) =>
    context.commit(async (transaction) => {
      const changed = await updateEnvironment(
        transaction,
        context.vault.records,
        environmentOf(context),
        bodyOf(context),
      );
      return ok(environmentReply(changed, await readState(transaction, changed.id)), { resource: changed.slug });
    }),
  'environments.delete': (context) =>
    context.commit(async (transaction) => {
      const environment = environmentOf(context);
      await deleteEnvironment(transaction, context.vault.records, environment, removal(context));
      return ok({ ok: true }, { resource: environment.slug });
    }),
  'environments.restore': (context) =>
    context.commit(async (transaction) => {
      const { records } = context.vault;
      const text = parameter(context, 'env');
      const environment = await restoreEnvironment(transaction, records, projectOf(context), text, retention(context));
      return ok(environmentReply(environment, await readState(transaction, environment.id)), {
        resource: environment.slug,
      });
    }),
} satisfies Record<string, Handler>;

function create(context: RequestContext, org: OrgRecord, body = bodyOf<NewProject>(context)): Promise<Reply> {
  return context.commit(async (transaction) => {
    const project = await createProject(transaction, context.vault.records, org, body, context.nowMs);
    return ok(projectReply(project), { resource: project.slug, data: { org_id: org.id, project_id: project.id } });
  });
}

function retention({ nowMs, vault }: RequestContext): { nowMs: number; retentionMs: number } {
  return { nowMs, retentionMs: vault.options.retentionMs };
}

/** @throws FORBIDDEN when force is asked for by anybody but an admin */
function removal(context: RequestContext): { force: boolean; nowMs: number; retentionMs: number } {
  const force = context.query['force'] === true;
  if (force && grantOf(context).role !== 'admin') throw new ZvaultError('FORBIDDEN', 'force takes the role admin');
  return { force, ...retention(context) };
}

/** Organisations where the caller has a role, or the one that is asked for. @throws FORBIDDEN, NOT_FOUND */
async function visibleOrgs(context: RequestContext, wanted: string | undefined): Promise<OrgRecord[]> {
  const { vault } = context;
  const person = personOf(context);
  const orgs = await listOrgs(vault.store, vault.records, person);
  if (wanted === undefined) return orgs;
  const found = await findOrg(vault.store, vault.records, wanted);
  const mine = orgs.filter(({ id }) => id === found?.id);
  if (mine.length === 0)
    throw new ZvaultError(person.kind === 'root' ? 'NOT_FOUND' : 'FORBIDDEN', 'no access to this organisation');
  return mine;
}

async function requireDeveloper(context: RequestContext, org: OrgRecord): Promise<void> {
  const person = personOf(context);
  if (person.kind === 'root') return;
  const member = await findMember(context.vault.store, context.vault.records, org.id, person.identity.subject);
  if (!member || member.role === 'viewer')
    throw new ZvaultError('FORBIDDEN', 'this takes the role developer in the organisation');
}
