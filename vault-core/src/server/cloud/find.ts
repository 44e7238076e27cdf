// From the texts of a path to records. Ids and slugs are both accepted; a text that looks like a UUID is never a slug.

import { isUuid } from '../../domain/names.ts';
import { ZvaultError } from '../../domain/errors.ts';
import type { Principal } from '../access.ts';
import type { EnvironmentRecord, OrgRecord, ProjectRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import { findMember } from './members.ts';
import type { Reader } from '../store/store.ts';

export async function findOrg(reader: Reader, records: Records, text: string): Promise<OrgRecord | undefined> {
  const id = isUuid(text) ? text.toLowerCase() : await readText(reader, keys.orgBySlug(text));
  return id === undefined ? undefined : records.read<OrgRecord>(reader, keys.org(id));
}

/** By id, by a slug that it has or had, or by name. */
export async function findProject(
  reader: Reader,
  records: Records,
  orgId: string,
  text: string,
): Promise<ProjectRecord | undefined> {
  const id = isUuid(text)
    ? text.toLowerCase()
    : ((await readText(reader, keys.projectBySlug(orgId, text))) ??
      (await readText(reader, keys.projectByName(orgId, text))));
  if (id === undefined) return undefined;
  const project = await records.read<ProjectRecord>(reader, keys.project(id));
  return project && project.org_id === orgId && project.deleted_at === null ? project : undefined;
}

/** By id, or by a slug that it has or had. */
export async function findEnvironment(
  reader: Reader,
  records: Records,
  projectId: string,
  text: string,
): Promise<EnvironmentRecord | undefined> {
  const id = isUuid(text) ? text.toLowerCase() : await readText(reader, keys.environmentBySlug(projectId, text));
  if (id === undefined) return undefined;
  const environment = await records.read<EnvironmentRecord>(reader, keys.environment(id));
  return environment && environment.project_id === projectId && environment.deleted_at === null
    ? environment
    : undefined;
}

/**
 * A project of any organisation that the person can see.
 * @throws BAD_REQUEST when a slug fits projects of several organisations
 */
export async function findProjectAnywhere(
  reader: Reader,
  records: Records,
  principal: Exclude<Principal, { kind: 'service' }>,
  text: string,
): Promise<ProjectRecord | undefined> {
  if (isUuid(text)) {
    const project = await records.read<ProjectRecord>(reader, keys.project(text.toLowerCase()));
    return project && project.deleted_at === null ? project : undefined;
  }
  const found: ProjectRecord[] = [];
  for (const orgId of await visibleOrgIds(reader, records, principal)) {
    const project = await findProject(reader, records, orgId, text);
    if (project) found.push(project);
  }
  if (found.length > 1)
    throw new ZvaultError('BAD_REQUEST', 'several organisations have a project of that name', { hint: 'use its id' });
  return found[0];
}

/** Organisations where the person has a role; all of them for root. */
export async function visibleOrgIds(
  reader: Reader,
  records: Records,
  principal: Exclude<Principal, { kind: 'service' }>,
): Promise<string[]> {
  const prefix = principal.kind === 'root' ? keys.orgPrefix : keys.orgOfSubjectPrefix(principal.identity.subject);
  const ids = (await reader.scan({ prefix })).map(({ key }) => key.slice(prefix.length));
  if (principal.kind === 'root') return ids;
  const { subject, issuer } = principal.identity;
  const visible: string[] = [];
  for (const id of ids) {
    // The same subject of another issuer is somebody else.
    const member = await findMember(reader, records, id, subject);
    if (member && (member.issuer ?? issuer) === issuer) visible.push(id);
  }
  return visible;
}

async function readText(reader: Reader, key: string): Promise<string | undefined> {
  return (await reader.get(key))?.value.toString();
}
