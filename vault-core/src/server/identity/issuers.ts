// Identity tokens of the configured issuers: from the text of a token to somebody we know, or to a refusal. Nothing is
// believed before the signature of a key of the very issuer that the token names has been checked.

import { hash } from 'node:crypto';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { createAddressRules } from './addresses.ts';
import { type VerifiedIdentity, expiredToken, identityOf } from './claims.ts';
import { type FetchRules, urlProblem } from './fetch-json.ts';
import { type IssuerConfig, isUrl } from './issuers-config.ts';
import { type KeySet, type VerificationKey, parseKeySet, selectKey } from './jwk.ts';
import { type IssuerKeys, KeyCache, discoverKeys, fetchKeys, fixedKeys, keysOfFile } from './jwks.ts';
import { type Jwt, hasSignatureOf, parseJwt, refusedToken } from './jwt.ts';

export type { VerifiedIdentity } from './claims.ts';
export { type IssuerConfig, parseIssuers } from './issuers-config.ts';

export interface Issuers {
  /**
   * Who a token speaks of.
   * @throws UNAUTHORIZED for whatever is wrong with it, UNAVAILABLE when its issuer's keys can't be fetched and none are known
   */
  verify(token: string): Promise<VerifiedIdentity>;
  /**
   * Who an ID token speaks of that this issuer gave to this client: whatever audiences other tokens may have.
   * @throws UNAUTHORIZED, UNAVAILABLE
   */
  verifyFor(issuer: string, clientId: string, token: string): Promise<VerifiedIdentity>;
  /** Is it one of the configured issuers? */
  knows(issuer: string): boolean;
  /** Ends fetches under way and forgets everything. */
  close(): void;
}

export interface IssuersOptions extends Pick<FetchRules, 'allowLoopbackHttp' | 'timeoutMs' | 'resolve' | 'ca'> {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Private addresses, ranges and hosts that may be fetched from. @default none */
  readonly allowedAddresses?: readonly string[];
  /** Reads a file of keys. @default from the file system, paths relative to the working directory */
  readonly readFile?: (path: string) => string;
  /** Told when keys can't be refreshed, or a key is of no use. */
  readonly warn?: (message: string) => void;
}

interface Issuer {
  readonly name: string;
  readonly audiences: readonly string[];
  readonly keys: IssuerKeys;
}

/** A token that was verified, and what its being so stands on. */
interface Verified {
  readonly identity: VerifiedIdentity;
  readonly issuer: Issuer;
  readonly fingerprint: string;
}

const maxRemembered = 4096;

/**
 * @param configs as `parseIssuers` checked them
 * @throws CONFIG_INVALID when a file of keys can't be used, or an address is not allowed
 */
export function createIssuers(configs: readonly IssuerConfig[], options: IssuersOptions): Issuers {
  const issuers = configs.map((config) => ({
    name: config.issuer,
    audiences: [config.audience].flat(),
    keys: keysOf(config, options, fetchRulesOf(options, config.allowed_addresses)),
  }));
  return new ConfiguredIssuers(issuers, options.now);
}

/** How an issuer is asked; `allowed`: addresses for it alone. @throws CONFIG_INVALID when one of them is none */
export function fetchRulesOf(
  options: Omit<IssuersOptions, 'now' | 'readFile' | 'warn'>,
  allowed: readonly string[] = [],
): FetchRules {
  return {
    addresses: createAddressRules([...(options.allowedAddresses ?? []), ...allowed], options.allowLoopbackHttp),
    allowLoopbackHttp: options.allowLoopbackHttp,
    timeoutMs: options.timeoutMs,
    resolve: options.resolve,
    ca: options.ca,
  };
}

class ConfiguredIssuers implements Issuers {
  readonly #issuers: ReadonlyMap<unknown, Issuer>;
  readonly #now: () => number;
  /** By SHA-256 of the token; the least recently used comes first. */
  readonly #verified = new Map<string, Verified>();

  constructor(issuers: readonly Issuer[], now: () => number) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.name, issuer]));
    this.#now = now;
  }

  async verify(token: string): Promise<VerifiedIdentity> {
    const id = hash('sha256', token, 'base64url');
    const known = await this.#recall(id);
    if (known) return known;
    const jwt = parseJwt(token);
    const issuer = this.#issuers.get(jwt.claims['iss']);
    if (!issuer) throw refusedToken('issuer');
    const verified = await this.#check(jwt, issuer, issuer.audiences);
    this.#remember(id, verified);
    return verified.identity;
  }

  /** Not remembered: as a bearer token it would have to be for another audience. */
  async verifyFor(issuerName: string, clientId: string, token: string): Promise<VerifiedIdentity> {
    const jwt = parseJwt(token);
    const issuer = this.#issuers.get(issuerName);
    if (!issuer || jwt.claims['iss'] !== issuerName) throw refusedToken('issuer');
    return (await this.#check(jwt, issuer, [clientId])).identity;
  }

  knows(issuer: string): boolean {
    return this.#issuers.has(issuer);
  }

  async #check(jwt: Jwt, issuer: Issuer, audiences: readonly string[]): Promise<Verified> {
    const key = await findKey(issuer.keys, jwt);
    if (!hasSignatureOf(jwt, key)) throw refusedToken('signature');
    const identity = Object.freeze(identityOf(jwt.claims, issuer.name, audiences, this.#now()));
    return { identity, issuer, fingerprint: key.fingerprint };
  }

  close(): void {
    for (const { keys } of this.#issuers.values()) keys.close();
    this.#verified.clear();
  }

  /** The identity of a token that was verified before, by a key that its issuer still has. @throws UNAUTHORIZED when it has expired */
  async #recall(id: string): Promise<VerifiedIdentity | undefined> {
    const known = this.#verified.get(id);
    if (!known) return undefined;
    // Asking for the keys is what refreshes them: a busy token must not keep a removed key alive.
    const { keys } = await known.issuer.keys.current();
    this.#verified.delete(id);
    if (!keys.some((key) => key.fingerprint === known.fingerprint)) return undefined;
    if (known.identity.expiresAtMs <= this.#now()) throw expiredToken();
    this.#remember(id, known);
    return known.identity;
  }

  #remember(id: string, verified: Verified): void {
    if (this.#verified.size >= maxRemembered) {
      const oldest = this.#verified.keys().next();
      if (!oldest.done) this.#verified.delete(oldest.value);
    }
    this.#verified.set(id, verified);
  }
}

/** A key that we don't know may be a new one, so an unknown one is worth a look. @throws UNAUTHORIZED, UNAVAILABLE */
export async function findKey(keys: IssuerKeys, jwt: Jwt): Promise<VerificationKey> {
  const known = await keys.current();
  const key =
    selectKey(known, jwt.algorithm, jwt.keyId) ?? selectKey(await keys.newerThan(known), jwt.algorithm, jwt.keyId);
  if (!key) throw refusedToken('key');
  return key;
}

/** Nothing is fetched yet. @throws CONFIG_INVALID */
export function keysOf(config: IssuerConfig, options: IssuersOptions, rules: FetchRules): IssuerKeys {
  const { issuer, jwks, discovery } = config;
  const { now, warn = () => {} } = options;
  if (jwks !== undefined && typeof jwks !== 'string') return fixedKeys(parseKeySet(jwks));
  if (jwks === undefined || isUrl(jwks)) {
    const problem = urlProblem(jwks ?? discovery ?? issuer, rules.allowLoopbackHttp);
    if (problem !== undefined) {
      throw new ZvaultError('CONFIG_INVALID', `the address of the keys of the issuer ${issuer} ${problem}`, {
        hint: 'use https; only "zvault dev" takes http, on loopback',
      });
    }
    const load = (signal: AbortSignal): Promise<KeySet> =>
      jwks === undefined ? discoverKeys(config, rules, signal) : fetchKeys(jwks, rules, signal);
    return new KeyCache(issuer, load, { now, warn });
  }
  const load = (): KeySet => keysOfFile(jwks, options.readFile);
  return new KeyCache(issuer, load, { now, warn }, firstKeysOfFile(issuer, load, warn));
}

/** A server whose keys can't be read does not start. */
function firstKeysOfFile(issuer: string, load: () => KeySet, warn: (message: string) => void): KeySet {
  let set: KeySet;
  try {
    set = load();
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `can't read the keys of the issuer ${issuer}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  for (const problem of set.problems) warn(`a key of the issuer ${issuer} is not used: ${problem}`);
  if (set.keys.length > 0) return set;
  throw new ZvaultError(
    'CONFIG_INVALID',
    `there is no usable key of the issuer ${issuer}: ${set.problems[0] ?? 'the set is empty'}`,
  );
}
