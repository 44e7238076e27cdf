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
}

const fields = ['issuer', 'audience', 'jwks'];
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
  const { issuer, audience, jwks } = entry;
  if (!isText(issuer)) throw invalid(`${place}.issuer`, 'must be the text of the "iss" claim');
  if (!isText(audience) && !(Array.isArray(audience) && audience.length > 0 && audience.every(isText))) {
    throw invalid(`${place}.audience`, 'must be a text or a list of texts, each of them not empty');
  }
  if (jwks === undefined) checkDiscoverable(issuer, place);
  else checkKeys(jwks, place);
  return { issuer, audience, ...(jwks === undefined ? {} : { jwks }) };
}

function checkDiscoverable(issuer: string, place: string): void {
  const problem = urlProblem(issuer, true) ?? (/[?#]/.test(issuer) ? 'must have no query or fragment' : undefined);
  if (problem !== undefined) {
    throw invalid(`${place}.issuer`, `${problem}, because its keys are found through it`, 'name the keys in "jwks"');
  }
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
