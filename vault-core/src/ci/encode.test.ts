// Every format gives back what went in, to readers that share nothing with the writer.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { parseEnv } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseDotenv } from '../domain/dotenv.ts';
import { type Format, type Pair, encode } from './encode.ts';

const write = (format: Format, pairs: readonly Pair[]): string => encode(format, pairs, { randomBytes });
const one = (value: string): Pair[] => [{ name: 'A', value }];

const hostile = [
  '',
  ' ',
  `it's "quoted" \`x\` $HOME \${HOME} $(touch /tmp/zvault-canary) \\ \\n %0A`,
  '\n\n',
  'a\r\nb\rc',
  'trailing\n',
  '#no comment',
  'a # b',
  '-----BEGIN KEY-----\nQUJD\n-----END KEY-----\n',
  '{"a": "b\\n"}',
  'é😀\u2028\u0085\ufeff\u007f',
  'ghadelimiter_x\nA=B',
  '‘typographic’ ‚quotes‛',
  'key: value',
  '~',
  '!important',
];
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '').toWellFormed()),
  fc.string({
    unit: fc.constantFrom(`'`, '"', '`', '$', '\\', '\n', '\r', ' ', '#', '=', 'a', '(', ')', '{', '}'),
    maxLength: 12,
  }),
  fc.constantFrom(...hostile),
);

test('sh: bash and dash read 10,000 values back, and run nothing', () => {
  for (const values of fc.sample(fc.array(anyText, { minLength: 2000, maxLength: 2000 }), 5)) {
    const pairs = [...hostile, ...values].map((value, index) => ({ name: `V${index}`, value }));
    const print = pairs.map(({ name }) => `printf '%s\\0' "$${name}"`).join('\n');
    for (const shell of ['bash', 'dash']) {
      const output = execFileSync(shell, [], {
        input: `${write('sh', pairs)}${print}`,
        maxBuffer: 1e8,
        env: { PATH: '/usr/bin:/bin' },
      });
      expect(output.toString().split('\0').slice(0, -1)).toEqual(pairs.map(({ value }) => value));
    }
  }
});

describe('dotenv', () => {
  test('is read alike by Node and by us, or refused', () => {
    let written = 0;
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), (values) => {
        const pairs = values.map((value, index) => ({ name: `V${index}`, value }));
        let text: string;
        try {
          text = write('dotenv', pairs);
        } catch (error) {
          expect(String(error)).toMatch(/ZVCI-135/);
          return;
        }
        written += 1;
        const expected = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
        expect({ ...parseEnv(text) }).toEqual(expected);
        const ours = parseDotenv(Buffer.from(text), { file: 'x' }).entries.map(({ key, value }) => [
          key,
          value.expose(),
        ]);
        expect(Object.fromEntries(ours)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
    expect(written).toBeGreaterThan(500);
  });

  test('what has no way is refused whole, by name', () => {
    expect(() =>
      write('dotenv', [
        { name: 'OK', value: 'x' },
        { name: 'BAD', value: 'a\r\nb' },
      ]),
    ).toThrow(/^ZVCI-135: .*"BAD"/);
  });
});

test('json is one flat object, `__proto__` too', () => {
  const pairs = [
    ...hostile.map((value, index) => ({ name: `V${index}`, value })),
    { name: '__proto__', value: 'polluted' },
  ];
  const read = JSON.parse(write('json', pairs)) as object;
  expect(Object.entries(read)).toEqual(pairs.map(({ name, value }) => [name, value]));
});

test.each(['1.1', '1.2'] as const)('yaml %s', (version) => {
  fc.assert(
    fc.property(anyText, (value) => {
      const pairs = [
        { name: 'no', value },
        { name: 'a: b', value: 'true' },
      ];
      expect(parse(write('yaml', pairs), { version })).toEqual({ no: value, 'a: b': 'true' });
    }),
    { numRuns: 1000 },
  );
  expect(parse(write('yaml', []), { version })).toEqual({});
});

test('powershell: every quote that PowerShell takes for one is doubled', () => {
  expect(write('powershell', one(`a'b‘c’d‚e‛f\n$x`))).toBe(`\${env:A} = 'a''b‘‘c’’d‚‚e‛‛f\n$x'\n`);
});

test('github: the delimiter is random and never in the value', () => {
  const [first, second] = [write('github', one('x')), write('github', one('x'))];
  expect(first).toMatch(/^A<<(zvault_[0-9a-f]{32})\nx\n\1\n$/);
  expect(first).not.toBe(second);
  const fixed = { randomBytes: (count: number) => Buffer.alloc(count) };
  expect(() => encode('github', one(`x\nzvault_${'00'.repeat(16)}\nB=c`), fixed)).toThrow(/^ZVCI-135/);
  expect(() => write('github', [{ name: 'A=1\nLD_PRELOAD', value: 'x' }])).toThrow(/^ZVCI-135/);
});

test('NUL is refused where no format carries it', () => {
  for (const format of ['sh', 'dotenv', 'powershell', 'github'] as const) {
    expect(() => write(format, one('a\0b')), format).toThrow(/^ZVCI-134: .*"A"/);
  }
  expect(JSON.parse(write('json', one('a\0b')))).toEqual({ A: 'a\0b' });
});
