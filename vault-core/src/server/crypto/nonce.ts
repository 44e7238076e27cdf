// Nonces of AES-256-GCM: random, each given out once. They are drawn from the system many at a time, as drawing costs a multiple of
// encrypting a short text; they are no secrets.

import { randomBytes } from 'node:crypto';

export const nonceBytes = 12;
const drawnAtOnce = 256;

let pool = Buffer.alloc(0);
let next = 0;

/** The caller must not write into it. */
export function freshNonce(): Buffer {
  if (next === pool.length) {
    pool = randomBytes(nonceBytes * drawnAtOnce);
    next = 0;
  }
  next += nonceBytes;
  return pool.subarray(next - nonceBytes, next);
}
