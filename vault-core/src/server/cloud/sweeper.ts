// Erases what has been in the trash longer than the retention, and what has ended (auth/endings.ts). What it erases is found by time. An entry names the deletion
// that it belongs to: the object may have been restored meanwhile, and deleted again since.

import { eraseLarge, eraseSmall, forgetToken, isLarge, isSmall } from '../auth/endings.ts';
import type { EnvironmentRecord, ProjectRecord, Records, TokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Entry, Store, Transaction } from '../store/store.ts';
import { erasing } from './live.ts';
import { deletionTime } from './secrets.ts';

/** Objects looked at in one transaction: writers wait for no more than that. */
const batchSize = 100;
/** Store entries erased in one transaction. */
const eraseBatch = 1000;

/** What an entry of the sweeper's says. */
interface Due {
  readonly key: string;
  readonly kind: string;
  readonly rest: string;
  readonly deletedAt: number;
}

/** Returns how many objects were erased. */
export async function sweep(store: Store, records: Records, nowMs: number): Promise<number> {
  let erased = 0;
  for (;;) {
    const entries = await store.scan({ prefix: keys.expiryPrefix, before: keys.expiry(nowMs, ''), limit: batchSize });
    // What was erased may have left more to erase.
    if (entries.length === 0) return erased;
    const due = entries.map(dueOf);
    erased += await eraseSmallOnes(store, records, due, nowMs);
    for (const one of due.filter(({ kind }) => !isSmall(kind))) {
      if (await eraseObject(store, records, one, nowMs)) erased += 1;
      await store.transaction((transaction) => transaction.delete(one.key));
    }
  }
}

function dueOf({ key, value }: Entry): Due {
  const what = key.slice(keys.expiryPrefix.length + 15);
  const separator = what.indexOf('/');
  const deletedAt = Number(value.toString());
  return { key, kind: what.slice(0, separator), rest: what.slice(separator + 1), deletedAt };
}

async function eraseSmallOnes(store: Store, records: Records, due: readonly Due[], nowMs: number): Promise<number> {
  if (!due.some(({ kind }) => isSmall(kind))) return 0;
  return store.transaction(async (transaction) => {
    let erased = 0;
    for (const { key, kind, rest } of due) {
      if (!isSmall(kind)) continue;
      if (await eraseSmall(transaction, records, kind, rest, nowMs)) erased += 1;
      await transaction.delete(key);
    }
    return erased;
  });
}

async function eraseObject(
  store: Store,
  records: Records,
  { kind, rest, deletedAt }: Due,
  nowMs: number,
): Promise<boolean> {
  if (isLarge(kind)) return eraseLarge(store, records, kind, rest, nowMs);
  if (kind === 'secret') return store.transaction((transaction) => eraseSecret(transaction, rest, deletedAt));
  if (kind === 'environment') {
    const environment = await claim<EnvironmentRecord>(store, records, keys.environment(rest), deletedAt);
    if (!environment) return false;
    await eraseEnvironment(store, environment);
    return true;
  }
  const project = await claim<ProjectRecord>(store, records, keys.project(rest), deletedAt);
  if (!project) return false;
  await eraseProject(store, records, project, nowMs);
  return true;
}

/**
 * The object, which from here on nobody can restore: it goes in several transactions, and another server's clock may say that it
 * still can be. `undefined` when it is not in the trash, or not since `deletedAt`.
 */
async function claim<T extends EnvironmentRecord | ProjectRecord>(
  store: Store,
  records: Records,
  key: string,
  deletedAt: number,
): Promise<T | undefined> {
  return store.transaction(async (transaction) => {
    const record = await records.read<T>(transaction, key);
    if (!record || (record.deleted_at !== deletedAt && record.deleted_at !== erasing)) return undefined;
    await records.write(transaction, key, { ...record, deleted_at: erasing });
    return record;
  });
}

/** `rest`: environment id, key and secret id, as in keys.deletedSecret. The last version number stays. */
async function eraseSecret(transaction: Transaction, rest: string, deletedAt: number): Promise<boolean> {
  const environmentId = rest.slice(0, 36);
  const secretId = rest.slice(rest.lastIndexOf('\u0000') + 1);
  const key = rest.slice(37, rest.lastIndexOf('\u0000'));
  const tombstone = keys.deletedSecret(environmentId, key, secretId);
  const deleted = await transaction.get(tombstone);
  if (!deleted || deletionTime(deleted.value) !== deletedAt) return false;
  await transaction.delete(tombstone);
  for (const { key: old } of await transaction.scan({ prefix: keys.historyPrefix(environmentId, secretId) }))
    await transaction.delete(old);
  return true;
}

async function eraseEnvironment(store: Store, environment: EnvironmentRecord): Promise<void> {
  const { id, project_id: projectId, slug } = environment;
  for (const prefix of [
    keys.secretPrefix(id),
    keys.historyOfEnvironmentPrefix(id),
    keys.deletedSecretOfEnvironmentPrefix(id),
    keys.lastVersionPrefix(id),
    keys.eventPrefix(id),
    keys.slugOfEnvironmentPrefix(id),
  ]) {
    await erasePrefix(store, prefix);
  }
  await store.transaction(async (transaction) => {
    await transaction.delete(keys.environment(id));
    await transaction.delete(keys.environmentState(id));
    await transaction.delete(keys.environmentOfProject(projectId, id));
    await transaction.delete(keys.deletedEnvironment(projectId, slug, id));
  });
}

async function eraseProject(store: Store, records: Records, project: ProjectRecord, nowMs: number): Promise<void> {
  const { id, org_id: orgId, slug } = project;
  for (const environment of await allEnvironments(store, records, id)) await eraseEnvironment(store, environment);
  const tokenPrefix = keys.tokenOfProjectPrefix(id);
  for (const { key } of await store.scan({ prefix: tokenPrefix }))
    await eraseToken(store, records, key.slice(tokenPrefix.length), nowMs);
  await erasePrefix(store, tokenPrefix);
  await erasePrefix(store, keys.slugOfProjectPrefix(id));
  await erasePrefix(store, keys.environmentBySlugPrefix(id));
  await store.transaction(async (transaction) => {
    await transaction.delete(keys.project(id));
    await transaction.delete(keys.deletedProject(orgId, slug, id));
  });
}

/** Live ones and those that were in the trash before the project was. */
async function allEnvironments(store: Store, records: Records, projectId: string): Promise<EnvironmentRecord[]> {
  const live = keys.environmentOfProjectPrefix(projectId);
  const trash = `deletedenvironment/${projectId}/`;
  const ids = [
    ...(await store.scan({ prefix: live })).map(({ key }) => key.slice(live.length)),
    ...(await store.scan({ prefix: trash })).map(({ key }) => key.slice(key.lastIndexOf('\u0000') + 1)),
  ];
  const found = await Promise.all(ids.map((id) => records.read<EnvironmentRecord>(store, keys.environment(id))));
  return found.filter((environment) => environment !== undefined);
}

async function eraseToken(store: Store, records: Records, id: string, nowMs: number): Promise<void> {
  const hash = (await store.get(keys.tokenById(id)))?.value.toString();
  if (hash === undefined) return;
  const token = await records.read<TokenRecord>(store, keys.token(hash));
  if (token) await store.transaction((transaction) => forgetToken(transaction, token, nowMs));
}

async function erasePrefix(store: Store, prefix: string): Promise<void> {
  for (;;) {
    const entries = await store.scan({ prefix, limit: eraseBatch });
    if (entries.length === 0) return;
    await store.transaction(async (transaction) => {
      for (const { key } of entries) await transaction.delete(key);
    });
  }
}
