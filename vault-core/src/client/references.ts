// Resolves `zvault://` references with as few requests as possible: one bulk read per project and environment, KV paths a few at
// a time. All or nothing.
//
// `zvault://env/…` and `zvault://<project>/<KEY>` mean the cloud project where the server routes /v1/cloud, else a KV path. Which
// of the two is decided by the routes, never by a key that is not found.

import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import { parseReference, type Reference } from '../domain/reference.ts';
import type { Bulk, Entries } from './bulk.ts';
import { mapConcurrent } from './concurrent.ts';
import { isNotFound, isUnrouted } from './failures.ts';
import { readKv, selectField, selectJsonField } from './kv.ts';
import type { Read, Reader } from './reader.ts';
import type { Requester } from './requester.ts';
import type { Place } from './scope.ts';
import { Secrets } from './secrets.ts';

const parallelReads = 8;
/** So many missing references are named in a message. */
const maxNamed = 20;

export interface ResolveOptions {
  /** For references that name none. @default the client's environment */
  readonly environment?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type CloudReference = Exclude<Reference, { kind: 'kv' }>;

/** What the resolution of one set of references shares. */
interface Run {
  readonly environment: string | undefined;
  /** Bulk reads by place: one each, with or without a cache. */
  readonly reads: Map<string, Promise<Read<Entries>>>;
  fetchedAtMs: number;
  stale: boolean;
}

export class References {
  readonly #requester: Requester;
  readonly #bulk: Bulk;
  readonly #reader: Reader;

  constructor(requester: Requester, bulk: Bulk, reader: Reader) {
    this.#requester = requester;
    this.#bulk = bulk;
    this.#reader = reader;
  }

  /** Values under the texts of their references. @throws REFERENCE_INVALID; NOT_FOUND that names all that are missing */
  async resolveAll(texts: Iterable<string>, options: ResolveOptions = {}): Promise<Secrets> {
    const wanted = [...new Set(texts)].map((text) => ({ text, reference: parseReference(text) }));
    const { environment, signal } = options;
    const fetchedAtMs = this.#requester.settings.host.now();
    const run: Run = { environment, reads: new Map(), fetchedAtMs, stale: false };
    const outcomes = await mapConcurrent(
      wanted,
      parallelReads,
      ({ reference }, signal) => missingAsValue(() => this.#resolve(reference, run, signal)),
      signal,
    );
    const values = new Map<string, { value: string }>();
    const missing: string[] = [];
    outcomes.forEach((outcome, index) => {
      const text = wanted[index]?.text ?? '';
      if (typeof outcome === 'string') values.set(text, { value: outcome });
      else missing.push(`${text} (${outcome.message})`);
    });
    if (missing.length > 0) throw notFound(missing);
    return new Secrets(values, run);
  }

  async #resolve(reference: Reference, run: Run, signal: AbortSignal): Promise<string> {
    if (reference.kind === 'kv') return this.#fromKv(reference.path, reference, signal);
    try {
      return await this.#fromCloud(reference, run, signal);
    } catch (error) {
      const local = reference.kind !== 'cloud' && isUnrouted(error) && !(await this.#bulk.hasCloud(signal));
      if (!local) throw error;
    }
    const project = `${reference.project}/${reference.key}`;
    return this.#fromKv(reference.kind === 'env' ? `env/${project}` : project, reference, signal);
  }

  async #fromCloud(reference: CloudReference, run: Run, signal: AbortSignal): Promise<string> {
    const { project, key, field } = reference;
    const place: Place = {
      org: reference.kind === 'cloud' ? reference.org : undefined,
      project,
      environment: (reference.kind === 'env' ? undefined : reference.environment) ?? run.environment,
    };
    const version = reference.kind === 'env' ? undefined : reference.version;
    const value =
      version === undefined
        ? await this.#fromBulk(place, key, run, signal)
        : (await this.#reader.fetchOne(place, key, version, signal)).value;
    if (field === undefined) return value;
    const selected = selectJsonField(value, key, field);
    this.#requester.settings.onValue(selected);
    return selected;
  }

  async #fromBulk(place: Place, key: string, run: Run, signal: AbortSignal): Promise<string> {
    const id = this.#reader.keyOf(place);
    let reading = run.reads.get(id);
    if (reading === undefined) {
      reading = this.#reader.readAll(place, { signal });
      run.reads.set(id, reading);
    }
    const { value: entries, checkedAtMs, stale } = await reading;
    run.fetchedAtMs = Math.min(run.fetchedAtMs, checkedAtMs);
    run.stale ||= stale;
    const entry = entries.get(key);
    if (entry === undefined) throw new ZvaultError('NOT_FOUND', 'the environment has no such secret');
    return entry.value;
  }

  async #fromKv(location: string, reference: Reference, signal: AbortSignal): Promise<string> {
    const version = reference.kind === 'env' ? undefined : reference.version;
    const { text } = await readKv(this.#requester, location, { version, signal });
    const value = selectField(text, location, reference.field);
    this.#requester.settings.onValue(value);
    return value;
  }
}

/** A missing secret is one of perhaps several to report; everything else ends the work. */
async function missingAsValue(read: () => Promise<string>): Promise<string | ZvaultError> {
  try {
    return await read();
  } catch (error) {
    if (isZvaultError(error) && isNotFound(error)) return error;
    throw error;
  }
}

function notFound(missing: readonly string[]): ZvaultError {
  const rest = missing.length - maxNamed;
  const named = missing.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return new ZvaultError('NOT_FOUND', `not found: ${named}`, {
    hint: 'check project, environment and key',
    details: { missing },
  });
}
