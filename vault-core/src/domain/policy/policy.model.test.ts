// A second, naive evaluator: each choice from a pattern's braces becomes a regular expression, and a decision is two plain
// questions. Random policies and requests must be decided alike.

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { decide } from './decide.ts';
import { type Capability, type Policy, capabilities, compilePolicy } from './policy.ts';

/** A pattern as a tree; `text` is how it is written. */
type Piece = { readonly text: string; readonly regex: string } | { readonly choices: readonly (readonly Piece[])[] };

const plain = fc.constantFrom('a', 'b', '/', '/', '.', 'ab').map((text) => ({ text, regex: text.replace('.', '\\.') }));
const wild = fc.constantFrom(
  { text: '*', regex: '*' },
  { text: '**', regex: '**' },
  { text: '?', regex: '[^/]' },
  { text: '[ab]', regex: '[ab]' },
  { text: '[!a]', regex: '[^a/]' },
  { text: '\\*', regex: '\\*' },
);
const piece: fc.Arbitrary<Piece> = fc.letrec<{ piece: Piece }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    { weight: 5, arbitrary: plain },
    { weight: 4, arbitrary: wild },
    {
      weight: 1,
      arbitrary: fc.record({
        choices: fc.array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
})).piece;
const pattern = fc
  .record({ marks: fc.constantFrom('', '', '', '!'), pieces: fc.array(piece, { minLength: 1, maxLength: 8 }) })
  .filter(({ pieces }) => {
    const texts = expand(pieces).map((parts) => parts.join(' '));
    // What the braces stand for is bounded. And wildcards side by side are one, which this model does not read.
    const size = texts.reduce((sum, text) => sum + text.length + 1, 0);
    return size < 8192 && !/\*{3}/.test(write(pieces)) && !texts.some((text) => /\* \*/.test(text));
  });

function write(pieces: readonly Piece[]): string {
  return pieces.map((one) => ('text' in one ? one.text : `{${one.choices.map(write).join(',')}}`)).join('');
}

function expand(pieces: readonly Piece[]): string[][] {
  const [first, ...others] = pieces;
  if (!first) return [[]];
  const heads = 'text' in first ? [[first.regex]] : first.choices.flatMap(expand);
  return heads.flatMap((head) => expand(others).map((tail) => [...head, ...tail]));
}

function naiveMatch({ marks, pieces }: { marks: string; pieces: readonly Piece[] }, path: string): boolean {
  const found = expand(pieces).some((parts) => {
    const source = parts.map((part, at) => {
      if (part === '*') return '[^/]*';
      if (part !== '**') return part;
      if (at === parts.length - 1) return '.*';
      return (at === 0 || parts[at - 1] === '/') && parts[at + 1] === '/' ? '\u0000' : '[^/]*';
    });
    return new RegExp(`^${source.join('').replaceAll('\u0000/', '(?:[^/]*/)*')}$`, 's').test(path);
  });
  return found !== (marks === '!');
}

const path = fc
  .array(fc.constantFrom('a', 'b', '/', '.', '*', 'ab', 'c'), { maxLength: 9 })
  .map((parts) => parts.join(''));
const rule = fc.record({
  pattern,
  capabilities: fc.uniqueArray(fc.constantFrom(...capabilities), { minLength: 1, maxLength: 4 }),
});
const policies = fc.array(fc.array(rule, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
const asked = fc.constantFrom(...capabilities.filter((capability) => capability !== 'deny'));

test.prop([pattern, path], { numRuns: 20_000 })('a pattern matches what the naive one matches', (written, text) => {
  const text0 = written.marks + write(written.pieces);
  const { matches } = compilePolicy({ name: 'p', rules: [{ path: text0, capabilities: ['read'] }] }).rules[0]!;
  expect([text0, text, matches(text)]).toEqual([text0, text, naiveMatch(written, text)]);
});

test.prop([policies, path, asked], { numRuns: 5000 })(
  'decisions are those of the naive evaluator',
  (written, text, capability) => {
    const compiled = written.map((rules, index) =>
      compilePolicy({
        name: `p${index}`,
        rules: rules.map((one) => ({
          path: one.pattern.marks + write(one.pattern.pieces),
          capabilities: one.capabilities,
        })),
      } satisfies Policy),
    );
    const matching = written.flat().filter((one) => naiveMatch(one.pattern, text));
    const has = (wanted: Capability): boolean => matching.some((one) => one.capabilities.includes(wanted));
    const decision = decide(compiled, text, capability);
    expect(decision.allowed).toBe(has(capability) && !has('deny'));
    expect(decision.rule !== null).toBe(has(capability) || has('deny'));
    if (decision.rule) expect(decision.rule.capabilities).toContain(has('deny') ? 'deny' : capability);
  },
);
