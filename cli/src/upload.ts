// Stores many values: in one request where the server takes that, else one by one.

import { type Secret, ZvaultError, isZvaultError, keyProblem, messageOf, valueProblem } from '@zvault/core/domain';
import { type VaultClient, isUnrouted } from '@zvault/core/client';

export type Values = ReadonlyMap<string, Secret>;

/** @throws INPUT_INVALID naming every key that no vault takes */
export function checkValues(file: string, values: Values): void {
  const problems = Array.from(values, ([key, value]) => {
    const problem = keyProblem(key) ?? valueProblem(value.expose());
    return problem === undefined ? [] : [`${key}: ${problem}`];
  }).flat();
  if (problems.length > 0) throw new ZvaultError('INPUT_INVALID', `${file} cannot be stored: ${problems.join('; ')}`);
}

/**
 * Stores all of them in the client's environment, or none. @throws PARTIAL where a server without batches failed
 * midway
 */
export async function storeInCloud(client: VaultClient, values: Values, comment?: string): Promise<void> {
  const operations = Array.from(values, ([key, value]) => ({
    op: 'put' as const,
    key,
    value: value.expose(),
    ...(comment === undefined ? {} : { comment }),
  }));
  try {
    await client.batch(operations);
  } catch (error) {
    if (!isUnrouted(error)) throw error;
    await oneByOne(values, (key, value) => client.set(key, value.expose()));
  }
}

/**
 * Stores all of them under `env/<project>/` of the KV store, in the shape in which references read them (contract
 * 5.3).
 */
export async function storeInKv(client: VaultClient, project: string, values: Values): Promise<void> {
  await oneByOne(values, (key, value) => {
    const path = ['env', ...project.split('/'), ...key.split('/')].map(encodeURIComponent).join('/');
    return client.request('POST', `/v1/secret/data/${path}`, { body: { data: { value: value.expose() } } });
  });
}

async function oneByOne(values: Values, store: (key: string, value: Secret) => Promise<unknown>): Promise<void> {
  let stored = 0;
  for (const [key, value] of values) {
    try {
      await store(key, value);
    } catch (error) {
      if (stored === 0 || !isZvaultError(error)) throw error;
      throw new ZvaultError(
        'PARTIAL',
        `${stored} of ${values.size} values are stored, then ${key} failed: ${messageOf(error)}`,
        {
          hint: 'run the same command again once that is mended: what is stored already is stored again',
          cause: error,
        },
      );
    }
    stored += 1;
  }
}
