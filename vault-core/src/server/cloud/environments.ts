import { ZvaultError } from '../../domain/errors.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { isUuid, nameProblem, refuse, slugProblem } from '../../domain/names.ts';
import type { Environment } from '../../wire/shapes.ts';
import type { EnvironmentRecord, ProjectRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { claimCreation, madeBefore } from './creation.ts';
import { findEnvironment } from './find.ts';
import { type RestoreOptions, isRestorable, requireLiveEnvironment, requireLiveProject } from './live.ts';
import { type SlugSpace, freeSlugs, retakeSlugs, takeSlug } from './slugs.ts';

/** What changes with each write in an environment. In clear: it says how many secrets there are, and nothing of them. */
export interface EnvironmentState {
  /** Grows by one with each change of a secret: ETag, event id and key of the caches. */
  readonly revision: number;
  /** Live secrets. */
  readonly count: number;
}

export async function readState(reader: Reader, environmentId: string): Promise<EnvironmentState> {
  const entry = await reader.get(keys.environmentState(environmentId));
  return entry ? (JSON.parse(entry.value.toString()) as EnvironmentState) : { revision: 0, count: 0 };
}

export async function writeState(
  transaction: Transaction,
  environmentId: string,
  state: EnvironmentState,
): Promise<void> {
  await transaction.put(keys.environmentState(environmentId), JSON.stringify(state));
}

export function environmentReply(environment: EnvironmentRecord, state: EnvironmentState): Environment {
  return {
    id: environment.id,
    project_id: environment.project_id,
    name: environment.name,
    slug: environment.slug,
    sort_order: environment.sort_order,
    secret_count: state.count,
    created_at: formatTimestamp(environment.created_at),
  };
}

const environmentSlugs = (environment: Pick<EnvironmentRecord, 'id' | 'project_id'>): SlugSpace => ({
  bySlug: (slug) => keys.environmentBySlug(environment.project_id, slug),
  ownPrefix: keys.slugOfEnvironmentPrefix(environment.id),
});

/** @throws BAD_REQUEST, CONFLICT (the slug is taken) */
export async function createEnvironment(
  transaction: Transaction,
  records: Records,
  project: ProjectRecord,
  body: { id?: string | undefined; name?: string | undefined; slug: string },
  nowMs: number,
  sortOrder?: number,
): Promise<EnvironmentRecord> {
  const name = body.name ?? body.slug;
  refuse(slugProblem(body.slug) ?? nameProblem(name));
  await requireLiveProject(transaction, project);
  const claim = { id: body.id, name, slug: body.slug };
  const { id, repeated } = await claimCreation(transaction, {
    kind: 'environment',
    place: project.id,
    body: claim,
    at: keys.environment,
  });
  if (repeated) return madeBefore(await records.read<EnvironmentRecord>(transaction, keys.environment(id)));
  const environment: EnvironmentRecord = {
    id,
    project_id: project.id,
    org_id: project.org_id,
    name,
    slug: body.slug,
    sort_order: sortOrder ?? (await nextSortOrder(transaction, records, project.id)),
    created_at: nowMs,
    deleted_at: null,
  };
  await takeSlug(transaction, environmentSlugs(environment), id, environment.slug);
  await putEnvironment(transaction, records, environment);
  await writeState(transaction, id, { revision: 0, count: 0 });
  return environment;
}

/** @throws BAD_REQUEST, CONFLICT */
export async function updateEnvironment(
  transaction: Transaction,
  records: Records,
  environment: EnvironmentRecord,
  body: { name?: string | undefined; slug?: string | undefined; sort_order?: number | undefined },
): Promise<EnvironmentRecord> {
  if (body.name !== undefined) refuse(nameProblem(body.name));
  if (body.slug !== undefined) refuse(slugProblem(body.slug));
  const current = await readLive(transaction, records, environment);
  const changed: EnvironmentRecord = {
    ...current,
    name: body.name ?? current.name,
    slug: body.slug ?? current.slug,
    sort_order: body.sort_order ?? current.sort_order,
  };
  if (changed.slug !== current.slug) await takeSlug(transaction, environmentSlugs(changed), changed.id, changed.slug);
  await putEnvironment(transaction, records, changed);
  return changed;
}

/** Live environments of the project by sort_order. */
export async function listEnvironments(
  reader: Reader,
  records: Records,
  projectId: string,
): Promise<EnvironmentRecord[]> {
  const prefix = keys.environmentOfProjectPrefix(projectId);
  const entries = await reader.scan({ prefix });
  const found = await Promise.all(
    entries.map(({ key }) => records.read<EnvironmentRecord>(reader, keys.environment(key.slice(prefix.length)))),
  );
  return found
    .filter((environment) => environment !== undefined)
    .sort((a, b) => a.sort_order - b.sort_order || a.created_at - b.created_at || (a.slug < b.slug ? -1 : 1));
}

/**
 * Moves an environment to the trash.
 * @throws CONFLICT when it holds secrets and `force` is false
 */
export async function deleteEnvironment(
  transaction: Transaction,
  records: Records,
  known: EnvironmentRecord,
  options: { force: boolean; nowMs: number; retentionMs: number },
): Promise<void> {
  const environment = await readLive(transaction, records, known);
  const { count } = await readState(transaction, environment.id);
  if (count > 0 && !options.force) {
    throw new ZvaultError('CONFLICT', `the environment holds ${count} secrets`, {
      hint: 'delete them first, or repeat with ?force=true as an admin',
    });
  }
  const { nowMs } = options;
  await records.write(transaction, keys.environment(environment.id), { ...environment, deleted_at: nowMs });
  await freeSlugs(transaction, environmentSlugs(environment));
  await transaction.delete(keys.environmentOfProject(environment.project_id, environment.id));
  await transaction.put(keys.deletedEnvironment(environment.project_id, environment.slug, environment.id), '');
  await transaction.put(keys.expiry(nowMs + options.retentionMs, `environment/${environment.id}`), String(nowMs));
}

/**
 * Brings a deleted environment back, the newest of that slug, or the one of that id.
 * @throws NOT_FOUND, CONFLICT when its slug is taken
 */
export async function restoreEnvironment(
  transaction: Transaction,
  records: Records,
  { id: projectId, org_id }: ProjectRecord,
  text: string,
  options: RestoreOptions,
): Promise<EnvironmentRecord> {
  await requireLiveProject(transaction, { id: projectId, org_id });
  const ids: string[] = [];
  if (isUuid(text)) ids.push(text.toLowerCase());
  else {
    const prefix = keys.deletedEnvironmentPrefix(projectId, text);
    for (const { key } of await transaction.scan({ prefix })) ids.push(key.slice(prefix.length));
  }
  const found: EnvironmentRecord[] = [];
  for (const id of ids) {
    const environment = await records.read<EnvironmentRecord>(transaction, keys.environment(id));
    if (environment?.project_id === projectId && isRestorable(environment.deleted_at, options)) found.push(environment);
  }
  found.sort((a, b) => (b.deleted_at ?? 0) - (a.deleted_at ?? 0));
  if (!found[0] && (await findEnvironment(transaction, records, projectId, text))) {
    throw new ZvaultError('CONFLICT', 'the environment is not deleted');
  }
  const environment = existing(found[0]);
  const restored = { ...environment, deleted_at: null };
  await retakeSlugs(transaction, environmentSlugs(environment), environment.id, environment.slug);
  await transaction.delete(keys.deletedEnvironment(projectId, environment.slug, environment.id));
  await putEnvironment(transaction, records, restored);
  return restored;
}

async function readLive(
  transaction: Transaction,
  records: Records,
  environment: EnvironmentRecord,
): Promise<EnvironmentRecord> {
  await requireLiveEnvironment(transaction, environment);
  return existing(await records.read<EnvironmentRecord>(transaction, keys.environment(environment.id)));
}

async function putEnvironment(
  transaction: Transaction,
  records: Records,
  environment: EnvironmentRecord,
): Promise<void> {
  await records.write(transaction, keys.environment(environment.id), environment);
  await transaction.put(keys.environmentOfProject(environment.project_id, environment.id), '');
}

async function nextSortOrder(reader: Reader, records: Records, projectId: string): Promise<number> {
  const environments = await listEnvironments(reader, records, projectId);
  return environments.reduce((next, { sort_order: order }) => Math.max(next, order + 1), 0);
}

function existing(environment: EnvironmentRecord | undefined): EnvironmentRecord {
  if (!environment) throw new ZvaultError('NOT_FOUND', 'there is no such environment');
  return environment;
}
