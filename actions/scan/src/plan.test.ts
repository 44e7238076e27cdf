import { expect, test } from 'vitest';
import { planScan } from './plan.ts';

const inputs = { range: '', vault: 'off', strict: false, deep: false, sarif: '' };
const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];

test.each([
  [
    'a pull request',
    { pull_request: { base: { sha: a }, head: { sha: b } } },
    {},
    ['--range', `${a}..${b}`, '--config-from', a, '--format', 'github'],
  ],
  ['a push', { before: a, after: b }, {}, ['--range', `${a}..${b}`, '--config-from', a, '--format', 'github']],
  ['a new branch', { before: '0'.repeat(40), after: b }, {}, ['.', '--format', 'github']],
  ['a schedule', {}, {}, ['.', '--format', 'github']],
  ['a given range', {}, { range: 'v1..v2' }, ['--range', 'v1..v2', '--config-from', 'v1', '--format', 'github']],
  [
    'all inputs',
    {},
    { vault: 'required', strict: true, deep: true, sarif: 'x.sarif' },
    ['.', '--format', 'github', '--vault=required', '--strict', '--deep', '--sarif', 'x.sarif'],
  ],
])('%s', (_, event, given, args) => {
  expect(planScan(event, { ...inputs, ...given }).args).toEqual(args);
});

test('an unknown value of vault is refused', () => {
  expect(() => planScan({}, { ...inputs, vault: 'maybe' })).toThrow('vault');
});
