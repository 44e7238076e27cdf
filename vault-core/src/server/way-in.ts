import { readFileSync } from 'node:fs';
import { ZvaultError, messageOf } from '../domain/errors.ts';
import type { ResolvedOptions } from './options.ts';
import type { AutoUnseal } from './seal.ts';

/** What opens the vault at its start, read from where the options name it. @throws CONFIG_INVALID */
export function wayIn(unseal: NonNullable<ResolvedOptions['unseal']>): AutoUnseal | undefined {
  if (unseal.key !== undefined) return { key: unseal.key };
  if (unseal.passphrase !== undefined) return { passphrase: unseal.passphrase };
  if (unseal.keyFile === undefined) return undefined;
  try {
    return { key: readFileSync(unseal.keyFile, 'utf8') };
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `can't read the unseal key file ${unseal.keyFile}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
