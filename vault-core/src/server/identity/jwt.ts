// JSON Web Tokens in compact form: taken apart strictly, and their signature checked against a key that the server chose.
// A token never brings its own key: `jwk`, `jku`, `x5c` and `x5u` in its header are not looked at.

import { isUtf8 } from 'node:buffer';
import { constants, verify } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { type SignatureAlgorithm, type VerificationKey, algorithmOf } from './jwk.ts';
import { parseUniqueObject } from './strict-json.ts';

/** Longest token, in characters (all ASCII). */
export const maxTokenLength = 16_384;

/** A well-formed token. Nothing in it is true before its signature has been verified. */
export interface Jwt {
  readonly algorithm: SignatureAlgorithm;
  /** The name of the key; `undefined` if the token names none. */
  readonly keyId: string | undefined;
  /** No prototype; no member occurs twice. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signedText: string;
  readonly signature: Buffer;
}

/**
 * Takes a token apart.
 * @throws UNAUTHORIZED
 */
export function parseJwt(token: string): Jwt {
  if (token.length > maxTokenLength) throw refusedToken('too long');
  const [headerPart, claimsPart, signaturePart, more] = token.split('.', 4);
  if (headerPart === undefined || claimsPart === undefined || signaturePart === undefined || more !== undefined) {
    throw refusedToken('not three parts');
  }
  const header = decodeObject(headerPart, 'header');
  const algorithm = algorithmOf(header['alg']);
  if (algorithm === undefined) throw refusedToken('algorithm');
  // Extensions that we would have to understand; we have none. Source: RFC 7515 §4.1.11, RFC 7797 §3 ("b64")
  if (header['crit'] !== undefined || header['b64'] !== undefined) throw refusedToken('critical extension');
  if (!isIdentityType(header['typ'])) throw refusedToken('type');
  const keyId = header['kid'];
  if (keyId !== undefined && typeof keyId !== 'string') throw refusedToken('key id');
  return {
    algorithm,
    keyId,
    claims: decodeObject(claimsPart, 'claims'),
    signedText: `${headerPart}.${claimsPart}`,
    signature: decodePart(signaturePart, 'signature'),
  };
}

/** True if `key` made the token's signature, by the algorithm that both are for. */
export function hasSignatureOf(jwt: Jwt, key: VerificationKey): boolean {
  if (jwt.algorithm !== key.algorithm) return false;
  const data = Buffer.from(jwt.signedText);
  return key.algorithm === 'Ed25519'
    ? verify(null, data, key.publicKey, jwt.signature)
    : verify('sha256', data, { key: key.publicKey, padding: constants.RSA_PKCS1_PADDING }, jwt.signature);
}

/**
 * The one answer to every token that is not accepted. `reason` (a fixed word, nothing of the token) is its `cause`: it is
 * for tests and debuggers, and must not reach the client, who could learn from it how to come closer.
 */
export function refusedToken(reason: string): ZvaultError {
  return new ZvaultError('UNAUTHORIZED', 'the identity token is not accepted', {
    hint: 'check its issuer, audience, signature and times, or get a new one',
    cause: new Error(reason),
  });
}

/**
 * Issuers sign other things with the same keys (log-out tokens, security events) and say so in `typ`; those identify nobody.
 * Source: RFC 8725 §3.11 (explicit typing), RFC 9068 §2.1 (`at+jwt`), RFC 7515 §4.1.9 (`application/` may be left out)
 */
function isIdentityType(typ: unknown): boolean {
  if (typ === undefined) return true;
  if (typeof typ !== 'string') return false;
  const name = typ.toLowerCase().replace(/^application\//, '');
  return name === 'at+jwt' || !name.endsWith('+jwt');
}

function decodeObject(part: string, name: string): Readonly<Record<string, unknown>> {
  const bytes = decodePart(part, name);
  const object = isUtf8(bytes) ? parseUniqueObject(bytes.toString()) : undefined;
  if (!object) throw refusedToken(`${name} not a JSON object`);
  return object;
}

/** Buffer skips what it does not know, so what it read is written again and compared: one text for one token. */
function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw refusedToken(`${name} not base64url`);
  return bytes;
}
