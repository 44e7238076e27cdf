import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createRecoverySecret, formatRecoveryCode, parseRecoveryCode } from './recovery-code.ts';

const refused = expect.objectContaining({ code: 'BAD_REQUEST' });

// Made with another implementation: Python, base64.b32encode over the 25 bytes with Crockford's alphabet.
test.each([
  ['00'.repeat(22), '00000-00000-00000-00000-00000-00000-00000-70MVM'],
  ['000102030405060708090a0b0c0d0e0f101112131415', '000G4-0R40M-30E20-9185G-R38E1-W8124-GK2GA-ZTKN9'],
  ['ff'.repeat(22), 'ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-QEQKD'],
])('published vector %s', (hex, code) => {
  expect(formatRecoveryCode(Buffer.from(hex, 'hex'))).toBe(code);
  expect(parseRecoveryCode(code).toString('hex')).toBe(hex);
});

property.prop([fc.uint8Array({ minLength: 22, maxLength: 22 })])('what is printed is read again', (bytes) => {
  const secret = Buffer.from(bytes);
  const code = formatRecoveryCode(secret);
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){7}$/);
  expect(parseRecoveryCode(code).equals(secret)).toBe(true);
  const careless = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}\n`;
  expect(parseRecoveryCode(careless).equals(secret)).toBe(true);
});

test('one mistyped letter, or two that changed places, are found', () => {
  const code = formatRecoveryCode(createRecoverySecret()).replaceAll('-', '');
  for (let index = 0; index < code.length; index += 1) {
    const other = code[index] === 'Z' ? 'Y' : 'Z';
    expect(() => parseRecoveryCode(code.slice(0, index) + other + code.slice(index + 1))).toThrow(refused);
    const [a = '', b = ''] = code.slice(index, index + 2);
    if (b === '' || a === b) continue;
    expect(() => parseRecoveryCode(code.slice(0, index) + b + a + code.slice(index + 2))).toThrow(refused);
  }
});

test.each(['', 'ABC', `${'0'.repeat(39)}U`, '0'.repeat(41), '0'.repeat(40)])('no code: %j', (text) => {
  expect(() => parseRecoveryCode(text)).toThrow(refused);
});

test('codes are drawn at random', () => {
  expect(new Set(Array.from({ length: 100 }, () => createRecoverySecret().toString('hex'))).size).toBe(100);
});
