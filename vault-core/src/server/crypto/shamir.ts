// Shamir's secret sharing over GF(2^8), byte by byte, in the field and encoding of the wire contract (3.6): polynomial
// 0x11d, a share is one x byte (never 0) and the y bytes. Coefficients are drawn from 0..255, not 1..255: leaving out
// zero would tell a holder of threshold-1 shares something about the secret.

import { randomBytes } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';

const polynomial = 0x11d;

// Secrets choose no branch and no place in a table here: the time that a product takes says nothing of its factors, as far
// as a compiler at run time lets one say so.

/** Product in the field. */
export function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = a;
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= shifted & -((b >> bit) & 1);
    shifted = (shifted << 1) ^ (polynomial & -(shifted >> 7));
  }
  return product;
}

/** Quotient in the field; `b` is not 0. */
export function divide(a: number, b: number): number {
  // b^254 is the inverse of b: 254 = 2 + 4 + 8 + … + 128.
  let inverse = 1;
  let power = b;
  for (let step = 0; step < 7; step += 1) {
    power = multiply(power, power);
    inverse = multiply(inverse, power);
  }
  return multiply(a, inverse);
}

/**
 * Splits `secret` into `shares` parts, any `threshold` of which give it back.
 * @throws BAD_REQUEST unless 2 ≤ threshold ≤ shares ≤ 255
 */
export function splitSecret(
  secret: Buffer,
  shares: number,
  threshold: number,
  random: (count: number) => Buffer = randomBytes,
): Buffer[] {
  if (threshold < 2 || threshold > shares || shares > 255)
    throw new ZvaultError('BAD_REQUEST', 'shares and threshold must be 2 ≤ threshold ≤ shares ≤ 255');
  const parts = Array.from({ length: shares }, (_, index) =>
    Buffer.concat([Buffer.of(index + 1), Buffer.alloc(secret.length)]),
  );
  const coefficients = random(secret.length * (threshold - 1));
  for (const [position, byte] of secret.entries()) {
    const polynomialOfByte = coefficients.subarray(position * (threshold - 1), (position + 1) * (threshold - 1));
    for (const part of parts) part[position + 1] = evaluate(polynomialOfByte, byte, part[0] ?? 0);
  }
  coefficients.fill(0);
  return parts;
}

/** Horner's rule; `coefficients` from the highest power down, `constant` last. */
function evaluate(coefficients: Buffer, constant: number, x: number): number {
  let y = 0;
  for (const coefficient of coefficients) y = multiply(y, x) ^ coefficient;
  return multiply(y, x) ^ constant;
}

/**
 * Lagrange interpolation at 0 over all the shares. Too few or wrong shares give a wrong secret, not an error: what opens
 * with it tells.
 * @throws BAD_REQUEST when the shares differ in length, or two have the same x
 */
export function combineShares(shares: readonly Buffer[]): Buffer {
  const xs = shares.map((share) => share[0] ?? 0);
  const length = shares[0]?.length ?? 0;
  if (length < 2 || shares.some((share) => share.length !== length))
    throw new ZvaultError('BAD_REQUEST', 'the shares differ in length');
  if (new Set(xs).size !== xs.length || xs.includes(0))
    throw new ZvaultError('BAD_REQUEST', 'two shares are the same, or one is malformed');
  const secret = Buffer.alloc(length - 1);
  for (const [index, share] of shares.entries()) {
    const xi = xs[index] ?? 0;
    let weight = 1;
    for (const [other, xj] of xs.entries()) if (other !== index) weight = multiply(weight, divide(xj, xi ^ xj));
    for (let position = 0; position < secret.length; position += 1) {
      secret[position] = (secret[position] ?? 0) ^ multiply(weight, share[position + 1] ?? 0);
    }
  }
  return secret;
}
