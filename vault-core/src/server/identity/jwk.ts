// Verification keys out of JSON Web Keys. What a key is good for is decided here, once, from its type, curve, size and
// declared purpose; a token then has to ask for exactly that, so that no header can turn one kind of key into another.

import { type JsonWebKey, type KeyObject, createPublicKey, hash } from 'node:crypto';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { isObject } from './strict-json.ts';

/** The signatures that we verify. */
export type SignatureAlgorithm = 'Ed25519' | 'RS256';

export interface VerificationKey {
  readonly algorithm: SignatureAlgorithm;
  /** What the issuer calls the key; `undefined` if it has no name. */
  readonly id: string | undefined;
  readonly publicKey: KeyObject;
  /** SHA-256 of the key itself (SubjectPublicKeyInfo), base64url: the same in every copy of a key set. */
  readonly fingerprint: string;
}

/** The keys of an issuer that we can use, and what was wrong with the others. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** `key 2 is …`: one entry for each that is not used. */
  readonly problems: readonly string[];
}

const minRsaBits = 2048;
/** Verification time grows with the square of the size; nobody publishes larger ones. */
const maxRsaBits = 8192;
/** A set is searched for every new token. */
const maxKeys = 100;
/** Source: RFC 7518 §6.2.2, §6.3.2, §6.4.1 */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The algorithm that an `alg` stands for; `undefined` for those that we refuse.
 * Source: RFC 8037 §3.1 (EdDSA), RFC 9864 §2.2 (Ed25519, its fully specified name), RFC 7518 §3.1 (RS256)
 */
export function algorithmOf(alg: unknown): SignatureAlgorithm | undefined {
  if (alg === 'EdDSA' || alg === 'Ed25519') return 'Ed25519';
  return alg === 'RS256' ? 'RS256' : undefined;
}

/**
 * Reads a JWK set. Keys that can't verify (other algorithms, encryption keys) are left out: issuers publish them side by side.
 * @throws BAD_ANSWER when it is no set, or has more than 100 keys
 */
export function parseKeySet(value: unknown): KeySet {
  const list = isObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(list)) throw new ZvaultError('BAD_ANSWER', 'a key set must be an object with the list "keys"');
  if (list.length > maxKeys) throw new ZvaultError('BAD_ANSWER', `a key set must have at most ${maxKeys} keys`);
  const keys: VerificationKey[] = [];
  const problems: string[] = [];
  for (const [index, jwk] of (list as unknown[]).entries()) {
    const key = importKey(jwk);
    if (typeof key === 'string') problems.push(`key ${index} ${key}`);
    else keys.push(key);
  }
  return { keys, problems };
}

/**
 * The one key for a token: the one that it names, or without a name the only one that fits. `undefined` when there is none,
 * or more than one: we don't try keys until one fits.
 */
export function selectKey(
  set: KeySet,
  algorithm: SignatureAlgorithm,
  keyId: string | undefined,
): VerificationKey | undefined {
  const fitting = set.keys.filter((key) => key.algorithm === algorithm && (keyId === undefined || key.id === keyId));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The key, or what is wrong with it. */
function importKey(jwk: unknown): VerificationKey | string {
  if (!isObject(jwk)) return 'is not an object';
  const material = publicMaterial(jwk);
  if (typeof material === 'string') return material;
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return 'holds its private half';
  const purpose = purposeProblem(jwk, material.algorithm);
  if (purpose !== undefined) return purpose;
  const { kid } = jwk;
  if (kid !== undefined && typeof kid !== 'string') return 'has a "kid" that is no text';
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: material.jwk, format: 'jwk' });
  } catch (error) {
    return `is malformed: ${messageOf(error)}`;
  }
  const problem = material.algorithm === 'RS256' ? rsaProblem(publicKey) : undefined;
  if (problem !== undefined) return problem;
  const fingerprint = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64url');
  return { algorithm: material.algorithm, id: kid, publicKey, fingerprint };
}

/** The members that make up the public key, and nothing else of what the issuer sent. */
function publicMaterial(
  jwk: Readonly<Record<string, unknown>>,
): { algorithm: SignatureAlgorithm; jwk: JsonWebKey } | string {
  const { kty, crv, x, n, e } = jwk;
  if (kty === 'OKP' && crv === 'Ed25519') {
    if (!isBase64url(x)) return 'has no "x" in base64url';
    return { algorithm: 'Ed25519', jwk: { kty, crv, x } };
  }
  if (kty === 'RSA') {
    if (!isBase64url(n) || !isBase64url(e)) return 'has no "n" and "e" in base64url';
    return { algorithm: 'RS256', jwk: { kty, n, e } };
  }
  return 'is neither RSA nor Ed25519';
}

/** Source: RFC 7517 §4.2 to §4.4 */
function purposeProblem(jwk: Readonly<Record<string, unknown>>, algorithm: SignatureAlgorithm): string | undefined {
  const { use, key_ops: operations, alg } = jwk;
  if (use !== undefined && use !== 'sig') return 'is not for signatures ("use")';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'is not for verifying ("key_ops")';
  }
  if (alg !== undefined && algorithmOf(alg) !== algorithm) return 'is for another algorithm ("alg")';
  return undefined;
}

function rsaProblem(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < minRsaBits) return `has ${modulusLength} bits; an RSA key must have at least ${minRsaBits}`;
  if (modulusLength > maxRsaBits) return `has ${modulusLength} bits; an RSA key must have at most ${maxRsaBits}`;
  // With an exponent of 1 every text is its own signature.
  if (publicExponent < 3n || publicExponent % 2n === 0n) return 'has an unsafe public exponent';
  return undefined;
}

function isBase64url(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value);
}
