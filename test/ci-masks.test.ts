// What the mask plan and GitHub's own encoders leave of a value in a log.

import { randomBytes } from 'node:crypto';
import { maskPlan, maskedTexts, maxMasksPerSecret } from '@zvault/core/ci';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedForms } from './support/derived-forms.ts';
import { RunnerMasker } from './support/runner-masker.ts';

const options = { minLength: 4 };

function maskerOf(masks: readonly string[]): RunnerMasker {
  const masker = new RunnerMasker();
  for (const mask of masks) masker.addMask(mask);
  return masker;
}

function logOf(masker: RunnerMasker, text: string): string {
  return text
    .split('\n')
    .map((line) => masker.mask(line))
    .join('\n');
}

function leaksOf(value: string, masks: readonly string[]): string[] {
  const masker = maskerOf(masks);
  return derivedForms(value).flatMap(({ name, prints, leaks }) => {
    const log = logOf(masker, `out: ${prints} end`);
    return leaks.some((leak) => log.includes(leak)) ? [name] : [];
  });
}

const pem = `-----BEGIN PRIVATE KEY-----\n${Array.from({ length: 8 }, () => randomBytes(48).toString('base64')).join('\n')}\n-----END PRIVATE KEY-----\n`;
const values: readonly [name: string, value: string][] = [
  ['a token', 'Zx8kQ2mN7vB4cLpR9sT1'],
  ['a token of 41 characters', randomBytes(20).toString('hex') + 'x'],
  ['signs', `p@ss "w0rd" 'x' <y> & \\ $HOME (a) *!~ %41`],
  ['base64 with + and /', '>>>???~~~abc>>>???~~~ü€😀>>>'],
  ['other scripts', 'пароль-密码-كلمة-😀'],
  ['a PEM', pem],
  ['pretty JSON', JSON.stringify({ type: 'account', key: 'private-key-text', note: 'x' }, null, 2)],
  ['JSON on a line', JSON.stringify({ password: `inner "quoted" pass`, list: ['another-long-one'] })],
  ['blanks around', '  padded-with-blanks  \n'],
  ['CR and LF', 'first-line\r\nsecond-line\rthird-line'],
  ['long', randomBytes(3000).toString('base64')],
  ['four characters', 'a1B2'],
];

describe.each(values)('%s', (_, value) => {
  test('no form of it is left', () => {
    expect(leaksOf(value, maskPlan(value, options))).toEqual([]);
  });

  test('takes at most eight masks', () => {
    expect(maskPlan(value, options).length).toBeLessThanOrEqual(maxMasksPerSecret);
  });
});

test('any value', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 8, maxLength: 120 }),
    fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 120 }),
  );
  fc.assert(
    fc.property(text, (raw) => {
      const value = raw.toWellFormed().replaceAll('\0', '');
      const masks = maskPlan(value, options);
      if (masks.length === 0 || value !== value.trim()) return;
      expect(masks.length).toBeLessThanOrEqual(maxMasksPerSecret);
      expect(leaksOf(value, masks)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('each mask is needed: without it something is left', () => {
  const value = `>>>???~~~ 'quoted' "text" (long) >>>???~~~ ü€😀 and more of it, so that it wraps`;
  const all = maskedTexts(maskPlan(value, options));
  // Lines of wrapped base64 hold each other's beginnings; one of each kind is enough to show.
  const needed = all.filter(
    (mask) =>
      leaksOf(
        value,
        all.filter((other) => other !== mask),
      ).length > 0,
  );
  expect(needed.length).toBeGreaterThanOrEqual(8);
  expect(leaksOf(value, [value])).toEqual(
    expect.arrayContaining([
      'base64 with a line break',
      'hex',
      'HEX',
      'JSON in JSON',
      'encodeURIComponent',
      'base64 wrapped at 76',
    ]),
  );
});

test('a log stays readable', () => {
  const masks = values.flatMap(([, value]) => maskPlan(value, options));
  const masker = maskerOf([
    ...masks,
    ...maskPlan('true', options),
    ...maskPlan('x', options),
    ...maskPlan('{\n}', options),
  ]);
  for (const line of ['function f() { return {x:1} }', '2026-01-11 step 1 of 10', 'true false null yes', '"type": {']) {
    expect(masker.mask(line)).toBe(line);
  }
});

test('what is inside of JSON is masked on its own', () => {
  const masker = maskerOf(
    maskPlan(JSON.stringify({ a: { password: 'hunter2-hunter2', lines: 'first-of-them\nsecond-of-them' } }), options),
  );
  expect(masker.mask('jq -r says hunter2-hunter2')).toBe('jq -r says ***');
  expect(masker.mask('and second-of-them')).toBe('and ***');
});

test('length 0 masks everything, and a mask is never empty', () => {
  expect(maskPlan('x', { minLength: 0 })).toContain('x');
  expect(maskPlan('true', { minLength: 0 })).toContain('true');
  expect(maskPlan('x', options)).toEqual([]);
  expect(maskPlan(' \n ', { minLength: 0 })).toEqual([]);
});
