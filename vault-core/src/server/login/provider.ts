// An issuer at which people sign in: OpenID Connect, authorization code with PKCE. What it answers is believed only as far as
// the identity token's signature, audience and nonce say.

import { ZvaultError } from '../../domain/errors.ts';
import { fetchDiscovery } from '../identity/discovery.ts';
import { type FetchRules, fetchJson, urlProblem } from '../identity/fetch-json.ts';
import type { Issuers, VerifiedIdentity } from '../identity/issuers.ts';
import type { SignInConfig } from '../identity/issuers-config.ts';
import { refusedToken } from '../identity/jwt.ts';
import { isObject } from '../identity/strict-json.ts';
import { isSame } from './codes.ts';

export interface ProviderOptions {
  readonly rules: FetchRules;
  readonly issuers: Issuers;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Read at each sign-in, so that a new secret needs no restart. */
  readonly clientSecret: () => string | undefined;
  /** Aborts what is under way when the server stops. */
  readonly signal: AbortSignal;
}

/** How long the issuer's endpoints are used without asking again. */
const freshMs = 600_000;
const defaultScopes = ['openid', 'email', 'profile'];

interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  /** The issuer names itself in its answer (RFC 9207). */
  readonly namesItself: boolean;
  /** It takes the client's secret in the form only. */
  readonly secretInForm: boolean;
}

export class Provider {
  readonly config: SignInConfig;
  readonly name: string;
  readonly #options: ProviderOptions;
  #endpoints: { readonly found: Promise<Endpoints>; readonly atMs: number } | undefined;

  constructor(config: SignInConfig, options: ProviderOptions) {
    this.config = config;
    this.name = config.name ?? URL.parse(config.issuer)?.host ?? config.issuer;
    this.#options = options;
  }

  /** Where the person signs in. @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER */
  async authorizationUrl(asked: {
    readonly redirectUri: string;
    readonly state: string;
    readonly nonce: string;
    readonly challenge: string;
  }): Promise<string> {
    const { authorization } = await this.#discover();
    const url = new URL(authorization);
    const parameters = {
      response_type: 'code',
      client_id: this.config.client_id,
      redirect_uri: asked.redirectUri,
      scope: [...new Set(['openid', ...(this.config.scopes ?? defaultScopes)])].join(' '),
      state: asked.state,
      nonce: asked.nonce,
      code_challenge: asked.challenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /**
   * Who has signed in, for the code that the issuer gave. `iss`: as the answer named it.
   * @throws UNAUTHORIZED, UNAVAILABLE, CONNECTION_FAILED, TIMEOUT, BAD_ANSWER
   */
  async redeem(given: {
    readonly code: string;
    readonly iss: string | undefined;
    readonly redirectUri: string;
    readonly verifier: string;
    readonly nonce: string;
  }): Promise<VerifiedIdentity> {
    const { issuer, client_id: clientId } = this.config;
    const endpoints = await this.#discover();
    // Source: RFC 9207 §2.4 (mix-up of issuers)
    if (given.iss === undefined ? endpoints.namesItself : given.iss !== issuer) throw refusedToken('iss of the answer');
    const idToken = await this.#exchange(endpoints, given);
    const identity = await this.#options.issuers.verifyFor(issuer, clientId, idToken);
    const { nonce, azp, aud } = identity.claims;
    if (typeof nonce !== 'string' || !isSame(nonce, given.nonce)) throw refusedToken('nonce');
    // Source: OpenID Connect Core 1.0 §3.1.3.7, points 4 and 5
    if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== clientId) throw refusedToken('azp');
    return identity;
  }

  async #exchange(
    { token, secretInForm }: Endpoints,
    { code, redirectUri, verifier }: { code: string; redirectUri: string; verifier: string },
  ): Promise<string> {
    const { client_id: clientId } = this.config;
    const secret = this.#options.clientSecret();
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const inHeader = secret !== undefined && !secretInForm;
    if (!inHeader) form.set('client_id', clientId);
    if (secret !== undefined && secretInForm) form.set('client_secret', secret);
    const headers = inHeader ? { authorization: basic(clientId, secret) } : {};
    const post = { body: form.toString(), headers, accept: [400, 401] };
    const answer = await fetchJson(token, this.#options.rules, this.#options.signal, post);
    if (isObject(answer) && typeof answer['id_token'] === 'string') return answer['id_token'];
    const reason = isObject(answer) ? answer['error'] : undefined;
    const known = typeof reason === 'string' && /^[a-z_]{1,40}$/.test(reason) ? ` (${reason})` : '';
    throw new ZvaultError('UNAUTHORIZED', `${this.name} did not confirm the sign-in${known}`, {
      hint: 'start again; if it stays so, the client of this server is not set up right there',
    });
  }

  /** One look-up for all who wait; a failed one is forgotten. */
  #discover(): Promise<Endpoints> {
    const { now, rules, signal } = this.#options;
    const known = this.#endpoints;
    if (known && Math.abs(now() - known.atMs) < freshMs) return known.found;
    const found = fetchDiscovery(this.config, rules, signal).then((document) => endpointsOf(document, rules));
    const entry = { found, atMs: now() };
    this.#endpoints = entry;
    found.catch(() => {
      if (this.#endpoints === entry) this.#endpoints = undefined;
    });
    return found;
  }
}

/** Source: OpenID Connect Discovery 1.0 §3, RFC 9207 §3 */
function endpointsOf(document: Readonly<Record<string, unknown>>, { allowLoopbackHttp }: FetchRules): Endpoints {
  const address = (name: string): string => {
    const value = document[name];
    const problem = typeof value === 'string' ? urlProblem(value, allowLoopbackHttp) : 'is missing';
    if (typeof value === 'string' && problem === undefined) return value;
    throw new ZvaultError('BAD_ANSWER', `"${name}" of the discovery document ${problem}`);
  };
  const methods = document['token_endpoint_auth_methods_supported'];
  return {
    authorization: address('authorization_endpoint'),
    token: address('token_endpoint'),
    namesItself: document['authorization_response_iss_parameter_supported'] === true,
    secretInForm:
      Array.isArray(methods) && !methods.includes('client_secret_basic') && methods.includes('client_secret_post'),
  };
}

/** Source: RFC 6749 §2.3.1 (both parts in form encoding first) */
function basic(clientId: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`;
}
