// The keys of an issuer, kept fresh: from its configuration, from a file, or fetched. A rotated key is found when the first
// token names it, a removed one is gone within ten minutes, and an issuer that is away for a while stops nobody.

import { readFileSync } from 'node:fs';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { fetchDiscovery } from './discovery.ts';
import { type FetchRules, fetchJson } from './fetch-json.ts';
import type { IssuerConfig } from './issuers-config.ts';
import { type KeySet, parseKeySet } from './jwk.ts';

/** How long a key set is used without asking again. */
const freshMs = 600_000;
/** How long the last set is used while new ones can't be had. Beyond it a removed key could live as long as its owner can keep us from asking. */
const lastResortMs = 86_400_000;
/** The least time between two attempts while refreshing fails. */
const refreshIntervalMs = 10_000;
/**
 * Tokens with unknown keys may ask for so many refreshes in so long. More than one, so that a made-up token does not keep out
 * the first token with a new key.
 */
const forced = { refreshes: 3, inMs: 30_000 } as const;
/** The least time between two attempts while there are no keys at all. */
const firstIntervalMs = 1000;

export interface IssuerKeys {
  /** The set as of at most ten minutes ago, or the last one if no newer can be had. @throws UNAVAILABLE */
  current(): Promise<KeySet>;
  /** A set newer than `seen`, if the last such request was not just now; else the current one. @throws UNAVAILABLE */
  newerThan(seen: KeySet): Promise<KeySet>;
  close(): void;
}

export interface KeyCacheOptions {
  readonly now: () => number;
  /** Told once for each new reason why a refresh fails. */
  readonly warn: (message: string) => void;
}

/** Keys that stand in the configuration. */
export function fixedKeys(keys: KeySet): IssuerKeys {
  return { current: async () => keys, newerThan: async () => keys, close: () => {} };
}

/** Reads a key set from a file: `KeyCache`'s loader. @throws BAD_ANSWER, or what reading throws */
export function keysOfFile(
  path: string,
  readFile: (path: string) => string = (from) => readFileSync(from, 'utf8'),
): KeySet {
  const text = readFile(path);
  try {
    return parseKeySet(JSON.parse(text));
  } catch (error) {
    // What JSON.parse says may quote the file.
    if (error instanceof SyntaxError) throw new ZvaultError('BAD_ANSWER', `${path} is not JSON`);
    throw error;
  }
}

/** Fetches a key set. @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER */
export async function fetchKeys(url: string, rules: FetchRules, signal: AbortSignal): Promise<KeySet> {
  return parseKeySet(await fetchJson(url, rules, signal));
}

/**
 * Finds an issuer's key set through its discovery document, which is held to the same rules as the key set.
 * @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER
 */
export async function discoverKeys(
  place: Pick<IssuerConfig, 'issuer' | 'discovery'>,
  rules: FetchRules,
  signal: AbortSignal,
): Promise<KeySet> {
  const { jwks_uri: address } = await fetchDiscovery(place, rules, signal);
  if (typeof address !== 'string') throw new ZvaultError('BAD_ANSWER', 'the discovery document has no "jwks_uri"');
  return fetchKeys(address, rules, signal);
}

/** Keeps what `load` gives. One load at a time, whatever the number of requests that wait for it. */
export class KeyCache implements IssuerKeys {
  readonly #issuer: string;
  readonly #load: (signal: AbortSignal) => KeySet | Promise<KeySet>;
  readonly #options: KeyCacheOptions;
  readonly #closing = new AbortController();
  #keys: KeySet | undefined;
  #loadedAtMs = 0;
  #attemptedAtMs: number | undefined;
  /** The latest refreshes that tokens asked for, oldest first. */
  #forcedAtMs: readonly number[] = [];
  #loading: Promise<void> | undefined;
  #problem: string | undefined;

  /** `first`: a set that has been loaded already. */
  constructor(
    issuer: string,
    load: (signal: AbortSignal) => KeySet | Promise<KeySet>,
    options: KeyCacheOptions,
    first?: KeySet,
  ) {
    this.#issuer = issuer;
    this.#load = load;
    this.#options = options;
    this.#keys = first;
    this.#loadedAtMs = options.now();
  }

  async current(): Promise<KeySet> {
    const known = this.#youngerThan(freshMs);
    if (known) return known;
    const last = this.#youngerThan(lastResortMs);
    const due = this.#isOver(this.#attemptedAtMs, last ? refreshIntervalMs : firstIntervalMs);
    const loading = this.#loading ?? (due ? this.#refresh() : undefined);
    // While an issuer is away only the first request waits for it; the others go on with the last keys.
    if (!last || this.#problem === undefined) await loading;
    return this.#usable();
  }

  async newerThan(seen: KeySet): Promise<KeySet> {
    const recent = this.#forcedAtMs.filter((atMs) => !this.#isOver(atMs, forced.inMs));
    if (this.#keys === seen && !this.#loading && recent.length < forced.refreshes) {
      this.#forcedAtMs = [...recent, this.#options.now()];
      void this.#refresh();
    }
    await this.#loading;
    return this.#usable();
  }

  close(): void {
    this.#closing.abort();
  }

  #usable(): KeySet {
    const keys = this.#youngerThan(lastResortMs);
    if (keys) return keys;
    throw new ZvaultError('UNAVAILABLE', "the keys of the token's issuer can't be had at the moment", {
      hint: 'try again in a few seconds',
    });
  }

  #youngerThan(ageMs: number): KeySet | undefined {
    return this.#closing.signal.aborted || this.#isOver(this.#loadedAtMs, ageMs) ? undefined : this.#keys;
  }

  /** Either way: a clock that was set back must not make keys young for long. */
  #isOver(sinceMs: number | undefined, durationMs: number): boolean {
    return sinceMs === undefined || Math.abs(this.#options.now() - sinceMs) >= durationMs;
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#attemptedAtMs = this.#options.now();
    this.#loading = this.#attempt().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #attempt(): Promise<void> {
    const startedAtMs = this.#options.now();
    try {
      this.#keys = await this.#load(this.#closing.signal);
      this.#loadedAtMs = startedAtMs;
      this.#problem = undefined;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem && !this.#closing.signal.aborted) {
        this.#options.warn(`can't refresh the keys of the issuer ${this.#issuer}: ${problem}`);
      }
      this.#problem = problem;
    }
  }
}
