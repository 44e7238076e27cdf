// `.zvault-scan.toml`: what a project changes about the scan. schemas/zvault-scan.schema.json describes the same for editors.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import type { Rule, Severity } from '../rule.ts';
import { type CustomRule, compileCustomRule } from './custom-rules.ts';
import type { Allowlist } from './allowlist.ts';
import { type GitleaksConfig, readGitleaksConfig } from './gitleaks.ts';

type Profile = 'default' | 'strict' | 'formats';

export interface ScanConfig {
  readonly disable: readonly string[];
  /** Patterns in .gitignore's syntax. */
  readonly exclude: readonly string[];
  /** Bytes, 0 for no limit. */
  readonly maxFileSize: number;
  readonly profile: Profile;
  /** Path of the baseline, relative to the configuration. */
  readonly baseline: string | undefined;
  readonly customRules: readonly CustomRule[];
  readonly allowlists: readonly Allowlist[];
  /** Findings that a .gitleaksignore names: file and line. */
  readonly ignoredLines: ReadonlySet<string>;
}

const defaultMaxFileSize = 16 * 1024 * 1024;
const configName = '.zvault-scan.toml';

/** Reads a file of the configuration by its name in the project's folder; `undefined` if it is not there. */
export type ConfigReader = (name: string) => Promise<Buffer | undefined>;

/** Reads configuration files from the nearest folder upwards that has one, or from the repository's top. */
export function folderReader(cwd: string): ConfigReader {
  const folder = projectFolder(cwd);
  return (name) => Promise.resolve(existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined);
}

/** The nearest folder with a configuration, else the nearest that is a repository's top, else the given one. */
export function projectFolder(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, configName)) || existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return cwd;
  }
}

/** @throws CONFIG_INVALID with the place of what is wrong */
export async function loadConfig(read: ConfigReader, name: string = configName): Promise<ScanConfig> {
  const own = await read(name);
  const gitleaks = await read('.gitleaks.toml');
  const ignore = await read('.gitleaksignore');
  const foreign: GitleaksConfig = gitleaks
    ? readGitleaksConfig(await parseToml(gitleaks.toString('utf8'), '.gitleaks.toml'))
    : { rules: [], allowlists: [] };
  const table = own ? await parseToml(own.toString('utf8'), name) : {};
  const config = decode(table, name);
  return {
    ...config,
    customRules: [...config.customRules, ...foreign.rules],
    allowlists: foreign.allowlists,
    ignoredLines: new Set(ignore ? ignoredLines(ignore.toString('utf8')) : []),
  };
}

async function parseToml(text: string, name: string): Promise<Record<string, unknown>> {
  const { parse } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    throw new ZvaultError(
      'CONFIG_INVALID',
      `${name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'not valid TOML'}`,
      { cause: error },
    );
  }
}

const known = new Set(['disable', 'exclude', 'max_file_size', 'profile', 'baseline', 'rules']);

function decode(table: Record<string, unknown>, name: string): Omit<ScanConfig, 'allowlists' | 'ignoredLines'> {
  const bad = (key: string, wanted: string): ZvaultError =>
    new ZvaultError('CONFIG_INVALID', `${name}: "${key}" must be ${wanted}`);
  for (const key of Object.keys(table))
    if (!known.has(key))
      throw new ZvaultError('CONFIG_INVALID', `${name}: "${key}" is not known`, {
        hint: `use one of ${[...known].join(', ')}`,
      });
  const texts = (key: string): readonly string[] => {
    const value = table[key] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw bad(key, 'a list of texts');
    return value;
  };
  const { profile = 'default', baseline, rules = [] } = table;
  if (profile !== 'default' && profile !== 'strict' && profile !== 'formats')
    throw bad('profile', '"default", "strict" or "formats"');
  if (baseline !== undefined && typeof baseline !== 'string') throw bad('baseline', 'a path');
  if (!Array.isArray(rules)) throw bad('rules', 'a list of tables');
  return {
    disable: texts('disable'),
    exclude: texts('exclude'),
    maxFileSize: sizeOf(table['max_file_size'], () =>
      bad('max_file_size', 'a number of bytes, or a text such as "20 MB"'),
    ),
    profile,
    baseline,
    customRules: rules.map((rule, index) => decodeRule(rule, `${name}: rules[${index}]`)),
  };
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

function sizeOf(value: unknown, bad: () => ZvaultError): number {
  if (value === undefined) return defaultMaxFileSize;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const parts = typeof value === 'string' ? /^(\d+)\s*([a-z]{0,3})$/i.exec(value.trim()) : null;
  const unit = units[(parts?.[2] ?? 'x').toLowerCase()];
  if (parts === null || unit === undefined) throw bad();
  return Number(parts[1]) * unit;
}

/** Reads a size as the command line writes it. @throws USAGE */
export function readSize(text: string): number {
  return sizeOf(
    /^\d+$/.test(text) ? Number(text) : text,
    () => new ZvaultError('USAGE', `"${text}" is not a size`, { hint: 'write a number of bytes, or 20MB' }),
  );
}

const severities: readonly string[] = ['critical', 'high', 'medium', 'low'] satisfies readonly Severity[];

function decodeRule(value: unknown, place: string): CustomRule {
  const bad = (what: string): ZvaultError => new ZvaultError('CONFIG_INVALID', `${place}: ${what}`);
  if (typeof value !== 'object' || value === null) throw bad('not a table');
  const table = value as Record<string, unknown>;
  const {
    id,
    title = table['description'] ?? id,
    severity = 'high',
    pattern = table['regex'],
    keywords = [],
    entropy,
    allow = {},
  } = table;
  if (typeof id !== 'string' || !/^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/i.test(id))
    throw bad('"id" must be a name such as "acme-token"');
  if (typeof pattern !== 'string') throw bad('"pattern" must be a regular expression');
  if (typeof title !== 'string') throw bad('"title" must be a text');
  if (typeof severity !== 'string' || !severities.includes(severity))
    throw bad('"severity" must be critical, high, medium or low');
  if (!Array.isArray(keywords) || !keywords.every((item) => typeof item === 'string'))
    throw bad('"keywords" must be a list of texts');
  if (entropy !== undefined && typeof entropy !== 'number') throw bad('"entropy" must be a number');
  const { values = [], paths = [] } = allow as { values?: unknown; paths?: unknown };
  const list = (items: unknown, key: string): string[] => {
    if (!Array.isArray(items) || !items.every((item) => typeof item === 'string'))
      throw bad(`"allow.${key}" must be a list of regular expressions`);
    return items;
  };
  return compileCustomRule(
    {
      id,
      title,
      severity: severity as Severity,
      pattern,
      keywords,
      entropy,
      allowlists: [
        {
          condition: 'OR',
          regexes: list(values, 'values'),
          regexTarget: 'secret',
          paths: list(paths, 'paths'),
          stopwords: [],
        },
      ],
      ignoreCase: table['ignoreCase'] === true || table['ignore_case'] === true,
    },
    place,
  );
}

function* ignoredLines(text: string): Iterable<string> {
  for (const line of text.split('\n')) {
    const fingerprint = line.trim();
    if (fingerprint === '' || fingerprint.startsWith('#')) continue;
    // [commit:]file:rule:line; a file's name may have colons of its own.
    const parts = /^(?:[0-9a-f]{40,64}:)?(.+):[^:]+:(\d+)$/.exec(fingerprint);
    if (parts) yield `${parts[1]}:${parts[2]}`;
  }
}

/** Which rules run under the configuration; `undefined`: all. @throws CONFIG_INVALID for a disabled rule that does not exist */
export function activeRules(config: ScanConfig, all: readonly Rule[]): ((rule: Rule) => boolean) | undefined {
  for (const id of config.disable) {
    if (!all.some((rule) => rule.id === id) && !config.customRules.some((rule) => rule.id === id))
      throw new ZvaultError('CONFIG_INVALID', `the rule "${id}" to disable does not exist`, {
        hint: 'see zvault scan --list-rules',
      });
  }
  if (config.disable.length === 0 && config.profile !== 'formats') return undefined;
  return (rule) => !config.disable.includes(rule.id) && (config.profile !== 'formats' || rule.confidence === 'format');
}
