import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { decoys } from '../../test/decoys.ts';
import { formats } from '../../test/formats.ts';
import { seeded } from '../../test/secrets.ts';
import type { Rule } from '../rule.ts';
import { rules } from '../rules/index.ts';
import { samplesOf } from '../samples/sampler.ts';
import { Engine, type Match } from './engine.ts';
import { KeywordFilter } from './filter.ts';
import { openingOf, unlimited } from './opening.ts';
import { settleOverlaps } from './overlap.ts';
import { buildTables } from './tables.ts';

const tables = buildTables(rules);
const engine = new Engine(rules, { tables });
const filters = [new KeywordFilter(tables, 'wasm'), new KeywordFilter(tables, 'js')];

const told = (matches: readonly Match[]): string[] =>
  matches.map(({ rule, start, end, encoding }) => `${rule.id} ${start}-${end} ${encoding ?? ''}`);

/** What the rules say of a text where each keyword is tried. */
function unguarded(bytes: Buffer, bareValues: boolean): string[] {
  const context = { path: 'x', least: 'generic', bareValues } as const;
  engine.room(bytes.length).set(bytes);
  const run = engine.begin(bytes.length);
  engine.keywords(bytes.length, 0, bytes.length, (entry, position) => engine.consider(run, entry, position, context));
  return told(settleOverlaps(run.matches, run.refuted));
}

function guarded(bytes: Buffer, bareValues: boolean): string[] {
  engine.room(bytes.length).set(bytes);
  return told(engine.scan(bytes.length, { path: 'x', least: 'generic', bareValues }));
}

function hits(filter: KeywordFilter, bytes: Buffer, bareValues: boolean): string[] {
  const found: string[] = [];
  filter.room(bytes.length).set(bytes);
  const add = ({ address }: { readonly address: number }, position: number): void =>
    void found.push(`${position} ${address}`);
  filter.run(bytes.length, add, 0, bytes.length, { bareValues });
  return found;
}

function expectNothingLost(text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (const bareValues of [true, false]) {
    expect(guarded(bytes, bareValues)).toEqual(unguarded(bytes, bareValues));
    const [wasm, js] = filters.map((filter) => hits(filter, bytes, bareValues));
    expect(wasm).toEqual(js);
  }
}

const draw = seeded(11);
const lines = [
  ...formats(draw).flatMap(([, text]) => text),
  ...decoys(draw).flatMap(([, text]) => text),
  ...rules.flatMap((rule) => {
    const { true: right, false: wrong } = samplesOf(rule, draw);
    return [...right, ...wrong];
  }),
];

test('no sample of a rule and no line in any format is lost to a guard, alone or in one text', () => {
  for (const line of lines) expectNothingLost(line);
  expectNothingLost(lines.join('\n'));
});

const edit = fc.record({
  at: fc.nat(10_000),
  removed: fc.nat(3),
  added: fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '\t',
      '\n',
      '"',
      "'",
      '`',
      '\\',
      '=',
      ':',
      '=>',
      ':=',
      ', ',
      '(',
      ')',
      '{',
      '}',
      '[',
      '<',
      '>',
    ),
    fc.constantFrom(
      'is ',
      'as ',
      'value: ',
      'b',
      'String::from(',
      '&x ',
      '--',
      '?',
      '&',
      '@',
      'login x ',
      'set -x ',
      '%3D',
    ),
  ),
});

test.prop([fc.array(fc.nat(lines.length - 1), { minLength: 1, maxLength: 4 }), fc.array(edit, { maxLength: 6 })], {
  numRuns: 3000,
})('nor is one that was changed here and there', (chosen, edits) => {
  let text = chosen.map((index) => lines[index]).join('\n');
  for (const { at, removed, added } of edits) {
    const place = at % (text.length + 1);
    text = text.slice(0, place) + added + text.slice(place + removed);
  }
  expectNothingLost(text);
});

const pick = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

test.prop(
  [
    pick(
      '',
      ' ',
      'x ',
      '/',
      ':',
      '{',
      '${',
      '<',
      '>',
      '?',
      '&',
      '--',
      '-',
      'ENV ',
      'login x ',
      'user=x ',
      'name="',
      '$s{',
    ),
    pick('password', 'API_TOKEN', 'secretKey', 'api key', 'auth.credential', 'datadog_api_key', 'azure'),
    pick('', '"', "'", '`', '\\"', '"]', ')', '")', '(', '{', '<', '}'),
    pick('', ' ', '  ', '\t', '\n', '\xa0', ' '.repeat(70)),
    pick(
      '=',
      ':',
      ':=',
      '=>',
      '==',
      '===',
      '::',
      '->',
      '<-',
      '||',
      '??',
      '+=',
      ',',
      'is',
      'is:',
      'or',
      '.get(',
      '|',
      '',
    ),
    pick('', ' ', '\n', '\n  ', ' string = ', ': string = ', ' As String = ', '[]byte(', '> ', 'value: ', '"value": '),
    pick('', '"', "'", '`', '\\"', '"""', '\'"', 'b"', 'String::from("', '&anchor ', '(', '<![', '$'),
    pick('kT9xQ2mPz7LwVb4n', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', 'short', 'process.env.X', '', 'two words'),
    pick('', '"', "'", '`', '\\"', '"""', ')', ';', '</string>', '\\\n', '[0]'),
  ],
  { numRuns: 20_000 },
)('nor a way to assign', (...parts) => {
  const text = parts.join('');
  expectNothingLost(text);
});

const part = fc.oneof(
  pick(
    'a',
    'b',
    '[ab]',
    '[^a]',
    '.',
    '\\d',
    '\\x61',
    '\\cI',
    '\\07',
    '(a)',
    '(?:ab|c)',
    '(?:a|b|cc)',
    '(?<n>b|)',
    '(?=a)',
    '(?!b)',
  ),
  pick('\\b', '^', '$', '(?<=a)', '(?i:A)', '(a|b)\\1', '(?:a[bc]{2,3}){2}', 'A', '|', 'a{', ']', '\\k<n>'),
);
const times = pick('', '', '', '?', '*', '+', '{2}', '{1,3}', '{2,}', '{0,2}?', '+?');
const expression = fc
  .array(fc.tuple(part, times), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.flat().join(''));

test.prop([expression, fc.boolean(), fc.string({ unit: pick('a', 'b', 'c', '1', 'A', '\t', '\x07'), maxLength: 12 })], {
  numRuns: 20_000,
})('what matches an expression has its opening', (pattern, ignoreCase, text) => {
  let sticky;
  try {
    sticky = new RegExp(pattern, ignoreCase ? 'iy' : 'y');
  } catch {
    return; // it is none
  }
  if (!sticky.test(text)) return;
  const rule = { ...rules[0]!, pattern, lead: undefined, ...(ignoreCase && { ignoreCase }) } as unknown as Rule;
  let at = 0;
  for (const step of openingOf(rule, '')) {
    let count = 0;
    while ((count < step.most || step.most === unlimited) && step.class[text.charCodeAt(at)] === 1) {
      count += 1;
      at += 1;
    }
    expect(count).toBeGreaterThanOrEqual(step.least);
  }
});

test.each([
  ['AKIA[A-Z2-7]{16}', ['A', 'K', 'I', 'A'], [1, 1, 1, 1, 16]],
  ['(?:live|prod)_[a-z]+', ['lp'], [1, 1, 1, 1, 1, 1]],
  ['(?:ab|c)x', ['ac'], [1]],
  ['a{2,5}b?c', ['a', 'b', 'c'], [2, 0, 1]],
  ['a{2,5}b?a', ['a'], [2]],
  ['a{2,5}b{2}', ['a', 'b'], [2, 2]],
  ['a{2,5}a', ['a'], [2]],
  ['(?=x)a\\b[^]{300}', ['a'], [1, 254]],
  ['(a)\\1', ['a'], [1]],
  ['(?:ab)?c', [], []],
])('the opening of %s', (pattern, first, least) => {
  const rule = { ...rules[0]!, pattern, lead: undefined, ignoreCase: undefined } as unknown as Rule;
  const steps = openingOf(rule, '');
  expect(steps.map((step) => step.least)).toEqual(least);
  for (const [i, letters] of first.entries())
    expect([...steps[i]!.class.keys()].filter((byte) => steps[i]!.class[byte] === 1)).toEqual([
      ...Buffer.from(letters),
    ]);
});
