import { expect, test } from 'vitest';
import { identifierProblem } from '../names.ts';
import { decide } from './decide.ts';
import { compileGlob } from './glob.ts';
import { builtInPolicies, compilePolicy, parsePolicy } from './policy.ts';

// Contract 3.2, run there against the reference's matcher.
test.each([
  ['secret/**', 'secret/data/a/b', true],
  ['secret/**', 'secret/', true],
  ['secret/**', 'secret', false],
  ['secret/data/**', 'secret/data', false],
  ['secret/data/prod/*', 'secret/data/prod/x', true],
  ['secret/data/prod/*', 'secret/data/prod/x/y', false],
  ['secret/data/prod/*', 'secret/data/prod/', true],
  ['secret/*', 'secret/data/x', false],
  ['secret/data/**/pw', 'secret/data/pw', true],
  ['secret/data/**/pw', 'secret/data/a/b/pw', true],
  ['secret/data/a**', 'secret/data/a/b/c', true],
  ['secret/data/a**', 'secret/data/abc', true],
  ['a/**b', 'a/x/b', false],
  ['secret/list/env/*', 'secret/list/env/app/', false],
  ['secret/list/env/app/*', 'secret/list/env/app/', true],
  ['secret/data/{a,b}/*', 'secret/data/b/x', true],
  ['sys/policies/*', 'sys/policies', false],
  ['!secret/**', 'sys/policies', true],
  ['!secret/**', 'secret/x', false],
  ['*', 'a/b', false],
  ['**', 'a/b', true],
])('vector: %s on %s: %s', (pattern, path, expected) => {
  expect(compileGlob(pattern)(path)).toBe(expected);
});

// What the words of the language promise, whether or not the reference's matcher keeps it.
test.each([
  ['case counts', 'secret/A', 'secret/a', false],
  ['the whole path counts', 'secret/a', 'secret/ab', false],
  ['the whole path counts, from its start', 'cret/a', 'secret/a', false],
  ['** then *', 'secret/**/*', 'secret/a/b/c', true],
  ['** then *, in one segment', 'secret/**/*', 'secret/a', true],
  ['** then * with text around', 'secret/**/x*y', 'secret/a/xb/c/x_y', true],
  ['** then * then a slash', 'secret/**/a*/z', 'secret/b/a/ab/z', true],
  ['* then **', 'secret/*/**', 'secret/a/', true],
  ['*, ** and *', '*/**/*.key', 'a/b/c.d/e.key', true],
  ['two **', 'a/**/b/**/c', 'a/x/b/y/b/z/c', true],
  ['two ** of nothing', 'a/**/b/**/c', 'a/b/c', true],
  ['** in front', '**/pw', 'a/b/pw', true],
  ['** in front, of nothing', '**/pw', 'pw', true],
  ['** is whole segments', '**/pw', 'xpw', false],
  ['** is whole segments, inside', 'a/**/b', 'a/xb', false],
  ['three stars are two', 'a/***', 'a/b/c', true],
  ['** in a brace', 'a/{**,x}/b', 'a/c/d/b', true],
  ['** at the end of a brace', '{a/**,x}', 'a/c/d', true],
  ['stars of a brace and behind it stay two', 'a/{*,x}*', 'a/b/c', false],
  ['a brace over segments', '{a/b,c}/d', 'a/b/d', true],
  ['a brace in a brace', 'a{b,{c,d}e}', 'ade', true],
  ['an empty alternative', 'a{,b}', 'a', true],
  ['a brace without a comma', 'a{b}', 'ab', true],
  ['a comma outside of braces', 'a,b', 'a,b', true],
  ['a closing brace alone', 'a}', 'a}', true],
  ['?', 'a?c', 'abc', true],
  ['? is not nothing', 'a?c', 'ac', false],
  ['? is no slash', 'a?c', 'a/c', false],
  ['? is a whole character', 'a?', 'a\u{1f511}', true],
  ['a class', 'a[b-d]', 'ac', true],
  ['a class, missed', 'a[b-d]', 'ae', false],
  ['[!…]', 'a[!b]', 'ac', true],
  ['[^…]', 'a[^b]', 'ab', false],
  ['[!…] is no slash', 'a[!b]c', 'a/c', false],
  ['] first in a class', 'a[]]', 'a]', true],
  ['- last in a class', 'a[b-]', 'a-', true],
  ['a brace in a class', 'a[{]', 'a{', true],
  ['an escaped star', 'a\\*', 'ab', false],
  ['an escaped star, matched', 'a\\*', 'a*', true],
  ['an escaped brace', 'a\\{b,c}', 'a{b,c}', true],
  ['an escaped mark', '\\!a', '!a', true],
  ['a mark elsewhere', 'a!', 'a!', true],
  ['two marks', '!!a', 'a', true],
  ['a negated brace', '!{a,b}', 'b', false],
  ['empty segments', 'a/**/b', 'a//b', true],
  ['an empty segment', 'a/*/b', 'a//b', true],
])('words: %s', (_, pattern, path, expected) => {
  expect(compileGlob(pattern)(path)).toBe(expected);
});

test.each([
  ['', 'must not be empty'],
  ['a{b', 'without its }'],
  ['a[b', 'without its ]'],
  ['a[]', 'without its ]'],
  ['a[b-', 'without its ]'],
  ['a[z-a]', 'runs backwards'],
  ['a[/]', 'with a slash'],
  ['a\\', 'ends with a backslash'],
  ['a'.repeat(1025), 'at most 1024'],
  ['{'.repeat(11) + '}'.repeat(11), 'inside each other'],
  ['{a,b}'.repeat(20), 'too many patterns'],
  ['{,}'.repeat(100), 'too many patterns'],
])('malformed: %s', (pattern, problem) => {
  expect(() => compileGlob(pattern)).toThrow(problem);
});

test.each([
  '*a'.repeat(400),
  '**/a*/'.repeat(150),
  '{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}*b',
  '[!b]*'.repeat(200),
])('no pattern takes long, for matching does not go back: %.20s…', (pattern) => {
  const started = performance.now();
  expect(compileGlob(pattern)(`${'a/'.repeat(2000)}c`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});

const policy = (name: string, ...rules: [path: string, ...capabilities: string[]][]) =>
  compilePolicy(
    parsePolicy(
      name,
      rules.map(([path, ...capabilities]) => ({ path, capabilities })),
    ),
  );

test('a deny wins wherever it stands, and whatever is asked', () => {
  const open = policy('open', ['secret/**', 'read', 'list']);
  const closed = policy('closed', ['secret/data/prod/**', 'read', 'deny']);
  for (const policies of [
    [open, closed],
    [closed, open],
  ]) {
    expect(decide(policies, 'secret/data/dev/a', 'read')).toEqual({
      allowed: true,
      policy: 'open',
      rule: open.rules[0]?.rule,
    });
    expect(decide(policies, 'secret/data/prod/a', 'read')).toEqual({
      allowed: false,
      policy: 'closed',
      rule: closed.rules[0]?.rule,
    });
    expect(decide(policies, 'secret/data/prod/a', 'sudo').policy).toBe('closed');
  }
});

test('no rule, no access; sudo includes nothing', () => {
  const nothing = { allowed: false, policy: null, rule: null };
  expect(decide([], 'secret/a', 'read')).toEqual(nothing);
  expect(decide([policy('p', ['secret/*', 'sudo'])], 'secret/a', 'read')).toEqual(nothing);
  expect(decide([policy('p', ['secret/*', 'sudo'])], 'secret/a', 'sudo').allowed).toBe(true);
});

test('the built-in policies', () => {
  const root = compilePolicy(builtInPolicies.root);
  for (const capability of ['read', 'list', 'create', 'update', 'delete', 'sudo'] as const) {
    expect(decide([root], 'any/path/at/all', capability).allowed).toBe(true);
  }
  const own = compilePolicy(builtInPolicies.default);
  expect(decide([own], 'auth/token/lookup-self', 'read').allowed).toBe(true);
  expect(decide([own], 'auth/token/renew-self', 'update').allowed).toBe(true);
  expect(decide([own], 'auth/token/renew-self', 'read').allowed).toBe(false);
  expect(decide([own], 'secret/data/a', 'read').allowed).toBe(false);
});

test('capabilities in any case, once each', () => {
  expect(parsePolicy('p', [{ path: 'a', capabilities: ['Read', 'READ', 'list'] }]).rules[0]?.capabilities).toEqual([
    'read',
    'list',
  ]);
});

test.each([
  [[], 'at least one rule'],
  [[{ path: 'a', capabilities: [] }], 'rule 1: no capabilities'],
  [
    [
      { path: 'a', capabilities: ['read'] },
      { path: 'b', capabilities: ['write'] },
    ],
    'rule 2: unknown capability',
  ],
  [
    [
      { path: 'a', capabilities: ['read'] },
      { path: 'b{', capabilities: ['read'] },
    ],
    'rule 2: the path pattern has a {',
  ],
  [[{ path: '/a', capabilities: ['read'] }], 'leading slash'],
  [[{ path: 'v1/a', capabilities: ['read'] }], 'leading slash'],
  [[{ path: '\ud800', capabilities: ['read'] }], 'valid Unicode'],
])('refused: %j', (rules, problem) => {
  expect(() => parsePolicy('p', rules)).toThrow(problem);
});

test('names of policies', () => {
  for (const name of ['ci', 'team-a.prod', 'a:b@c', '_x', '9'])
    expect(identifierProblem('policy', name)).toBeUndefined();
  for (const name of ['', 'a b', 'a,b', 'a/b', '..', '-x', 'a\n', 'a'.repeat(129)])
    expect(identifierProblem('policy', name)).toBeDefined();
});
