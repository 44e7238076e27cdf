// The values of a job: the environment by one bulk read, and the references that stand in the job's own variables.

import type { VaultClient } from '../client/client.ts';
import { isZvaultError } from '../domain/errors.ts';
import { isReference } from '../domain/reference.ts';
import { ciError } from './errors.ts';
import type { CiWorld } from './platform.ts';
import { type ReadContext, readFailure } from './read-failure.ts';
import type { Session } from './session.ts';

export interface Fetched {
  readonly secrets: ReadonlyMap<string, string>;
  /** Values by the names of the job's own variables that were references. */
  readonly references: ReadonlyMap<string, string>;
  /** Names this state of the environment; undefined on servers that have no name for it. */
  readonly version: string | undefined;
}

/** The job's own variables whose value is a reference. */
export function referencesOf(env: CiWorld['env']): Map<string, string> {
  const own = Object.entries(env).filter(
    ([name, value]) => value !== undefined && isReference(value) && !/^(?:INPUT|ZVAULT)_/i.test(name),
  );
  return new Map(own.map(([name, value]) => [name, value ?? '']));
}

/**
 * Reads the environment, by one request, and resolves references. `wantsAll` false: the references only.
 * @throws ZVCI-102 to ZVCI-140; nothing comes of a read of which a part failed
 */
export async function fetchValues(
  session: Pick<Session, 'client'>,
  references: ReadonlyMap<string, string>,
  wantsAll: boolean,
  context: ReadContext,
): Promise<Fetched> {
  try {
    const { client } = session;
    let secrets: ReadonlyMap<string, string> = new Map();
    let version: string | undefined;
    if (wantsAll && references.size === 0) {
      const changed = await client.getAllIfChanged(undefined);
      secrets = new Map(changed?.secrets ?? []);
      version = changed?.etag?.replaceAll(/^(?:W\/)?"|"$/g, '');
    } else if (wantsAll) secrets = new Map(await client.getAll());
    const resolved = await resolve(client, references);
    return { secrets, references: resolved, version };
  } catch (error) {
    throw readFailure(error, context);
  }
}

async function resolve(client: VaultClient, references: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  if (references.size === 0) return new Map();
  try {
    const values = await client.resolveAll(references.values());
    return new Map(Array.from(references, ([name, text]) => [name, values.get(text) ?? '']));
  } catch (error) {
    if (isZvaultError(error) && error.code === 'REFERENCE_INVALID') {
      throw ciError('ZVCI-100', `a variable of the job holds a reference that is not valid: ${error.message}`, {
        cause: error,
      });
    }
    const missing = isZvaultError(error) ? error.details?.['missing'] : undefined;
    if (Array.isArray(missing)) {
      const names = [...references].filter(([, text]) => missing.some((one) => String(one).startsWith(`${text} `)));
      throw ciError('ZVCI-140', `no such secret for the variable ${names.map(([name]) => name).join(', ')}`, {
        cause: error,
      });
    }
    throw error;
  }
}
