// The public key of a vault's checkpoints, from a file.

import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { ZvaultError } from '@zvault/core/domain';
import { readFileBytes } from '../input.ts';

/** @throws NOT_FOUND, FORBIDDEN, INPUT_INVALID */
export function readPublicKey(cwd: string, path: string): KeyObject {
  return parsePublicKey(readFileBytes(cwd, path), path);
}

/** `source`: where it is from, for the error. @throws INPUT_INVALID */
export function parsePublicKey(pem: string | Buffer, source: string): KeyObject {
  const invalid = (): ZvaultError =>
    new ZvaultError('INPUT_INVALID', `${source} is not an Ed25519 public key in PEM`, {
      hint: 'make it with "zvault audit key"',
    });
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw invalid();
  }
  if (key.asymmetricKeyType !== 'ed25519') throw invalid();
  return key;
}
