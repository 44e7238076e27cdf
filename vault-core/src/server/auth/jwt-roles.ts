// JWT roles: which identity tokens get a service token, and for what. A role belongs to the organisation of its project; who
// administers that may write it, and can't give more by it than an admin may give himself: access to one project of his.

import type { Actor } from '../../domain/actor.ts';
import { formatTimestamp, parseDurationSeconds } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { identifierProblem, refuse } from '../../domain/names.ts';
import type { JwtRole, JwtRoleBody } from '../../wire/auth-shapes.ts';
import type { Permission } from '../../wire/words.ts';
import { findEnvironment } from '../cloud/find.ts';
import { requireLiveProject } from '../cloud/live.ts';
import { issuerProblem } from '../identity/role-issuers.ts';
import type { EnvironmentRecord, OrgRecord, ProjectRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { type BoundClaims, parseBoundClaims } from './bound-claims.ts';
import { type PresetName, identifiesSubject, presetOfIssuer, presets } from './jwt-presets.ts';

export interface JwtRoleRecord {
  readonly name: string;
  readonly preset: PresetName | null;
  readonly issuer: string;
  readonly audience: string;
  readonly bound_claims: BoundClaims;
  readonly org_id: string;
  readonly project_id: string;
  readonly environment_id: string | null;
  readonly permissions: readonly Permission[];
  /** As it was written. */
  readonly ttl: string;
  readonly created_by: Actor;
  readonly created_at: number;
  readonly updated_at: number;
}

const defaultTtl = '15m';
/** The token of a job. Whatever runs longer logs in again. */
const maxTtlSeconds = 86_400;
const maxAudienceLength = 1024;

export interface RoleWriting {
  readonly project: ProjectRecord;
  readonly actor: Actor;
  readonly nowMs: number;
  /** Issuers that the server is set up with, whatever their address. */
  readonly knownIssuers: readonly string[];
  readonly allowLoopbackHttp: boolean;
}

/** @throws BAD_REQUEST, NOT_FOUND (the environment) */
export async function writeJwtRole(
  transaction: Transaction,
  records: Records,
  name: string,
  body: JwtRoleBody,
  writing: RoleWriting,
): Promise<JwtRoleRecord> {
  const { project, actor, nowMs } = writing;
  refuse(identifierProblem('role', name));
  await requireLiveProject(transaction, project);
  const before = await records.read<JwtRoleRecord>(transaction, keys.jwtRole(name));
  // Its organisation was asked for before this transaction began.
  if (before && before.org_id !== project.org_id) throw takenName();
  const { issuer, preset } = issuerOf(body, writing);
  const bound = parseBoundClaims(body.bound_claims);
  requireIdentity(bound, preset);
  if (body.audience.trim() === '' || body.audience.length > maxAudienceLength) {
    throw new ZvaultError('BAD_REQUEST', `"audience" must have 1 to ${maxAudienceLength} characters`);
  }
  const ttl = body.ttl ?? defaultTtl;
  if (parseDurationSeconds(ttl) > maxTtlSeconds) throw new ZvaultError('BAD_REQUEST', '"ttl" must be at most 24h');
  const environment = await environmentOf(transaction, records, project, body.environment ?? undefined);
  const permissions = [...new Set<Permission>(body.permissions ?? ['read'])];
  if (permissions.length === 0) throw new ZvaultError('BAD_REQUEST', '"permissions" must name at least one');
  const role: JwtRoleRecord = {
    name,
    preset: body.preset ?? null,
    issuer,
    audience: body.audience,
    bound_claims: bound,
    org_id: project.org_id,
    project_id: project.id,
    environment_id: environment?.id ?? null,
    permissions,
    ttl,
    created_by: before?.created_by ?? actor,
    created_at: before?.created_at ?? nowMs,
    updated_at: nowMs,
  };
  await records.write(transaction, keys.jwtRole(name), role);
  return role;
}

export function findJwtRole(reader: Reader, records: Records, name: string): Promise<JwtRoleRecord | undefined> {
  return records.read<JwtRoleRecord>(reader, keys.jwtRole(name));
}

/** Unless it has become another organisation's meanwhile. Tokens that it gave live on until they end. */
export async function deleteJwtRole(transaction: Transaction, records: Records, role: JwtRoleRecord): Promise<void> {
  const current = await findJwtRole(transaction, records, role.name);
  if (current?.org_id === role.org_id) await transaction.delete(keys.jwtRole(role.name));
}

/** In the order of their names. */
export async function listJwtRoles(reader: Reader, records: Records): Promise<JwtRoleRecord[]> {
  const entries = await reader.scan({ prefix: keys.jwtRolePrefix });
  return Promise.all(entries.map(({ key, value }) => records.open<JwtRoleRecord>(reader, key, value)));
}

/** Where the role lets in, as far as it is still there: what lies in the trash counts as there. */
export async function placeOfRole(
  reader: Reader,
  records: Records,
  role: JwtRoleRecord,
): Promise<{
  org: OrgRecord | undefined;
  project: ProjectRecord | undefined;
  environment: EnvironmentRecord | undefined;
}> {
  return {
    org: await records.read<OrgRecord>(reader, keys.org(role.org_id)),
    project: await records.read<ProjectRecord>(reader, keys.project(role.project_id)),
    environment:
      role.environment_id === null
        ? undefined
        : await records.read<EnvironmentRecord>(reader, keys.environment(role.environment_id)),
  };
}

export async function jwtRoleReply(reader: Reader, records: Records, role: JwtRoleRecord): Promise<JwtRole> {
  const { org, project, environment } = await placeOfRole(reader, records, role);
  return {
    id: role.name,
    name: role.name,
    preset: role.preset,
    issuer: role.issuer,
    audience: role.audience,
    bound_claims: Object.fromEntries(Object.entries(role.bound_claims).map(([claim, values]) => [claim, [...values]])),
    org: org?.slug ?? role.org_id,
    org_id: role.org_id,
    project: project?.slug ?? role.project_id,
    project_id: role.project_id,
    environment: role.environment_id === null ? null : (environment?.slug ?? role.environment_id),
    environment_id: role.environment_id,
    permissions: [...role.permissions],
    ttl: role.ttl,
    created_at: formatTimestamp(role.created_at),
    updated_at: formatTimestamp(role.updated_at),
  };
}

/** The name of a role is unique in the vault: log-ins give nothing else. */
export function takenName(): ZvaultError {
  return new ZvaultError('FORBIDDEN', 'a role of this name belongs to another organisation', {
    hint: 'choose another name',
  });
}

function issuerOf(
  { preset, issuer: given }: JwtRoleBody,
  { knownIssuers, allowLoopbackHttp }: RoleWriting,
): { issuer: string; preset: PresetName | undefined } {
  const platform = preset ? presets[preset] : undefined;
  const issuer = given ?? platform?.issuer;
  if (issuer === undefined) {
    const form = platform?.issuerForm;
    throw new ZvaultError(
      'BAD_REQUEST',
      form ? `the preset ${preset} needs an "issuer"` : 'give a "preset" or an "issuer"',
      {
        hint: form === undefined ? undefined : `it is ${form}`,
      },
    );
  }
  const problem = knownIssuers.includes(issuer) ? undefined : issuerProblem(issuer, allowLoopbackHttp);
  if (problem !== undefined) throw new ZvaultError('BAD_REQUEST', `"issuer" ${problem}`);
  return { issuer, preset: preset ?? presetOfIssuer(issuer) };
}

function requireIdentity(bound: BoundClaims, preset: PresetName | undefined): void {
  if (preset ? presets[preset].identifies(bound) : identifiesSubject(bound)) return;
  const needs = preset ? presets[preset].needs : 'sub';
  throw new ZvaultError('BAD_REQUEST', 'the bound claims don’t say whose jobs may log in', {
    hint: `bind ${needs}, exactly or by a pattern that begins with it`,
  });
}

async function environmentOf(
  reader: Reader,
  records: Records,
  project: ProjectRecord,
  text: string | undefined,
): Promise<EnvironmentRecord | undefined> {
  if (text === undefined) return undefined;
  const environment = await findEnvironment(reader, records, project.id, text);
  if (!environment) throw new ZvaultError('NOT_FOUND', 'there is no such environment');
  return environment;
}
