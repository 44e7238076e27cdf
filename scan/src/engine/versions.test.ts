import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
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
