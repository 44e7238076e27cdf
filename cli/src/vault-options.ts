// Options that `dev` and `server` share.

import type { Command } from 'commander';
import { collect, integerIn, oneOf } from './command.ts';

/** Who gets values from the plain list of keys, as some clients expect it (docs/compatibility.md). */
export const listValues = ['off', 'service-tokens', 'all'] as const;

export interface VaultFlags {
  readonly audit?: readonly string[];
  readonly jwtIssuers?: string;
  readonly listValues?: (typeof listValues)[number];
  readonly rateLimit?: number;
}

/** `--audit`, `--jwt-issuers`, `--list-values`, `--rate-limit`. */
export function vaultOptions(command: Command, defaultRate: string): Command {
  return command
    .option('--audit <file:path>', 'write the audit to this file too; may be given several times', collect)
    .option('--jwt-issuers <file>', 'JSON file with the issuers whose identity tokens are accepted')
    .option(
      '--list-values <who>',
      'send values with lists of keys to: off, service-tokens, all (default: off)',
      oneOf('--list-values', listValues),
    )
    .option(
      '--rate-limit <n>',
      `requests a second and token; 0 is off (default: ${defaultRate})`,
      integerIn('--rate-limit', 0, 1_000_000),
    );
}
