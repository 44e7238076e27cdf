// Which secrets become which variables: keys and globs, exclusions, names of one's own, transforms, a prefix, and parts of JSON values.
// Pure: nothing is asked, nothing is written.

import { ciError } from './errors.ts';
import { isGlob, matchesGlob } from './glob.ts';
import { parseJsonLeaves } from './json-leaves.ts';
import { list } from './names.ts';

export const transforms = ['none', 'upper-snake', 'tf-var', 'dotnet'] as const;
export type Transform = (typeof transforms)[number];

export interface SelectOptions {
  /** Keys and globs to take; those with `!` in front are left out. Empty: all. */
  readonly keys: readonly string[];
  readonly exclude: readonly string[];
  /** `KEY -> NAME` */
  readonly map: readonly (readonly [key: string, name: string])[];
  readonly prefix: string;
  readonly transform: Transform;
  /** Keys and globs whose JSON values become one variable for each leaf; `KEY#path` takes one leaf. */
  readonly parseJson: readonly string[];
}

export interface Selected {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

export interface Selection {
  readonly selected: readonly Selected[];
  /** What was asked for by key, glob or `map` and is not there. */
  readonly missing: readonly string[];
}

/** @throws ZVCI-100 for options that contradict each other or a JSON value that is none */
export function selectSecrets(secrets: ReadonlyMap<string, string>, options: SelectOptions): Selection {
  const wanted = options.keys.filter((pattern) => !pattern.startsWith('!'));
  const unwanted = [
    ...options.exclude,
    ...options.keys.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
  ];
  const all = [...secrets.keys()];
  const isOut = (key: string): boolean => unwanted.some((pattern) => matchesGlob(pattern, key));
  const contradicting = options.map.map(([key]) => key).filter(isOut);
  if (contradicting.length > 0) throw ciError('ZVCI-100', `"map" names what is left out: ${list(contradicting)}`);

  const mapped = new Set(options.map.map(([key]) => key));
  const missing = [...wanted, ...mapped, ...options.parseJson.map(keyPart)].filter(
    (pattern) => !(isGlob(pattern) ? all.some((key) => matchesGlob(pattern, key)) : secrets.has(pattern)),
  );
  const isWanted = (key: string): boolean =>
    (wanted.length === 0 || wanted.some((pattern) => matchesPattern(pattern, key)) || mapped.has(key)) && !isOut(key);
  const selected = all.filter(isWanted).flatMap((key) => variablesOf(key, secrets.get(key) ?? '', options));
  return { selected, missing: [...new Set(missing)] };
}

function variablesOf(key: string, value: string, options: SelectOptions): Selected[] {
  const names = options.map.filter(([source]) => source === key).map(([, name]) => name);
  // A name that somebody chose gets neither transform nor prefix.
  if (names.length > 0) return names.map((name) => ({ key, name, value }));
  const made = (name: string): string => options.prefix + transformName(name, options.transform);
  const json = options.parseJson.filter((entry) => matchesPattern(keyPart(entry), key));
  if (json.length === 0) return [{ key, name: made(key), value }];
  const paths = json.map((entry) => entry.slice(keyPart(entry).length + 1));
  const leaves = parseJsonLeaves(key, value).filter(({ path }) => paths.some((p) => p === '' || p === path.join('.')));
  const absent = paths.filter((path) => path !== '' && !leaves.some((leaf) => leaf.path.join('.') === path));
  if (absent.length > 0) {
    throw ciError('ZVCI-140', `the JSON of "${key}" has no ${list(absent)}`);
  }
  return leaves.map(({ path, text }) => ({ key, name: made([key, ...path].join('_')), value: text }));
}

/** An entry with `*` or `?` may also be meant as the key itself. */
function matchesPattern(pattern: string, key: string): boolean {
  return pattern === key || matchesGlob(pattern, key);
}

function keyPart(entry: string): string {
  const hash = entry.indexOf('#');
  return hash === -1 ? entry : entry.slice(0, hash);
}

/** The name that a key gets. `upper-snake` makes `_` of any other sign; `dotnet` makes `Smtp__UserName` of `SMTP__USER_NAME`. */
export function transformName(key: string, transform: Transform): string {
  switch (transform) {
    case 'none':
      return key;
    case 'upper-snake':
      return key.replaceAll(/[^A-Za-z0-9_]/gu, '_').toUpperCase();
    case 'tf-var':
      return `TF_VAR_${key.toLowerCase()}`;
    case 'dotnet':
      return key
        .split('__')
        .map((part) => part.split('_').map(capitalized).join(''))
        .join('__');
  }
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}
