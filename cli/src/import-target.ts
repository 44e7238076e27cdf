// Where `import` stores: the cloud project, made if it is not there yet, or the KV paths of a vault without cloud
// routes.

import { basename, dirname } from 'node:path';
import { ZvaultError, isZvaultError, slugOfName } from '@zvault/core/domain';
import { type VaultClient, isUnrouted } from '@zvault/core/client';
import type { Settings } from './settings.ts';

export type ImportTarget =
  | {
      readonly kind: 'cloud';
      readonly org: string;
      /** Slug, as references name it. */
      readonly project: string;
      readonly environment: string;
      /** The project is not there yet. */
      readonly missing: boolean;
    }
  | { readonly kind: 'kv'; readonly project: string };

const defaultEnvironment = 'development';

/**
 * Finds the target; creates nothing.
 * @throws CONFIG_INVALID when the organisation cannot be told, NOT_FOUND when there is none
 */
export async function findImportTarget(client: VaultClient, settings: Settings, file: string): Promise<ImportTarget> {
  const project = settings.project ?? settings.projectFile?.name ?? nameOfFolder(file);
  let me;
  try {
    me = await client.me();
  } catch (error) {
    if (isUnrouted(error)) return { kind: 'kv', project };
    throw error;
  }
  const environment = settings.environment ?? me.environment ?? defaultEnvironment;
  if (me.org_id !== null && me.project_id !== null) {
    // A service token reaches its own project only, and may not ask about projects.
    if (settings.project !== undefined && settings.project !== me.project_id && settings.project !== me.project_slug) {
      throw new ZvaultError(
        'FORBIDDEN',
        `the token is for the project "${me.project_slug}", not for "${settings.project}"`,
        {
          hint: 'leave --project out, or use another token',
        },
      );
    }
    return { kind: 'cloud', org: me.org_id, project: me.project_slug ?? me.project_id, environment, missing: false };
  }
  const org = settings.org ?? (await onlyOrg(client));
  try {
    const found = await client.cloud.projects.get(org, project);
    return { kind: 'cloud', org, project: found.slug, environment, missing: false };
  } catch (error) {
    if (!isZvaultError(error) || error.code !== 'NOT_FOUND') throw error;
    // Asks for the organisation, so that a mistyped one is not taken for a missing project.
    await client.cloud.orgs.get(org);
    return { kind: 'cloud', org, project, environment, missing: true };
  }
}

/** The organisation, where the token sees just one. @throws CONFIG_INVALID, NOT_FOUND */
export async function onlyOrg(client: VaultClient): Promise<string> {
  const orgs = await client.cloud.orgs.list();
  const [first] = orgs;
  if (first === undefined) {
    throw new ZvaultError('NOT_FOUND', 'there is no organisation yet', {
      hint: 'run zvault cloud init --create --org NAME --project NAME',
    });
  }
  if (orgs.length > 1) {
    throw new ZvaultError('CONFIG_INVALID', 'the token sees several organisations', {
      hint: `add --org, one of: ${orgs.map(({ slug }) => slug).join(', ')}`,
    });
  }
  return first.slug;
}

function nameOfFolder(file: string): string {
  return slugOfName(basename(dirname(file))) ?? 'app';
}
