// Digests, with node:crypto loaded at the first one: it takes 5 ms, which a scan that finds nothing does not need.

import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';

// Built-ins resolve from any folder; a fixed one works in an ES module and in a CommonJS bundle alike.
const load = createRequire('/');

/** Lower-case hex. @param encoding of the text: `latin1` where each character is a byte */
export function hexDigest(algorithm: 'sha1' | 'sha256', text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  return (load('node:crypto') as typeof Crypto).createHash(algorithm).update(text, encoding).digest('hex');
}
