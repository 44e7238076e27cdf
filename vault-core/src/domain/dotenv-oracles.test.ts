// Any file at all, and files that other parsers read too: the rules of the reference parser, and util.parseEnv.

import { parseEnv } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDotenv, type DotenvDocument } from './dotenv.ts';
import { isZvaultError } from './errors.ts';

const pieces = [
  'A',
  'B=',
  '=',
  '#',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '"',
  "'",
  '`',
  '\\',
  '\\n',
  '$',
  'export ',
  'x',
  'é',
  '\u0085',
  '\ufeff',
];
const file = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));

function tryParse(text: string): DotenvDocument | undefined {
  try {
    return parseDotenv(text);
  } catch (error) {
    if (isZvaultError(error) && error.code === 'INPUT_INVALID') return undefined;
    throw error;
  }
}

test('reproduces any file that it can read', () => {
  fc.assert(
    fc.property(file, (text) => {
      const document = tryParse(text);
      fc.pre(document !== undefined);
      expect(document.toText()).toBe(text);
      expect(document.withValues(() => undefined).toText()).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

test('reads replaced values back, in any file', () => {
  fc.assert(
    fc.property(file, fc.array(fc.string({ unit: fc.constantFrom(...pieces), maxLength: 6 })), (text, values) => {
      const document = tryParse(text);
      fc.pre(document !== undefined && document.entries.length > 0);
      const expected = document.entries.map((entry, i) => values[i] ?? entry.value.expose());
      const replacement = new Map(document.entries.map((entry, i) => [entry, expected[i]]));
      const changed = document.withValues((entry) => replacement.get(entry));
      expect(changed.entries.map(({ key }) => key)).toEqual(document.entries.map(({ key }) => key));
      expect(changed.entries.map(({ value }) => value.expose())).toEqual(expected);
    }),
    { numRuns: 3000 },
  );
});

/** The rules of the reference parser (its standard library's `trim` and `lines`). */
function referenceParse(text: string): [string, string][] {
  const trim = (part: string) => part.replace(/^\p{White_Space}+/u, '').replace(/\p{White_Space}+$/u, '');
  const found: [string, string][] = [];
  for (const raw of text.split('\n')) {
    let line = trim(raw);
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('export ')) line = line.slice('export '.length);
    const equals = line.indexOf('=');
    if (equals === -1) continue;
    const key = trim(line.slice(0, equals));
    const value = trim(line.slice(equals + 1));
    if (key === '') continue;
    const quoted = value.length > 1 && ['"', "'"].includes(value[0]!) && value[0] === value.at(-1);
    found.push([key, quoted ? value.slice(1, -1) : value]);
  }
  return found;
}

/** Whether a value, as it stands behind the `=`, uses what the reference parser does not know. */
function usesExtension(raw: string): boolean {
  const value = raw.replace(/^\p{White_Space}+/u, '');
  const quote = value[0] ?? '';
  const hasComment = /\p{White_Space}#/u.test(raw) || /["']\p{White_Space}*#/u.test(value);
  const isOpen = `"'`.includes(quote) && !value.slice(1).includes(quote);
  return hasComment || quote === '`' || (quote !== '' && isOpen) || (quote === '"' && value.includes('\\'));
}

test('reads files without extensions as the reference parser does', () => {
  const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\u0085', '\u00a0', '\u2028', '\r'), maxLength: 2 });
  const name = fc.string({
    unit: fc.constantFrom('A', 'b', '1', '_', '.', '-', '/', '$', '#', 'é', ':'),
    minLength: 1,
    maxLength: 4,
  });
  const value = fc
    .string({
      unit: fc.constantFrom(...pieces.filter((piece) => !piece.includes('\n')), 'zvault://env/a/B'),
      maxLength: 8,
    })
    .filter((raw) => !usesExtension(raw));
  const assignment = fc
    .tuple(
      blank,
      fc.constantFrom('', 'export '),
      name.filter((name) => !name.startsWith('#')),
      blank,
      value,
    )
    .map(([before, exported, name, between, value]) => `${before}${exported}${name}${between}=${value}`);
  const comment = fc
    .tuple(blank, fc.string({ unit: fc.constantFrom(...pieces.filter((piece) => !piece.includes('\n'))) }))
    .map(([before, text]) => `${before}#${text}`);
  const line = fc.oneof(assignment, assignment, comment, blank);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (lines, newline) => {
      const text = lines.join(newline);
      const entries = parseDotenv(text).entries.map(({ key, value }) => [key, value.expose()]);
      expect(entries).toEqual(referenceParse(text));
    }),
    { numRuns: 3000 },
  );
});

test('agrees with util.parseEnv on what both know', () => {
  const blank = fc.constantFrom('', ' ', '\t ');
  const name = fc.string({ unit: fc.constantFrom('A', 'b', '1', '_'), minLength: 1, maxLength: 4 });
  const letters = ['a', '1', ' ', '=', '$', '\\', 'é', ',', '{'];
  const bare = fc.string({ unit: fc.constantFrom(...letters, 'n', 'x"', "x'"), maxLength: 8 });
  const single = fc
    .string({ unit: fc.constantFrom(...letters, '"', '`', '#', '\n', '\\n') })
    .map((text) => `'${text}'`);
  const double = fc
    .string({ unit: fc.constantFrom(...letters.filter((letter) => letter !== '\\'), "'", '`', '#', '\n', '\\n') })
    .map((text) => `"${text}"`);
  const backtick = fc.string({ unit: fc.constantFrom(...letters, '"', "'", '#', '\n') }).map((text) => `\`${text}\``);
  const quoted = fc
    .tuple(fc.oneof(single, double, backtick), fc.constantFrom('', ' ', ' # c', '#c'))
    .map((parts) => parts.join(''));
  const assignment = fc
    .tuple(blank, fc.constantFrom('', 'export '), name, blank, fc.constant('='), blank, fc.oneof(bare, quoted))
    .map((parts) => parts.join(''))
    // Where it errs: blanks alone make it take the next line for the value, and an empty value makes `export` part of the name.
    .filter((line) => !/=[ \t]+$|^[ \t]*export .*=$/.test(line));
  const line = fc.oneof(assignment, fc.constantFrom('', '# c', '#', ' '));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (lines, newline) => {
      const text = lines.map((line) => line.replaceAll('\n', newline)).join(newline) + newline;
      const values = Object.fromEntries([...parseDotenv(text).values()].map(([key, value]) => [key, value.expose()]));
      expect(values).toEqual({ ...parseEnv(text) });
    }),
    { numRuns: 2000 },
  );
});
