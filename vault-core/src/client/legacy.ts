// All secrets of an environment from a server without bulk reads: its list of keys, then each value, a few at a time.

import { ZvaultError } from '../domain/errors.ts';
import type { Fetched, FetchOptions } from './bulk.ts';
import { mapConcurrent } from './concurrent.ts';
import { decodeArray, decodeEntry, decodeMetadata, decodeObject, type Entry, type SecretMetadata } from './decode.ts';
import { isNotFound } from './failures.ts';
import { path, type RequestPath, under } from './path.ts';
import type { Requester } from './requester.ts';
import type { Place, Scope } from './scope.ts';

const parallelReads = 20;
/** How often the list is read again because a key went away between list and read. */
const maxListings = 3;

/** @throws what any of its requests throws: a part is never passed off as the whole */
export async function fetchLegacy(
  requester: Requester,
  scope: Scope,
  place: Place & { readonly environment: string },
  options: FetchOptions,
): Promise<Fetched> {
  const { org, project } = await scope.projectIds(place, options.signal);
  const secrets = path`/v1/cloud/orgs/${org}/projects/${project}/envs/${place.environment}/secrets`;
  for (let listing = 1; ; listing += 1) {
    const listed = await requester.call({ method: 'GET', path: secrets, signal: options.signal });
    const keys = decodeArray(listed.json, 'keys').map(decodeMetadata);
    try {
      const entries = await mapConcurrent(
        keys,
        parallelReads,
        async (metadata, signal) => known(options, metadata) ?? readOne(requester, secrets, metadata, signal),
        options.signal,
      );
      return { kind: 'entries', entries: new Map(entries.map((entry) => [entry.key, entry])), etag: undefined };
    } catch (error) {
      if (!isNotFound(error) || listing >= maxListings) throw error;
    }
  }
}

/** The value that is known already, if the list says that it has not changed. */
function known(options: FetchOptions, metadata: SecretMetadata): Entry | undefined {
  const entry = options.known?.entries.get(metadata.key);
  // The version alone does not do: it starts again when a key is deleted and made anew.
  const same = entry?.version === metadata.version && entry.updated_at === metadata.updated_at;
  return same && metadata.updated_at !== '' ? entry : undefined;
}

async function readOne(
  requester: Requester,
  secrets: RequestPath,
  metadata: SecretMetadata,
  signal: AbortSignal,
): Promise<Entry> {
  const reply = await requester.call({ method: 'GET', path: under(secrets, path`/${metadata.key}`), signal });
  const entry = decodeEntry(decodeObject(reply.json, 'the answer')['secret']);
  if (entry.key !== metadata.key) {
    throw new ZvaultError('BAD_ANSWER', `the server answered another secret than "${metadata.key}"`);
  }
  return entry;
}
