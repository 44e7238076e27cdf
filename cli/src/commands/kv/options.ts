// What the commands of `zvault kv` share.

import type { Command } from 'commander';
import { ZvaultError } from '@zvault/core/domain';
import { type ConnectionFlags, addressOption } from '../../connection.ts';

export interface KvFlags extends ConnectionFlags {
  readonly mount?: string;
}

/** `--mount`, `--url`. */
export function kvOptions(command: Command): Command {
  return addressOption(command.option('--mount <name>', 'where the engine is mounted (default: secret)'));
}

export function mountOf({ mount }: KvFlags): { mount: string } {
  return { mount: mount?.replace(/\/$/, '') || 'secret' };
}

/** `1,2` or `3`. @throws USAGE */
export function parseVersions(text: string): number[] {
  const versions = text.split(',').map((one) => (/^[1-9]\d{0,8}$/.test(one.trim()) ? Number(one) : Number.NaN));
  if (versions.some(Number.isNaN)) throw new ZvaultError('USAGE', '--versions takes version numbers, like 3 or 1,2');
  return versions;
}
