// A request is authorised before its transaction begins, and what it names may be deleted in between. Writers ask again,
// inside the transaction. The entries asked for are those that lists are made from: present while the object lives.

import { ZvaultError } from '../../domain/errors.ts';
import type { EnvironmentRecord, ProjectRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Transaction } from '../store/store.ts';

/** Time and settings of a restore. */
export interface RestoreOptions {
  readonly nowMs: number;
  readonly retentionMs: number;
}

/** Time of deletion of what is being erased: before any time that a retention reaches. The least of a Date. */
export const erasing = -8.64e15;

/** True for what lies in the trash and whose time is not over: what is past it may be half erased already. */
export function isRestorable(deletedAt: number | null, { nowMs, retentionMs }: RestoreOptions): boolean {
  return deletedAt !== null && deletedAt + retentionMs > nowMs;
}

/** @throws NOT_FOUND when the project has been deleted */
export async function requireLiveProject(
  transaction: Transaction,
  { id, org_id: orgId }: Pick<ProjectRecord, 'id' | 'org_id'>,
): Promise<void> {
  if (!(await transaction.get(keys.projectOfOrg(orgId, id))))
    throw new ZvaultError('NOT_FOUND', 'there is no such project');
}

/** @throws NOT_FOUND when the environment or its project has been deleted */
export async function requireLiveEnvironment(transaction: Transaction, environment: EnvironmentRecord): Promise<void> {
  const { id, project_id: projectId, org_id: orgId } = environment;
  if (!(await transaction.get(keys.environmentOfProject(projectId, id)))) {
    throw new ZvaultError('NOT_FOUND', 'there is no such environment');
  }
  await requireLiveProject(transaction, { id: projectId, org_id: orgId });
}
