// What a job may say, by the names that the action, the orb, the pipe and the command share. One parser for all, so that they cannot
// differ.

import { ciError } from './errors.ts';
import { type MaskOptions } from './mask-plan.ts';
import { type SelectOptions, transforms } from './select.ts';

interface OptionRow {
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** Sorted. The command has them as flags and as `ZVAULT_CI_…`, the action as inputs. */
export const ciOptions = {
  'allow-reserved': { summary: 'reserved names that may be set all the same' },
  audience: { summary: "audience of the identity token (default: the platform's own; on GitHub the vault's address)" },
  auth: { summary: 'how to log in', choices: ['auto', 'token', 'oidc'], default: 'auto' },
  'ca-cert': { summary: 'CA of the vault: a file, or PEM text' },
  'client-cert': { summary: 'client certificate for mutual TLS: a file, or PEM text' },
  'client-key': { summary: 'its key: a file, or PEM text' },
  exclude: { summary: 'keys and globs to leave out' },
  keys: { summary: 'keys and globs to take, "!glob" leaves out (default: all)' },
  map: { summary: 'names of your own: "KEY -> NAME", several by commas or lines' },
  'min-mask-length': { summary: 'shorter values are not masked; 0 masks all', default: '4' },
  'on-collision': {
    summary: 'when a name is set already',
    choices: ['fail', 'keep', 'overwrite'],
    default: 'fail',
  },
  'on-missing': { summary: 'when a key is not there', choices: ['fail', 'warn', 'ignore'], default: 'fail' },
  'parse-json': { summary: 'keys whose JSON becomes a variable for each leaf; "KEY#path" takes one' },
  prefix: { summary: 'text in front of every name' },
  retries: { summary: 'attempts after the first', default: '3' },
  role: { summary: 'role of the log-in with an identity token' },
  'short-values': {
    summary: 'values too short to be masked: warn, or refuse them',
    choices: ['warn', 'error'],
    default: 'warn',
  },
  'timeout-ms': { summary: 'longest time for the vault, all attempts together', default: '60000' },
  transform: { summary: 'what happens to names, before the prefix', choices: transforms, default: 'none' },
  unmask: { summary: 'keys and globs whose values are not masked' },
} as const satisfies Record<string, OptionRow>;

export type CiOptionName = keyof typeof ciOptions;

export interface CiOptions {
  readonly auth: 'auto' | 'token' | 'oidc';
  readonly role: string | undefined;
  readonly audience: string | undefined;
  readonly caCert: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly select: SelectOptions;
  readonly allowReserved: ReadonlySet<string>;
  readonly onMissing: 'fail' | 'warn' | 'ignore';
  readonly onCollision: 'fail' | 'keep' | 'overwrite';
  readonly unmask: readonly string[];
  readonly mask: MaskOptions;
  readonly shortValues: 'warn' | 'error';
}

/**
 * Reads all options; empty counts as unset.
 * @throws ZVCI-100 naming the option
 */
export function parseCiOptions(read: (name: CiOptionName) => string | undefined): CiOptions {
  const text = (name: CiOptionName): string | undefined => read(name)?.trim() || undefined;
  const items = (name: CiOptionName): string[] => parseList(text(name) ?? '');
  const choice = <T extends string>(name: CiOptionName): T => {
    const row: OptionRow = ciOptions[name];
    const value = text(name) ?? row.default ?? '';
    if (row.choices?.includes(value) !== true) {
      throw ciError('ZVCI-100', `"${name}" takes one of: ${row.choices?.join(', ')}`);
    }
    return value as T;
  };
  const whole = (name: CiOptionName, minimum: number, maximum: number): number => {
    const row: OptionRow = ciOptions[name];
    const value = text(name) ?? row.default ?? '';
    if (!/^\d{1,9}$/.test(value) || Number(value) < minimum || Number(value) > maximum) {
      throw ciError('ZVCI-100', `"${name}" takes a whole number from ${minimum} to ${maximum}`);
    }
    return Number(value);
  };
  return {
    auth: choice('auth'),
    role: text('role'),
    audience: text('audience'),
    caCert: text('ca-cert'),
    clientCert: text('client-cert'),
    clientKey: text('client-key'),
    retries: whole('retries', 0, 20),
    timeoutMs: whole('timeout-ms', 1, 3_600_000),
    select: {
      keys: items('keys'),
      exclude: items('exclude'),
      map: items('map').map(parseMapping),
      prefix: text('prefix') ?? '',
      transform: choice('transform'),
      parseJson: items('parse-json'),
    },
    allowReserved: new Set(items('allow-reserved')),
    onMissing: choice('on-missing'),
    onCollision: choice('on-collision'),
    unmask: items('unmask'),
    mask: { minLength: whole('min-mask-length', 0, 1000) },
    shortValues: choice('short-values'),
  };
}

/** Commas or line breaks part the items of a list. */
export function parseList(text: string): string[] {
  return text
    .split(/[,\r\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseMapping(entry: string): [string, string] {
  const match = /^(.+?)\s*->\s*(\S+)$/.exec(entry);
  if (match === null) throw ciError('ZVCI-100', '"map" takes "KEY -> NAME" entries, parted by commas or line breaks');
  return [match[1] ?? '', match[2] ?? ''];
}

/** @throws ZVCI-100 */
export function parseBoolean(name: string, text: string | undefined, fallback: boolean): boolean {
  const value = text?.trim().toLowerCase() ?? '';
  if (value === '') return fallback;
  if (['true', 'yes', 'on', '1'].includes(value)) return true;
  if (['false', 'no', 'off', '0'].includes(value)) return false;
  throw ciError('ZVCI-100', `"${name}" takes true or false`);
}
