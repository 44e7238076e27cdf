// The list of issuers whose tokens a server takes, as it stands in a file.

import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { urlProblem } from './fetch-json.ts';
import { parseKeySet } from './jwk.ts';
import { isObject } from './strict-json.ts';

export interface IssuerConfig {
  /** What a token's `iss` must be, character by character. */
  readonly issuer: string;
  /** A token's `aud` must hold one of these. */
  readonly audience: string | readonly string[];
  /**
   * Where the keys are: a JWK set, the path of a file with one, or the https URL of one. Absent: the issuer's discovery
   * document (`<issuer>/.well-known/openid-configuration`) says.
   */
  readonly jwks?: unknown;
  /** The address of the discovery document. Absent: the one that follows from the issuer. */
  readonly discovery?: string;
  /** Private addresses, ranges and hosts that may be fetched from, because the issuer is in our own network. */
  readonly allowed_addresses?: readonly string[];
  /** This server's name at the issuer. With it people sign in there, through the browser. */
  readonly client_id?: string;
  /** Path of the file with the secret of that client, if it has one. */
  readonly client_secret_file?: string;
  /** What to ask for at sign-in; `openid` is always asked for. @default openid, email, profile */
  readonly scopes?: readonly string[];
  /** What the sign-in page calls the issuer. @default the issuer's host */
  readonly name?: string;
  /** Policies of who signs in, for the vault API. @default `default` */
  readonly policies?: readonly string[];
}

/** An issuer at which people can sign in. */
export type SignInConfig = IssuerConfig & { readonly client_id: string };

export function takesSignIn(config: IssuerConfig): config is SignInConfig {
  return config.client_id !== undefined;
}

const fields = [
  'issuer',
  'audience',
  'jwks',
  'discovery',
  'allowed_addresses',
  'client_id',
  'client_secret_file',
  'scopes',
  'name',
  'policies',
];
/** Of no use without a client. */
const signInFields = ['client_secret_file', 'scopes', 'name', 'policies'];
const maxTextLength = 2048;

/**
 * Checks a list of issuers. `source`: what it was read from, for messages.
 * @throws CONFIG_INVALID naming the entry (from 0) and the field
 */
export function parseIssuers(value: unknown, source: string): IssuerConfig[] {
  if (!Array.isArray(value)) throw invalid(source, 'must be a list of issuers');
  const configs = (value as unknown[]).map((entry, index) => parseIssuer(entry, `${source}: [${index}]`));
  for (const [index, { issuer }] of configs.entries()) {
    const first = configs.findIndex((other) => other.issuer === issuer);
    if (first !== index) {
      throw invalid(
        `${source}: [${index}].issuer`,
        `is the same as that of [${first}]`,
        'list all audiences of an issuer in one entry',
      );
    }
  }
  return configs;
}

/** Is it a URL, where a path could stand too? */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function parseIssuer(entry: unknown, place: string): IssuerConfig {
  if (!isObject(entry)) throw invalid(place, 'must be an object with "issuer" and "audience"');
  const unknown = Object.keys(entry).find((name) => !fields.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${place}.${unknown}`, 'is no field of an issuer', `use only ${fields.join(', ')}`);
  }
  const { issuer, audience, jwks, discovery } = entry;
  if (!isText(issuer)) throw invalid(`${place}.issuer`, 'must be the text of the "iss" claim');
  if (!isText(audience) && !(Array.isArray(audience) && audience.length > 0 && audience.every(isText))) {
    throw invalid(`${place}.audience`, 'must be a text or a list of texts, each of them not empty');
  }
  if (jwks !== undefined) checkKeys(jwks, place);
  if (discovery !== undefined) checkDiscovery(discovery, place);
  else if (jwks === undefined || entry['client_id'] !== undefined) checkDiscoverable(issuer, jwks, place);
  const allowed = entry['allowed_addresses'];
  if (allowed !== undefined) checkTexts(allowed, `${place}.allowed_addresses`);
  checkSignIn(entry, place);
  return { ...entry, issuer, audience };
}

function checkDiscoverable(issuer: string, jwks: unknown, place: string): void {
  const problem = urlProblem(issuer, true) ?? (/[?#]/.test(issuer) ? 'must have no query or fragment' : undefined);
  if (problem === undefined) return;
  throw jwks === undefined
    ? invalid(`${place}.issuer`, `${problem}, because its keys are found through it`, 'name the keys in "jwks"')
    : invalid(`${place}.issuer`, `${problem}, because its sign-in is found through it`, 'name it in "discovery"');
}

function checkDiscovery(discovery: unknown, place: string): void {
  const problem = isText(discovery) ? urlProblem(discovery, true) : 'must be an https URL';
  if (problem !== undefined) throw invalid(`${place}.discovery`, problem);
}

/** Source: RFC 6749 §3.3 (characters of a scope) */
const scope = /^[\u0021\u0023-\u005b\u005d-\u007e]+$/;

function checkSignIn(entry: Readonly<Record<string, unknown>>, place: string): void {
  if (entry['client_id'] === undefined) {
    const alone = signInFields.find((name) => entry[name] !== undefined);
    if (alone !== undefined) throw invalid(`${place}.${alone}`, 'goes with "client_id"');
    return;
  }
  for (const name of ['client_id', 'client_secret_file', 'name']) {
    if (entry[name] !== undefined && !isText(entry[name]))
      throw invalid(`${place}.${name}`, 'must be a text, not empty');
  }
  const { scopes, policies } = entry;
  if (scopes !== undefined) {
    checkTexts(scopes, `${place}.scopes`);
    if (!scopes.every((one) => scope.test(one))) throw invalid(`${place}.scopes`, 'must be names of scopes');
  }
  if (policies === undefined) return;
  checkTexts(policies, `${place}.policies`);
  if (policies.includes('root')) throw invalid(`${place}.policies`, 'must not hold "root"');
}

function checkTexts(value: unknown, place: string): asserts value is readonly string[] {
  if (!Array.isArray(value) || !value.every(isText)) throw invalid(place, 'must be a list of texts');
}

function checkKeys(jwks: unknown, place: string): void {
  const field = `${place}.jwks`;
  if (typeof jwks === 'string') {
    if (!isText(jwks)) throw invalid(field, 'must be a path or an https URL');
    const problem = isUrl(jwks) ? urlProblem(jwks, true) : undefined;
    if (problem !== undefined) throw invalid(field, problem);
    return;
  }
  if (!isObject(jwks)) throw invalid(field, 'must be a JWK set, a path or an https URL');
  let set;
  try {
    set = parseKeySet(jwks);
  } catch (error) {
    throw invalid(field, messageOf(error), 'write {"keys": […]}');
  }
  // Somebody wrote these keys down to have them used.
  const [problem] = set.problems;
  if (problem !== undefined) throw invalid(field, problem);
  if (set.keys.length === 0) throw invalid(field, 'has no key');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength && value.isWellFormed();
}

function invalid(place: string, problem: string, hint?: string): ZvaultError {
  return new ZvaultError('CONFIG_INVALID', `${place} ${problem}`, { hint });
}
