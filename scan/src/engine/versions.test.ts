import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { formats } from '../../test/formats.ts';
import { seeded } from '../../test/secrets.ts';
import { rules } from '../rules/index.ts';
import { samplesOf } from '../samples/sampler.ts';
import { Engine, type Match } from './engine.ts';
import { longestMatch } from './reach.ts';
import { buildTables } from './tables.ts';
import { VersionScan } from './versions.ts';

const tables = buildTables(rules);
const whole = new Engine(rules, { tables });
const stepwise = new Engine(rules, { tables });
const inParts = new Engine(rules, { tables, shortText: 0 });
const context = { path: 'config/app.conf', least: 'generic', bareValues: true } as const;

function take(engine: Engine, text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  engine.room(bytes.length).set(bytes);
  return bytes.length;
}

const told = (matches: readonly Match[]): string[] =>
  matches.map(({ rule, start, end, encoding }) => `${rule.id} ${start}-${end} ${encoding ?? ''}`);

/** A line that rules have something to say about, or none. */
const piece = fc.oneof(
  fc
    .tuple(fc.nat({ max: rules.length - 1 }), fc.infiniteStream(fc.nat({ max: 0x7fff_fffe })))
    .map(([index, numbers]) => {
      const rule = rules[index];
      const random = (limit: number): number => (numbers.next().value ?? 0) % limit;
      const samples = rule === undefined ? undefined : samplesOf(rule, random);
      return `${[...(samples?.true ?? []), ...(samples?.false ?? [])][random(2)] ?? ''}\n`;
    }),
  fc.constantFrom('', '\n', '"', "'", ' ', '=', 'password: ', 'secret = "', '"}', '-----', 'login x ', 'value', '\\n'),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => `${text}\n`),
  fc.stringMatching(/^(?:[A-Za-z0-9+/]{64}\n){1,30}$/),
  fc.constant('x'.repeat(700)),
);
const edit = fc.record({ at: fc.nat(10_000), removed: fc.oneof(fc.constant(0), fc.nat(300)), added: piece });

test.prop([fc.array(piece, { maxLength: 30 }), fc.array(edit, { minLength: 1, maxLength: 8 })], { numRuns: 500 })(
  'version after version gives what a scan of each whole text gives',
  (pieces, edits) => {
    // Once as short texts are scanned, once as long ones.
    const [short, long] = [new VersionScan(stepwise), new VersionScan(inParts)];
    let text = pieces.join('');
    for (const { at, removed, added } of [{ at: 0, removed: 0, added: '' }, ...edits]) {
      const place = text.length === 0 ? 0 : at % text.length;
      text = text.slice(0, place) + added + text.slice(place + removed);
      const expected = told(whole.scan(take(whole, text), context));
      expect(told(inParts.scan(take(inParts, text), context))).toEqual(expected);
      expect(told(short.scan(take(stepwise, text), context))).toEqual(expected);
      expect(told(long.scan(take(inParts, text), context))).toEqual(expected);
    }
  },
);

const draw = seeded(5);
const lines = [...formats(draw).flatMap(([, text]) => text), ...rules.flatMap((rule) => samplesOf(rule, draw).true)];
const small = fc.record({
  at: fc.nat(10_000),
  removed: fc.nat(8),
  added: fc.oneof(
    fc.constantFrom('', ' ', '"', '=', ':', '\n', 'x', '{', '(', ' is ', '-- '),
    fc.constant('y '.repeat(300)),
  ),
});

test.prop([fc.nat(lines.length - 1), fc.array(small, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean()], {
  numRuns: 5000,
})('a keyword that led to nothing is tried when what is around it changes', (index, edits, isFramed, bareValues) => {
  const frame = isFramed ? '-- a line of text\n'.repeat(120) : '';
  const right = `${frame}${lines[index]}\n${frame}`;
  let text = right;
  for (const { at, removed, added } of edits) {
    const place = frame.length + (at % (right.length - 2 * frame.length));
    text = text.slice(0, place) + added + text.slice(place + removed);
  }
  const where = { ...context, bareValues };
  const [short, long] = [new VersionScan(stepwise), new VersionScan(inParts)];
  for (const version of [text, right, text]) {
    const expected = told(whole.scan(take(whole, version), where));
    expect(told(short.scan(take(stepwise, version), where))).toEqual(expected);
    expect(told(long.scan(take(inParts, version), where))).toEqual(expected);
  }
});

test('so does a word far before it', () => {
  const versions = new VersionScan(stepwise);
  const write = (word: string): string => `x ${word} ${'u'.repeat(70)} password kT9xQ2mPz7LwVb4n\n`;
  expect(versions.scan(take(stepwise, write('logon')), context)).toHaveLength(0);
  expect(versions.scan(take(stepwise, write('login')), context)).toHaveLength(1);
  expect(versions.scan(take(stepwise, write('logon')), context)).toHaveLength(0);
});

test('another path is another file', () => {
  const versions = new VersionScan(stepwise);
  const text = 'const password = kT9xQ2mPz7LwVb4n;\n';
  expect(versions.scan(take(stepwise, text), context)).toHaveLength(1);
  expect(versions.scan(take(stepwise, text), { ...context, bareValues: false })).toHaveLength(0);
});

test.each([
  ['abc', 3],
  ['a{2,5}b?', 6],
  ['(?:ab|cde)+', Infinity],
  ['(?:ab|cde){2}x', 7],
  ['[^\\]"]{3}\\d\\x41\\b$', 5],
  ['(a)(?=bcd)\\1', Infinity],
  ['(?<name>ab)(?!c{4})', 6],
  ['', 0],
])('the longest match of %s', (pattern, longest) => {
  expect(longestMatch(pattern)).toBe(longest);
});
