// Creates organisation, project, environments, secrets and the service token of an ephemeral vault, in one transaction.

import { systemActor } from '../domain/actor.ts';
import { createEnvironment, listEnvironments } from '../server/cloud/environments.ts';
import { createOrg } from '../server/cloud/orgs.ts';
import { createProject } from '../server/cloud/projects.ts';
import { SecretWriter } from '../server/cloud/secrets.ts';
import { createServiceToken } from '../server/cloud/tokens.ts';
import type { OrgRecord, ProjectRecord, TokenRecord } from '../server/records.ts';
import type { Transaction } from '../server/store/store.ts';
import type { Vault } from '../server/vault.ts';
import type { SeedPlan } from './seed.ts';

export interface Defaults {
  readonly org: string;
  readonly project: string;
  readonly environments: readonly string[];
}

export interface Provisioned {
  readonly orgId: string;
  readonly projectId: string;
  readonly serviceToken: string;
}

export function provision(vault: Vault, plan: SeedPlan, defaults: Defaults): Promise<Provisioned> {
  const nowMs = vault.host.now();
  const context = { actor: systemActor, nowMs, random: vault.host.randomBytes };
  return vault.store.transaction(async (transaction) => {
    const root = { kind: 'root', actor: systemActor, token: {} as TokenRecord } as const;
    const org = await createOrg(
      transaction,
      vault.records,
      vault.seal.keyring,
      root,
      { name: defaults.org, slug: defaults.org },
      nowMs,
    );
    const main = await makeProject(vault, transaction, org, defaults.project, defaults.environments);
    for (const [slug, environments] of plan) {
      const project =
        slug === main.slug ? main : await makeProject(vault, transaction, org, slug, [...environments.keys()]);
      for (const [environment, secrets] of environments) await fill(vault, transaction, project, environment, secrets);
    }
    const token = await createServiceToken(
      transaction,
      vault.records,
      main,
      { name: 'dev', permissions: ['read', 'write'] },
      context,
    );
    return { orgId: org.id, projectId: main.id, serviceToken: token.plaintext ?? '' };
  });
}

function makeProject(
  vault: Vault,
  transaction: Transaction,
  org: OrgRecord,
  slug: string,
  environments: readonly string[],
): Promise<ProjectRecord> {
  return createProject(transaction, vault.records, org, { name: slug, slug, environments }, vault.host.now());
}

async function fill(
  vault: Vault,
  transaction: Transaction,
  project: ProjectRecord,
  slug: string,
  secrets: ReadonlyMap<string, string>,
): Promise<void> {
  const nowMs = vault.host.now();
  const known = (await listEnvironments(transaction, vault.records, project.id)).find(
    (environment) => environment.slug === slug,
  );
  const environment = known ?? (await createEnvironment(transaction, vault.records, project, { slug }, nowMs));
  const options = { actor: systemActor, nowMs, retentionMs: vault.options.retentionMs };
  const writer = await SecretWriter.open(transaction, vault.seal.keyring, environment, options);
  for (const [key, value] of secrets) await writer.put({ key, value });
  await writer.finish();
}
