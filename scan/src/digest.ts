// Digests, with node:crypto loaded at the first one: it takes 5 ms, which a scan that finds nothing does not need.

import type * as Crypto from 'node:crypto';
import { loadBuiltIn } from './built-in.ts';

/** Lower-case hex. @param encoding of the text: `latin1` where each character is a byte */
export function hexDigest(algorithm: 'sha1' | 'sha256', text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const crypto = loadBuiltIn('node:crypto') as Partial<Pick<typeof Crypto, 'hash'>> & typeof Crypto;
  const bytes = encoding === 'utf8' ? text : Buffer.from(text, encoding);
  // The object that `createHash` makes holds memory until it is collected. Node 20 has the other from 20.12 on.
  return crypto.hash?.(algorithm, bytes) ?? crypto.createHash(algorithm).update(bytes).digest('hex');
}
