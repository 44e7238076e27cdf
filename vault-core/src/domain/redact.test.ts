import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRedactable } from './redact-forms.ts';
import { Redactor } from './redact.ts';
import { redactionMark } from './redaction-stream.ts';
import { Secret } from './secret.ts';

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor();
  for (const value of values) redactor.add(value);
  return redactor;
}

const password = `pa$$ w/ord="é"'\\x`;
const token = 'Zx8-kQ2_mN7vB4cL';
const key = `-----BEGIN KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n'.repeat(3)}-----END KEY-----\n`;

// Encoders that share nothing with the code under test.
const encodings: readonly [name: string, encode: (value: string) => string][] = [
  ['plain', (value) => value],
  ['base64', (value) => Buffer.from(value).toString('base64')],
  ['base64 without padding', (value) => Buffer.from(value).toString('base64').replaceAll('=', '')],
  ['base64url', (value) => Buffer.from(value).toString('base64url')],
  ['hex', (value) => Buffer.from(value).toString('hex')],
  ['upper-case hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['percent', (value) => encodeURIComponent(value)],
  ['lower-case percent', (value) => encodeURIComponent(value).replace(/%../g, (hex) => hex.toLowerCase())],
  ['percent, every byte', (value) => Buffer.from(value).toString('hex').replace(/../g, '%$&')],
  ['encodeURI', (value) => encodeURI(value)],
  ['form', (value) => new URLSearchParams([['', value]]).toString().slice(1)],
  ['password in a URL', (value) => Object.assign(new URL('http://host'), { username: 'u', password: value }).password],
  ['JSON', (value) => JSON.stringify(value).slice(1, -1)],
  ['JSON in JSON', (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3)],
  ['JSON with \\/', (value) => JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/')],
  ['ASCII JSON', (value) => asciiJson(value)],
  ['ASCII JSON in JSON', (value) => JSON.stringify(asciiJson(value)).slice(1, -1)],
  ['shell', (value) => value.replaceAll("'", String.raw`'\''`)],
  ['CRLF', (value) => value.replaceAll('\r', '').replaceAll('\n', '\r\n')],
];

function asciiJson(value: string): string {
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

test.each(
  [password, token, 'пароль/ключ 🔑'].flatMap((value) =>
    encodings.map(([name, encode]) => [name, value, encode] as const),
  ),
)('redacts %s of %s', (_, value, encode) => {
  const redactor = redactorOf(value);
  expect(redactor.redact(`<${encode(value)}>`)).toBe(`<${redactionMark}>`);
  expect(redactor.redact(encode(value))).toBe(redactionMark);
});

test.each(encodings)('redacts %s of a key of several lines', (_, encode) => {
  // What is left may be the trailing line break in the encoding at hand.
  expect(redactorOf(key).redact(`<${encode(key)}>`)).toMatch(/^<\[redacted\][^A-Z<>]{0,4}.{0,4}>$/su);
});

test('redacts base64 of a text around the value', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 9 }),
      fc.uint8Array({ maxLength: 9 }),
      fc.boolean(),
      (before, after, url) => {
        const whole = Buffer.concat([before, Buffer.from(password), after]).toString(url ? 'base64url' : 'base64');
        const redacted = redactorOf(password).redact(whole);
        expect(redacted).toContain(redactionMark);
        // One character on each side holds bits of the value and of its neighbour.
        const rest = redacted.replace(redactionMark, '');
        expect(rest.length).toBeLessThanOrEqual(
          Math.ceil((before.length * 4) / 3) + Math.ceil((after.length * 4) / 3) + 4,
        );
      },
    ),
  );
});

test.each([64, 76])('redacts base64 wrapped at %d columns', (width) => {
  const value = Array.from({ length: 40 }, (_, i) => `${i * 7919}`).join('-');
  const wrapped = Buffer.from(value)
    .toString('base64')
    .replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
  const rest = redactorOf(value).redact(wrapped).replaceAll(redactionMark, '').replaceAll('\n', '');
  expect(rest.length).toBeLessThan(8);
});

test('redacts each long line of a value of several lines', () => {
  const redactor = redactorOf('first line of it\n\tsecond line of it\r\nabc');
  expect(redactor.redact('> second line of it\r\n> first line of it\n> abc')).toBe(
    `> ${redactionMark}\r\n> ${redactionMark}\n> abc`,
  );
});

test('redacts a long value whose print is cut off, but for the end', () => {
  const value = Array.from({ length: 300 }, (_, i) => `${i * 7919}`).join('-');
  expect(redactorOf(value).redact(value.slice(0, 500))).toMatch(/^\[redacted\].{0,63}$/);
});

test.each(['1', 'ab', '080', 'true', 'null', 'production', '3000'])('%j does not change the output', (value) => {
  const redactor = new Redactor();
  expect(redactor.add(value)).toBe(false);
  expect(redactor.redact(`{"${value}":${value}}`)).toBe(`{"${value}":${value}}`);
});

test('leaves nothing of secrets that overlap or touch, and marks them once', () => {
  const redactor = redactorOf('abcd-efgh', 'efgh-ijkl', 'mnop-qrst');
  expect(redactor.redact('<abcd-efgh-ijklmnop-qrst>')).toBe(`<${redactionMark}>`);
  expect(redactor.redact('abcd-efgh mnop-qrst')).toBe(`${redactionMark} ${redactionMark}`);
});

test('takes the longer of two values with one beginning', () => {
  const redactor = redactorOf('secret-1', 'secret-12345');
  expect(redactor.redact('secret-12345 secret-12')).toBe(`${redactionMark} ${redactionMark}2`);
});

test('a message without secrets is the same string', () => {
  const redactor = redactorOf(token);
  expect(redactor.redact('lone surrogate \ud800')).toBe('lone surrogate \ud800');
  expect(redactor.redact('')).toBe('');
  expect(redactor.redact(`é ${token} ü`)).toBe(`é ${redactionMark} ü`);
});

test('no encoding of a value is in what is left of a message', () => {
  const values = fc
    .array(fc.string({ unit: 'binary', minLength: 4, maxLength: 200 }), { minLength: 1, maxLength: 4 })
    .map((values) => values.filter((value) => isRedactable(value)));
  const parts = fc.array(fc.tuple(fc.nat(3), fc.constantFrom(...encodings), fc.string({ maxLength: 5 })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(values, parts, (values, parts) => {
      const text = parts.map(([i, [, encode], noise]) => noise + encode(values[i] ?? '')).join('');
      for (const part of redactorOf(...values)
        .redact(text)
        .split(redactionMark)) {
        for (const value of values) {
          for (const [, encode] of encodings) expect(part).not.toContain(encode(value));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('takes secrets as well as strings', () => {
  const redactor = new Redactor();
  expect(redactor.add(new Secret(token))).toBe(true);
  expect(redactor.add(token)).toBe(true);
  expect(redactor.redact(`<${token}>`)).toBe(`<${redactionMark}>`);
});

test('no value is in what can be printed of a redactor', () => {
  const redactor = redactorOf(token);
  const stream = redactor.createStream();
  stream.write(Buffer.from(token.slice(0, 9)));
  for (const thing of [redactor, stream]) {
    const printed = inspect(thing, { showHidden: true, depth: 9 }) + JSON.stringify(thing);
    expect(printed).not.toContain(token.slice(0, 4));
  }
});

test('clear overwrites the values', () => {
  const value = token.split('').reverse().join('');
  // Small buffers share a pool, in which the copy that the redactor keeps can be seen.
  let redactor: Redactor;
  let pool: Buffer;
  do {
    redactor = new Redactor();
    pool = Buffer.from(Buffer.from('probe').buffer);
    redactor.add(value);
  } while (!pool.includes(value));
  redactor.clear();
  expect(pool.includes(value)).toBe(false);
});

test('after clear, nothing is redacted but what is added then', () => {
  const redactor = redactorOf(token);
  redactor.redact(token);
  redactor.clear();
  expect(redactor.redact(token)).toBe(token);
  redactor.add(token);
  expect(redactor.redact(token)).toBe(redactionMark);
});

test('a text is redacted as it is, also one that would not be as a value', () => {
  const redactor = new Redactor();
  expect(redactor.add('secret')).toBe(false);
  expect(redactor.addText('secret')).toBe(true);
  expect(redactor.redact('a secret, in base64 c2VjcmV0')).toBe(`a ${redactionMark}, in base64 c2VjcmV0`);
  expect(redactor.addText('abc')).toBe(false);
  redactor.clear();
  expect(redactor.redact('a secret')).toBe('a secret');
});
