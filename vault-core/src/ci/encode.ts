// Writes variables for whoever reads them next. Each format gives back exactly the values that went in, or refuses the whole.

import { formatShellExports } from '../domain/shell.ts';
import { ciError } from './errors.ts';
import { encodeDotenv } from './encode-dotenv.ts';
import { list } from './names.ts';

export const formats = ['sh', 'dotenv', 'json', 'yaml', 'powershell', 'github'] as const;
export type Format = (typeof formats)[number];

export interface Pair {
  readonly name: string;
  readonly value: string;
}

export interface EncodeOptions {
  /** Cryptographically strong random bytes, for GitHub's delimiters. */
  readonly randomBytes: (count: number) => Buffer;
  /** @default '\n' */
  readonly newline?: '\n' | '\r\n';
}

/** True for formats whose names become variables of a shell or a process. */
export function setsVariables(format: Format): boolean {
  return format !== 'json' && format !== 'yaml';
}

/** @throws ZVCI-134, ZVCI-135 when a value cannot be written in this format */
export function encode(format: Format, pairs: readonly Pair[], options: EncodeOptions): string {
  if (setsVariables(format)) refuseNul(pairs);
  switch (format) {
    case 'sh':
      return formatShellExports(pairs.map(({ name, value }) => ({ key: name, value })));
    case 'dotenv':
      return encodeDotenv(pairs);
    case 'json':
      return `${JSON.stringify(objectOf(pairs))}\n`;
    case 'yaml':
      return pairs.length === 0
        ? '{}\n'
        : pairs.map(({ name, value }) => `${yamlText(name)}: ${yamlText(value)}\n`).join('');
    case 'powershell':
      return pairs.map(({ name, value }) => `\${env:${name}} = ${powershellText(value)}\n`).join('');
    case 'github':
      return pairs.map((pair) => githubEntry(pair, options)).join('');
  }
}

/** @throws ZVCI-134 */
export function refuseNul(pairs: readonly Pair[]): void {
  const names = pairs.filter(({ value }) => value.includes('\0')).map(({ name }) => name);
  if (names.length > 0) throw ciError('ZVCI-134', `NUL in the value of ${list(names)}`);
}

function objectOf(pairs: readonly Pair[]): Record<string, string> {
  // Without a prototype: `__proto__` is a name like any other.
  const object = Object.create(null) as Record<string, string>;
  for (const { name, value } of pairs) object[name] = value;
  return object;
}

/** A double-quoted scalar. YAML 1.1 folds what it takes for line breaks, and refuses what it can't print. */
function yamlText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** In single quotes. PowerShell takes typographic quotes for single quotes too. Source: about_Quoting_Rules. */
function powershellText(text: string): string {
  return `'${text.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/**
 * `NAME<<delimiter`, the value, the delimiter. The delimiter is random, and the value is looked at all the same.
 * Source: actions/runner, FileCommandManager.cs; CVE-2022-35954.
 */
function githubEntry({ name, value }: Pair, { randomBytes, newline = '\n' }: EncodeOptions): string {
  const delimiter = `zvault_${randomBytes(16).toString('hex')}`;
  if (value.includes(delimiter) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw ciError('ZVCI-135', `${list([name])} cannot be written to a file of the runner`);
  }
  return `${name}<<${delimiter}${newline}${value}${newline}${delimiter}${newline}`;
}
