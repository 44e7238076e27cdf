import { ZvaultError } from '../../domain/errors.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { isUuid, nameProblem, refuse, slugOfName, slugProblem, textProblem } from '../../domain/names.ts';
import type { Project } from '../../wire/shapes.ts';
import type { OrgRecord, ProjectRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { claimCreation, madeBefore } from './creation.ts';
import { findProject } from './find.ts';
import { createEnvironment, listEnvironments, readState } from './environments.ts';
import { type RestoreOptions, isRestorable, requireLiveProject } from './live.ts';
import { type SlugSpace, freeSlugs, retakeSlugs, takeSlug } from './slugs.ts';

/** What a project gets when nothing is said, as the wire contract has it. */
const defaultEnvironments = [
  { name: 'Development', slug: 'development' },
  { name: 'Staging', slug: 'staging' },
  { name: 'Production', slug: 'production' },
] as const;

export function projectReply(project: ProjectRecord): Project {
  return {
    id: project.id,
    org_id: project.org_id,
    name: project.name,
    slug: project.slug,
    description: project.description,
    created_at: formatTimestamp(project.created_at),
    updated_at: formatTimestamp(project.updated_at),
  };
}

export interface NewProject {
  readonly id?: string | undefined;
  readonly name: string;
  readonly slug?: string | undefined;
  readonly description?: string | undefined;
  readonly environments?: readonly string[] | undefined;
}

const projectSlugs = (project: Pick<ProjectRecord, 'id' | 'org_id'>): SlugSpace => ({
  bySlug: (slug) => keys.projectBySlug(project.org_id, slug),
  ownPrefix: keys.slugOfProjectPrefix(project.id),
});

/** @throws BAD_REQUEST, CONFLICT (the slug is taken) */
export async function createProject(
  transaction: Transaction,
  records: Records,
  org: OrgRecord,
  body: NewProject,
  nowMs: number,
): Promise<ProjectRecord> {
  refuse(nameProblem(body.name) ?? textProblem(body.description ?? ''));
  const slug = body.slug ?? slugOfName(body.name);
  if (slug === undefined)
    throw new ZvaultError('BAD_REQUEST', 'no slug can be made from that name', { hint: 'give a slug' });
  refuse(slugProblem(slug));
  const claim = {
    id: body.id,
    name: body.name,
    slug,
    description: body.description ?? '',
    environments: body.environments,
  };
  const { id, repeated } = await claimCreation(transaction, {
    kind: 'project',
    place: org.id,
    body: claim,
    at: keys.project,
  });
  if (repeated) return madeBefore(await records.read<ProjectRecord>(transaction, keys.project(id)));
  const project: ProjectRecord = {
    id,
    org_id: org.id,
    name: body.name,
    slug,
    description: body.description ?? '',
    created_at: nowMs,
    updated_at: nowMs,
    deleted_at: null,
  };
  await takeSlug(transaction, projectSlugs(project), id, slug);
  await putProject(transaction, records, project);
  const environments =
    body.environments?.map((environment) => ({ name: environment, slug: environment })) ?? defaultEnvironments;
  for (const [index, environment] of environments.entries()) {
    await createEnvironment(transaction, records, project, environment, nowMs, index);
  }
  return project;
}

/** @throws BAD_REQUEST, CONFLICT */
export async function updateProject(
  transaction: Transaction,
  records: Records,
  project: ProjectRecord,
  body: { name?: string | undefined; slug?: string | undefined; description?: string | undefined },
  nowMs: number,
): Promise<ProjectRecord> {
  if (body.name !== undefined) refuse(nameProblem(body.name));
  if (body.slug !== undefined) refuse(slugProblem(body.slug));
  refuse(textProblem(body.description ?? ''));
  const current = await readLive(transaction, records, project);
  const changed: ProjectRecord = {
    ...current,
    name: body.name ?? current.name,
    slug: body.slug ?? current.slug,
    description: body.description ?? current.description,
    updated_at: nowMs,
  };
  if (changed.slug !== current.slug) await takeSlug(transaction, projectSlugs(changed), changed.id, changed.slug);
  if (changed.name !== current.name) await dropName(transaction, records, current);
  await putProject(transaction, records, changed);
  return changed;
}

/** Projects of the organisation, newest first. */
export async function listProjects(reader: Reader, records: Records, orgId: string): Promise<ProjectRecord[]> {
  const prefix = keys.projectOfOrgPrefix(orgId);
  const entries = await reader.scan({ prefix });
  const projects = await Promise.all(
    entries.map(({ key }) => records.read<ProjectRecord>(reader, keys.project(key.slice(prefix.length)))),
  );
  return projects
    .filter((project) => project !== undefined)
    .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
}

/**
 * Moves a project to the trash.
 * @throws CONFLICT when it holds secrets and `force` is false
 */
export async function deleteProject(
  transaction: Transaction,
  records: Records,
  known: ProjectRecord,
  options: { force: boolean; nowMs: number; retentionMs: number },
): Promise<void> {
  const project = await readLive(transaction, records, known);
  if (!options.force) {
    for (const environment of await listEnvironments(transaction, records, project.id)) {
      const { count } = await readState(transaction, environment.id);
      if (count > 0) {
        throw new ZvaultError(
          'CONFLICT',
          `the project holds secrets (environment ${JSON.stringify(environment.slug)}: ${count})`,
          {
            hint: 'delete them first, or repeat with ?force=true as an admin',
          },
        );
      }
    }
  }
  const { nowMs } = options;
  await records.write(transaction, keys.project(project.id), { ...project, deleted_at: nowMs });
  await freeSlugs(transaction, projectSlugs(project));
  await dropName(transaction, records, project);
  await transaction.delete(keys.projectOfOrg(project.org_id, project.id));
  await transaction.put(keys.deletedProject(project.org_id, project.slug, project.id), '');
  await transaction.put(keys.expiry(nowMs + options.retentionMs, `project/${project.id}`), String(nowMs));
}

/**
 * Brings a deleted project back, the newest of that slug, or the one of that id.
 * @throws NOT_FOUND, CONFLICT when its slug is taken
 */
export async function restoreProject(
  transaction: Transaction,
  records: Records,
  orgId: string,
  text: string,
  options: RestoreOptions,
): Promise<ProjectRecord> {
  const project = await findDeleted(transaction, records, orgId, text, options);
  const restored = { ...project, deleted_at: null, updated_at: options.nowMs };
  await retakeSlugs(transaction, projectSlugs(project), project.id, project.slug);
  await transaction.delete(keys.deletedProject(orgId, project.slug, project.id));
  await putProject(transaction, records, restored);
  return restored;
}

async function findDeleted(
  transaction: Transaction,
  records: Records,
  orgId: string,
  text: string,
  options: RestoreOptions,
): Promise<ProjectRecord> {
  const ids: string[] = [];
  if (isUuid(text)) ids.push(text.toLowerCase());
  else {
    const prefix = keys.deletedProjectPrefix(orgId, text);
    for (const { key } of await transaction.scan({ prefix })) ids.push(key.slice(prefix.length));
  }
  const found: ProjectRecord[] = [];
  for (const id of ids) {
    const project = await records.read<ProjectRecord>(transaction, keys.project(id));
    if (project?.org_id === orgId && isRestorable(project.deleted_at, options)) found.push(project);
  }
  found.sort((a, b) => (b.deleted_at ?? 0) - (a.deleted_at ?? 0));
  if (!found[0] && (await findProject(transaction, records, orgId, text))) {
    throw new ZvaultError('CONFLICT', 'the project is not deleted');
  }
  return existing(found[0]);
}

async function readLive(transaction: Transaction, records: Records, project: ProjectRecord): Promise<ProjectRecord> {
  await requireLiveProject(transaction, project);
  return existing(await records.read<ProjectRecord>(transaction, keys.project(project.id)));
}

async function putProject(transaction: Transaction, records: Records, project: ProjectRecord): Promise<void> {
  await records.write(transaction, keys.project(project.id), project);
  await transaction.put(keys.projectOfOrg(project.org_id, project.id), '');
  // Names need not be unique; the first project of a name is found by it.
  const byName = keys.projectByName(project.org_id, project.name);
  if (!(await transaction.get(byName))) await transaction.put(byName, project.id);
}

/** The name goes to the oldest other project that bears it. */
async function dropName(transaction: Transaction, records: Records, project: ProjectRecord): Promise<void> {
  const byName = keys.projectByName(project.org_id, project.name);
  if ((await transaction.get(byName))?.value.toString() !== project.id) return;
  const others = await listProjects(transaction, records, project.org_id);
  const heir = others.findLast(({ id, name }) => name === project.name && id !== project.id);
  if (heir) await transaction.put(byName, heir.id);
  else await transaction.delete(byName);
}

function existing(project: ProjectRecord | undefined): ProjectRecord {
  if (!project) throw new ZvaultError('NOT_FOUND', 'there is no such project');
  return project;
}
