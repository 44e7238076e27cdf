// Who a verified token speaks of: the checks of RFC 7519 §4.1 on claims whose signature holds.

import { ZvaultError } from '../../domain/errors.ts';
import { refusedToken } from './jwt.ts';

/** A person or a machine, as an issuer vouches for it. */
export interface VerifiedIdentity {
  readonly issuer: string;
  /** Unique at its issuer only: people are (issuer, subject). */
  readonly subject: string;
  /** For display, never to find somebody by. Empty when the issuer says none, or says that it is not verified. */
  readonly email: string;
  /** For display. Empty when the issuer says none. */
  readonly name: string;
  readonly issuedAtMs: number | null;
  /** From this moment on the identity must not be used. The clock leeway is in it: `exp` plus 60 seconds. */
  readonly expiresAtMs: number;
  /** Every claim of the token. No prototype. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** `jti`: the issuer gives no other token the same. */
  readonly jwtId: string | null;
}

/** How far the clocks of issuer and server may differ. */
export const clockLeewayMs = 60_000;
/** CI platforms write repository, branch and environment into it. OpenID Connect's own limit is 255. */
const maxSubjectBytes = 1024;
const maxJwtIdBytes = 256;
/** What is longer is not shown. */
const maxDisplayBytes = 320;
/** The last second of the year 9999. What lies beyond is a mistake, such as milliseconds, and would never expire. */
const maxNumericDate = 253_402_300_799;
const control = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks the claims of a token whose signature was verified. `iss` has been compared: it chose the issuer.
 * @throws UNAUTHORIZED
 */
export function identityOf(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
  audiences: readonly string[],
  nowMs: number,
): VerifiedIdentity {
  if (!hasAudience(claims['aud'], audiences)) throw refusedToken('audience');
  const expiresAtMs = (dateMs(claims, 'exp') ?? missing('exp')) + clockLeewayMs;
  const notBeforeMs = dateMs(claims, 'nbf');
  const issuedAtMs = dateMs(claims, 'iat');
  if (notBeforeMs !== null && notBeforeMs > nowMs + clockLeewayMs) throw refusedToken('nbf');
  if (issuedAtMs !== null && issuedAtMs > nowMs + clockLeewayMs) throw refusedToken('iat');
  const subject = identifier(claims, 'sub', maxSubjectBytes) ?? missing('sub');
  const jwtId = identifier(claims, 'jti', maxJwtIdBytes);
  if (expiresAtMs <= nowMs) throw expiredToken();
  const unverified = claims['email_verified'] === false || claims['email_verified'] === 'false';
  return {
    issuer,
    subject,
    email: unverified ? '' : displayText(claims['email']),
    name: displayText(claims['name']),
    issuedAtMs,
    expiresAtMs,
    claims,
    jwtId,
  };
}

/** The answer to a token that was good once. Only given when everything else about it holds. */
export function expiredToken(): ZvaultError {
  return new ZvaultError('UNAUTHORIZED', 'the identity token has expired', { hint: 'get a new one' });
}

function hasAudience(aud: unknown, audiences: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((one) => typeof one === 'string' && audiences.includes(one));
}

/** A NumericDate (seconds, RFC 7519 §2) in milliseconds; `null` if absent. */
function dateMs(claims: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = claims[name];
  if (value === undefined) return null;
  if (typeof value !== 'number' || !(value >= 0 && value <= maxNumericDate)) throw refusedToken(name);
  return Math.floor(value * 1000);
}

/** A text that names something: not empty, valid Unicode, without control characters. `null` if absent. */
function identifier(claims: Readonly<Record<string, unknown>>, name: string, maxBytes: number): string | null {
  const value = claims[name];
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || !isPlainText(value, maxBytes)) throw refusedToken(name);
  return value;
}

function displayText(value: unknown): string {
  return typeof value === 'string' && isPlainText(value, maxDisplayBytes) ? value : '';
}

function isPlainText(text: string, maxBytes: number): boolean {
  return text.isWellFormed() && !control.test(text) && Buffer.byteLength(text) <= maxBytes;
}

function missing(name: string): never {
  throw refusedToken(name);
}
