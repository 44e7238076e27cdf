// Options that `dev` and `server` share.

import type { Command } from 'commander';
import { type Host, envSetting } from '@zvault/core/domain';
import { collect, integerIn, oneOf } from './command.ts';

/** Who gets values from the plain list of keys, as some clients expect it (docs/compatibility.md). */
export const listValues = ['off', 'service-tokens', 'all'] as const;

export interface VaultFlags {
  readonly audit?: readonly string[];
  readonly auditFsync?: true;
  readonly jwtIssuers?: string;
  readonly listValues?: (typeof listValues)[number];
  readonly rateLimit?: number;
}

/** Audit devices, by flag or environment. */
export function auditDevices(host: Pick<Host, 'env'>, flags: VaultFlags): readonly string[] | undefined {
  const file = envSetting(host, 'ZVAULT_AUDIT_FILE');
  return flags.audit ?? (file === undefined ? undefined : [`file:${file}`]);
}

/** `--audit`, `--audit-fsync`, `--jwt-issuers`, `--list-values`, `--rate-limit`. */
export function vaultOptions(command: Command, defaultRate: string): Command {
  return command
    .option(
      '--audit <device>',
      'file:PATH, stdout, syslog:file:PATH, syslog:unix:PATH or syslog:tcp://HOST:PORT; may be given several times',
      collect,
    )
    .option('--audit-fsync', 'audit records are on the disk before the answer leaves, not only within a second')
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
