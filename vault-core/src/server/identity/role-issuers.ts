// Identity tokens for JWT roles. The issuer is the one that a role names: its keys are those that the server is set up with, or
// found by discovery. Nobody but an admin of an organisation can make the server fetch anything, and what he names is
// fetched as carefully as everything else (fetch-json.ts).

import { type VerifiedIdentity, identityOf } from './claims.ts';
import { urlProblem } from './fetch-json.ts';
import type { IssuerConfig } from './issuers-config.ts';
import { type IssuersOptions, fetchRulesOf, findKey, keysOf } from './issuers.ts';
import type { IssuerKeys } from './jwks.ts';
import { hasSignatureOf, parseJwt, refusedToken } from './jwt.ts';

export interface ExpectedToken {
  readonly issuer: string;
  readonly audience: string;
}

/** Issuers whose keys are kept; the least recently used goes first. */
const maxIssuers = 1000;

/** What is wrong with an issuer that is found by discovery, or `undefined`. */
export function issuerProblem(issuer: string, allowLoopbackHttp: boolean): string | undefined {
  if (issuer.length > 2048) return 'must have at most 2048 characters';
  return urlProblem(issuer, allowLoopbackHttp) ?? (/[?#]/.test(issuer) ? 'must have no query or fragment' : undefined);
}

export class RoleIssuers {
  readonly #configs: readonly IssuerConfig[];
  readonly #options: IssuersOptions;
  readonly #keys = new Map<string, IssuerKeys>();

  constructor(configs: readonly IssuerConfig[], options: IssuersOptions) {
    this.#configs = configs;
    this.#options = options;
  }

  /**
   * Who a token speaks of, if it is what the role expects.
   * @throws UNAUTHORIZED for whatever is wrong with it, UNAVAILABLE when the issuer's keys can't be had
   */
  async verify(token: string, { issuer, audience }: ExpectedToken): Promise<VerifiedIdentity> {
    const jwt = parseJwt(token);
    if (jwt.claims['iss'] !== issuer) throw refusedToken('issuer');
    const key = await findKey(this.#keysOf(issuer), jwt);
    if (!hasSignatureOf(jwt, key)) throw refusedToken('signature');
    return identityOf(jwt.claims, issuer, [audience], this.#options.now());
  }

  /** Ends fetches under way. */
  close(): void {
    for (const keys of this.#keys.values()) keys.close();
    this.#keys.clear();
  }

  #keysOf(issuer: string): IssuerKeys {
    const known = this.#keys.get(issuer);
    this.#keys.delete(issuer);
    const keys = known ?? this.#openKeys(issuer);
    this.#keys.set(issuer, keys);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > maxIssuers && oldest !== undefined) {
      this.#keys.get(oldest)?.close();
      this.#keys.delete(oldest);
    }
    return keys;
  }

  #openKeys(issuer: string): IssuerKeys {
    const config = this.#configs.find((one) => one.issuer === issuer) ?? { issuer, audience: [] };
    return keysOf(config, this.#options, fetchRulesOf(this.#options, config.allowed_addresses));
  }
}
