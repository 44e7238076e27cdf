// Where an issuer says what it has: its OpenID Connect discovery document.

import { ZvaultError } from '../../domain/errors.ts';
import { type FetchRules, fetchJson } from './fetch-json.ts';
import type { IssuerConfig } from './issuers-config.ts';
import { isObject } from './strict-json.ts';

/**
 * The issuer's document. Its members are as the issuer wrote them, unchecked.
 * Source: OpenID Connect Discovery 1.0 §4.1 (the address), §4.3 (`issuer` must be the same)
 * @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER
 */
export async function fetchDiscovery(
  { issuer, discovery }: Pick<IssuerConfig, 'issuer' | 'discovery'>,
  rules: FetchRules,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const address = discovery ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await fetchJson(address, rules, signal);
  if (!isObject(document) || document['issuer'] !== issuer) {
    throw new ZvaultError('BAD_ANSWER', 'the discovery document is for another issuer');
  }
  return document;
}
