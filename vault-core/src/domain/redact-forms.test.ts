import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRedactable, redactedForms } from './redact-forms.ts';

test.each([
  '',
  'x',
  'abc',
  '   abc\n',
  'true',
  'FALSE',
  'null',
  'dev',
  'demo',
  'Admin',
  'production',
  'development',
  'localhost',
  '127.0.0.1',
  '0',
  '80',
  '3000',
  '65535',
  '-1',
  '1.0.0',
  'v24.12',
  '0.5',
  'xxxxxxxxxxxx',
  '****',
])('leaves %j alone', (value) => {
  expect(isRedactable(value)).toBe(false);
  expect(redactedForms(value)).toEqual([]);
});

test.each(['a1b2', 'aB3$', 'hunter2', 'swordfish', '123456', '2024-01-15', 'p@ss', 'пароль', 'db.internal:5432'])(
  'redacts %j',
  (value) => {
    expect(isRedactable(value)).toBe(true);
    expect(redactedForms(value).some((form) => form.equals(Buffer.from(value)))).toBe(true);
  },
);

test('a plain token has few forms', () => {
  expect(redactedForms('abcd-1234').map(String).toSorted()).toEqual(
    [
      'abcd-1234',
      '616263642d31323334',
      '616263642D31323334',
      '%61%62%63%64%2d%31%32%33%34',
      '%61%62%63%64%2D%31%32%33%34',
      // before it in the text: 0, 1, 2 bytes
      'YWJjZC0xMjM0',
      'FiY2QtMTIzN',
      'FiY2QtMTIzNA',
      'FiY2QtMTIzNA==',
      'hYmNkLTEyMz',
      'hYmNkLTEyMzQ',
      'hYmNkLTEyMzQ=',
    ].toSorted(),
  );
});

test('a value of several lines has its long lines among its forms', () => {
  const lines = [
    '-----BEGIN PRIVATE KEY-----',
    'MIIEvQIBADANBgkqhkiG',
    'c2hvcnQ9',
    'tail==',
    '-----END PRIVATE KEY-----',
    'services:',
    '  web: {',
    '    password: swordfish   ',
    '',
  ];
  for (const lineBreak of ['\n', '\r\n', '\r']) {
    const forms = redactedForms(lines.join(lineBreak)).map(String);
    expect(lines.filter((line) => line !== '' && forms.includes(line.trim()))).toEqual([
      'MIIEvQIBADANBgkqhkiG',
      'c2hvcnQ9',
      '    password: swordfish   ',
    ]);
  }
});

test('the pieces of a long form cover it without a gap', () => {
  const plain = (value: string) => redactedForms(value).filter((form) => value.includes(form.toString()));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '-'), minLength: 65, maxLength: 300 }),
      (value) => {
        const core = value.trim();
        fc.pre(isRedactable(value));
        const covered = new Uint8Array(core.length);
        for (const form of plain(value).map(String)) {
          for (let at = core.indexOf(form); at !== -1; at = core.indexOf(form, at + 1))
            covered.fill(1, at, at + form.length);
        }
        expect(covered.every((byte) => byte === 1)).toBe(true);
      },
    ),
  );
});

const value = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\n'), minLength: 60, maxLength: 400 }),
);

test('no form is shorter than four bytes, longer than 127, or starts with whitespace or within a character', () => {
  fc.assert(
    fc.property(value, (value) => {
      for (const form of redactedForms(value)) {
        expect(form.length).toBeGreaterThanOrEqual(4);
        expect(form.length).toBeLessThan(128);
        expect(form.toString('latin1')).not.toMatch(/^[\t\n\v\f\r \x80-\xbf]/);
      }
    }),
  );
});
