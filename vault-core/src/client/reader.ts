// Reads with memory: fresh values without asking, one request for callers that ask at once, last-known values while the server
// is away, renewal in the background. A refused token ends all of it.

import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import type { Bulk, Entries } from './bulk.ts';
import { decodeEntry, decodeObject, type Entry } from './decode.ts';
import { isAway, isNotFound, isRefusal } from './failures.ts';
import type { FallbackFile } from './fallback-file.ts';
import { Flight } from './flight.ts';
import { EnvironmentMemory, type Remembered } from './memory.ts';
import type { ReadSource } from './metrics.ts';
import { path } from './path.ts';
import type { Requester } from './requester.ts';
import type { Place, Scope } from './scope.ts';

export interface Read<T> {
  readonly value: T;
  readonly checkedAtMs: number;
  readonly stale: boolean;
}

export interface ReadControl {
  readonly signal?: AbortSignal | undefined;
  /** Ask the server even if the values are fresh. */
  readonly fresh?: boolean | undefined;
}

interface Shelf {
  readonly memory: EnvironmentMemory;
  flight?: { readonly flight: Flight<Read<Entries>>; readonly generation: number };
  timer?: NodeJS.Timeout;
}

export class Reader {
  readonly #requester: Requester;
  readonly #scope: Scope;
  readonly #bulk: Bulk;
  readonly #shelves = new Map<string, Shelf>();
  #fallback: Promise<FallbackFile> | undefined;

  constructor(requester: Requester, scope: Scope, bulk: Bulk) {
    this.#requester = requester;
    this.#scope = scope;
    this.#bulk = bulk;
  }

  /** All secrets of an environment. */
  async readAll(place: Place, control: ReadControl = {}): Promise<Read<Entries>> {
    const shelf = this.#shelf(place);
    const { memory } = shelf;
    const nowMs = this.#now();
    if (!control.fresh) {
      const fresh = memory.freshAll(nowMs);
      if (fresh !== undefined) return this.#answer(fresh, 'hit');
      const last = memory.isQuiet(nowMs) ? memory.lastAll(nowMs) : undefined;
      if (last !== undefined) return this.#answer(last, 'stale');
    }
    return this.#fly(place, shelf).join(control.signal);
  }

  /** One request past the memory, which learns nothing from it. `undefined`: the server still has what `etag` names. */
  async readIfChanged(
    place: Place,
    etag: string | undefined,
    signal?: AbortSignal,
  ): Promise<
    { readonly entries: Entries; readonly etag: string | undefined; readonly checkedAtMs: number } | undefined
  > {
    try {
      const environment = await this.#scope.environment(place, signal);
      const known = etag === undefined ? undefined : { entries: new Map<string, Entry>(), etag };
      const fetched = await this.#bulk.fetch({ ...place, environment }, { signal, known });
      if (fetched.kind === 'unchanged') return undefined;
      for (const { value } of fetched.entries.values()) this.#requester.settings.onValue(value);
      return { entries: fetched.entries, etag: fetched.etag, checkedAtMs: this.#now() };
    } catch (error) {
      if (isRefusal(error)) await this.#refused(place);
      throw error;
    }
  }

  /** One secret, from memory or by a request of its own. @throws NOT_FOUND */
  async readOne(place: Place, key: string, control: ReadControl = {}): Promise<Read<Entry>> {
    const { memory } = this.#shelf(place);
    const nowMs = this.#now();
    if (!control.fresh) {
      const fresh = memory.freshOne(key, nowMs);
      if (fresh !== undefined) return this.#answer(fresh, 'hit');
      const last = memory.isQuiet(nowMs) ? memory.lastOne(key, nowMs) : undefined;
      if (last !== undefined) return this.#answer(last, 'stale');
    }
    const { generation } = memory;
    try {
      const entry = await this.fetchOne(place, key, undefined, control.signal);
      memory.storeOne(entry, generation, this.#now());
      this.#requester.metrics.read('miss');
      return { value: entry, checkedAtMs: this.#now(), stale: false };
    } catch (error) {
      // The caller's own time limit says nothing about the server.
      if (control.signal?.aborted) throw error;
      const last = memory.lastOne(key, this.#now());
      if (isRefusal(error)) await this.#refused(place);
      else if (isNotFound(error)) memory.forget(key);
      else if (isAway(error) && last !== undefined) {
        memory.quiet(this.#now());
        return this.#answer(last, 'stale');
      } else if (isAway(error)) {
        const saved = await this.#readFallback(place);
        const entry = saved?.value.get(key);
        if (saved !== undefined && entry !== undefined) return { ...saved, value: entry };
      }
      throw error;
    }
  }

  /** One secret by a request, an older version of it if asked. */
  async fetchOne(place: Place, key: string, version: number | undefined, signal?: AbortSignal): Promise<Entry> {
    const environment = await this.#scope.environment(place, signal);
    const { json } = await this.#scope.withProject(place, signal, ({ org, project }) =>
      this.#requester.call({
        method: 'GET',
        path: path`/v1/cloud/orgs/${org}/projects/${project}/envs/${environment}/secrets/${key}`,
        query: { version },
        signal,
      }),
    );
    const entry = decodeEntry(decodeObject(json, 'the answer')['secret']);
    this.#requester.settings.onValue(entry.value);
    if (entry.key !== key) throw new ZvaultError('BAD_ANSWER', `the server answered another secret than "${key}"`);
    if (version !== undefined && entry.version !== version) {
      throw new ZvaultError('BAD_ANSWER', `the server answered another version of "${key}" than the one asked for`, {
        hint: 'this server may keep no older versions',
      });
    }
    return entry;
  }

  /** The same text for places that are known to be the same. */
  keyOf(place: Place): string {
    const own = this.#scope.isOwn(place);
    const environment = this.#scope.knownEnvironment(place) ?? '';
    return JSON.stringify(own ? [environment] : [environment, place.org ?? '', place.project ?? '']);
  }

  /** Memory of the environment that a write of this client changed. */
  memoryOf(place: Place): EnvironmentMemory {
    return this.#shelf(place).memory;
  }

  /** The token was refused: what it opened is not used any more, in memory and on disk. */
  async forgetAll(): Promise<void> {
    this.forgetMemory();
    await this.#dropFallback();
  }

  /** The token is another one now: it may open another project. */
  forgetMemory(): void {
    for (const { memory } of this.#shelves.values()) memory.forget();
  }

  close(): void {
    for (const shelf of this.#shelves.values()) {
      clearTimeout(shelf.timer);
      shelf.memory.forget();
    }
    this.#shelves.clear();
  }

  #fly(place: Place, shelf: Shelf): Flight<Read<Entries>> {
    const { generation } = shelf.memory;
    const { flight } = shelf;
    // A flight from before a write would bring the old values.
    if (flight !== undefined && !flight.flight.over && flight.generation === generation) return flight.flight;
    const started = new Flight((signal) => this.#fetch(place, shelf, signal));
    shelf.flight = { flight: started, generation };
    return started;
  }

  async #fetch(place: Place, shelf: Shelf, signal: AbortSignal): Promise<Read<Entries>> {
    const { memory } = shelf;
    const { generation } = memory;
    try {
      const environment = await this.#scope.environment(place, signal);
      this.#rename(place, shelf);
      // With values in hand, one more try is enough: waiting longer helps nobody.
      const patient = memory.lastAll(this.#now()) === undefined;
      const { maxRetries } = this.#requester.settings;
      const known = memory.known();
      const fetched = await this.#bulk.fetch(
        { ...place, environment },
        { signal, known, maxRetries: patient ? maxRetries : Math.min(1, maxRetries) },
      );
      const nowMs = this.#now();
      if (fetched.kind === 'unchanged') memory.confirm(generation, nowMs);
      else {
        for (const { value } of fetched.entries.values()) this.#requester.settings.onValue(value);
        memory.store(fetched.entries, fetched.etag, generation, nowMs);
      }
      const entries = fetched.kind === 'entries' ? fetched.entries : (known?.entries ?? new Map<string, Entry>());
      this.#requester.metrics.read('miss');
      this.#schedule(place, shelf);
      await this.#saveFallback(place, entries, nowMs);
      return { value: entries, checkedAtMs: nowMs, stale: false };
    } catch (error) {
      return this.#fallBack(error, place, memory);
    }
  }

  async #fallBack(error: unknown, place: Place, memory: EnvironmentMemory): Promise<Read<Entries>> {
    if (isRefusal(error)) await this.#refused(place);
    else if (isNotFound(error)) memory.forget();
    else if (isAway(error)) {
      const last = memory.lastAll(this.#now());
      if (last !== undefined) {
        memory.quiet(this.#now());
        return this.#answer(last, 'stale');
      }
      const saved = await this.#readFallback(place);
      if (saved !== undefined) return saved;
    }
    throw error;
  }

  #answer<T>(remembered: Remembered<T>, source: ReadSource): Read<T> {
    this.#requester.metrics.read(source);
    const { value, checkedAtMs } = remembered;
    if (source === 'stale') {
      this.#requester.settings.log({ level: 'warn', event: 'read', message: 'the server is away: last-known values' });
    }
    return { value, checkedAtMs, stale: source !== 'hit' };
  }

  /** This environment is closed to the token. (A token that is no good at all ends in `forgetAll`.) */
  async #refused(place: Place): Promise<void> {
    this.#shelf(place).memory.forget();
    if (this.#isHome(place)) await this.#dropFallback();
  }

  #shelf(place: Place): Shelf {
    const key = this.keyOf(place);
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      const { cacheTtlMs, staleLimitMs } = this.#requester.settings;
      shelf = { memory: new EnvironmentMemory({ ttlMs: cacheTtlMs, staleLimitMs }) };
      this.#shelves.set(key, shelf);
    }
    return shelf;
  }

  /** Once the token has told its environment, the shelf of "the token's own" is that environment's. */
  #rename(place: Place, shelf: Shelf): void {
    const key = this.keyOf(place);
    if (!this.#shelves.has(key)) this.#shelves.set(key, shelf);
  }

  #schedule(place: Place, shelf: Shelf): void {
    const { autoRefresh, cacheTtlMs, log } = this.#requester.settings;
    if (!autoRefresh || cacheTtlMs === 0 || this.#requester.closed) return;
    clearTimeout(shelf.timer);
    const refresh = async (): Promise<void> => {
      try {
        const { stale } = await this.#fly(place, shelf).join();
        log({ level: 'debug', event: 'refresh', message: stale ? 'not renewed: the server is away' : 'renewed' });
        if (stale) this.#schedule(place, shelf);
      } catch (error) {
        const code = isZvaultError(error) ? error.code : 'INTERNAL';
        log({ level: 'warn', event: 'refresh', message: 'not renewed', code });
        // A refused token gets no further questions until somebody reads again.
        if (isAway(error)) this.#schedule(place, shelf);
      }
    };
    shelf.timer = setTimeout(() => void refresh(), cacheTtlMs * (0.7 + 0.2 * this.#requester.random()));
    shelf.timer.unref();
  }

  /** The place that the fallback file is for: the client's own environment. */
  #isHome(place: Place): boolean {
    const { environment } = this.#requester.settings;
    return this.#scope.isOwn(place) && (place.environment === undefined || place.environment === environment);
  }

  async #readFallback(place: Place): Promise<Read<Entries> | undefined> {
    if (!this.#isHome(place)) return undefined;
    const saved = await (await this.#openFallback())?.read();
    if (saved === undefined) return undefined;
    for (const { value } of saved.entries.values()) this.#requester.settings.onValue(value);
    this.#requester.metrics.read('file');
    return { value: saved.entries, checkedAtMs: saved.savedAtMs, stale: true };
  }

  async #saveFallback(place: Place, entries: Entries, nowMs: number): Promise<void> {
    if (this.#isHome(place)) await (await this.#openFallback())?.save(entries, nowMs);
  }

  async #dropFallback(): Promise<void> {
    await (await this.#openFallback())?.remove();
  }

  #openFallback(): Promise<FallbackFile> | undefined {
    const { settings, tokens } = this.#requester;
    if (settings.fallbackFile === undefined) return undefined;
    const file = settings.fallbackFile;
    this.#fallback ??= import('./fallback-file.ts').then(
      ({ FallbackFile: Opened }) => new Opened(settings, file, tokens),
    );
    return this.#fallback;
  }

  #now(): number {
    return this.#requester.settings.host.now();
  }
}
