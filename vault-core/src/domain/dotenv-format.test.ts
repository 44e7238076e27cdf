import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { formatDotenv } from './dotenv-format.ts';
import { parseDotenv } from './dotenv.ts';
import { Secret } from './secret.ts';

const hostile = [
  ...`'"\`\\$#=;&|<>~!*?%{}()[]- \t\n\r`.split(''),
  ' #',
  '\\n',
  "\\'",
  '$(touch executed)',
  '`touch executed`',
  '${HOME}',
  '$HOME',
  'export ',
  'NAME=',
  'é',
  '🔑',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u0001',
  'word',
];
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...hostile), maxLength: 8 }),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
);

function entriesOf(values: readonly string[]): { key: string; value: string }[] {
  return values.map((value, i) => ({ key: `V${i}`, value }));
}

function valuesOf(text: string): string[] {
  return parseDotenv(text).entries.map(({ value }) => value.expose());
}

test.each([
  ['', ''],
  ['postgres://app:x@db:5432/app', 'postgres://app:x@db:5432/app'],
  ['zvault://env/app/KEY', 'zvault://env/app/KEY'],
  ['two words', "'two words'"],
  ['a#b', "'a#b'"],
  ['$x `y` "z" \\', `'$x \`y\` "z" \\'`],
  ['a\nb', "'a\nb'"],
  ['~/x', "'~/x'"],
  ["it's", `"it's"`],
  ['it\'s $x `y` "z" \\', String.raw`"it's \$x \`y` + '\\` \\"z\\" \\\\"'],
  ['a\r\nb', '"a\\r\nb"'],
  ['é', "'é'"],
])('writes %j as %s', (value, written) => {
  expect(formatDotenv([{ key: 'A', value }])).toBe(`A=${written}\n`);
});

test('every value is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), fc.constantFrom('\n', '\r\n' as const), (values, newline) => {
      const text = formatDotenv(entriesOf(values), { newline });
      expect(valuesOf(text)).toEqual(values);
      expect(parseDotenv(text).notices).toEqual([]);
      if (newline === '\r\n') expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }),
    { numRuns: 2000 },
  );
});

test('util.parseEnv reads the same values, but for quotes mixed with special characters and for carriage returns', () => {
  const common = value.filter((value) => !value.includes('\r') && !(value.includes("'") && /["\\$`]/.test(value)));
  fc.assert(
    fc.property(fc.array(common, { maxLength: 6 }), (values) => {
      const entries = entriesOf(values);
      expect({ ...parseEnv(formatDotenv(entries)) }).toEqual(
        Object.fromEntries(entries.map(({ key, value }) => [key, value])),
      );
    }),
    { numRuns: 1000 },
  );
});

test('takes secrets, names of any kind of .env file, and megabytes', () => {
  const big = `'"$\\`.repeat(250_000);
  const text = formatDotenv([
    { key: '__proto__', value: new Secret('1') },
    { key: 'a.b-c', value: '2' },
    { key: 'BIG', value: big },
  ]);
  expect(parseDotenv(text).entries.map(({ key }) => key)).toEqual(['__proto__', 'a.b-c', 'BIG']);
  expect(valuesOf(text)[2]).toBe(big);
});

test.each([
  ['a NUL', 'A', 'hunter2\0', `the value of "A" can't be written to a .env file: a NUL character`],
  ['a lone surrogate', 'A', 'hunter2\ud800', `the value of "A" can't be written to a .env file: a lone surrogate`],
  ['code as a name', '$(x)', '1', `the name "$(x)" can't be written to a .env file`],
  ['an empty name', '', '1', `the name "" can't be written to a .env file`],
  ['a line break in the name', 'A\nB', '1', `the name "A\\nB" can't be written to a .env file`],
])('refuses %s', (_, key, value, message) => {
  expect(() => formatDotenv([{ key, value }])).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
});

const shells = ['bash', 'dash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

test.each(shells)('%s can source it: it executes nothing, and has all values without carriage returns', (shell) => {
  const directory = mkdtempSync(join(tmpdir(), 'dotenv-format-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const values = fc.sample(value, 400);
  writeFileSync(join(directory, 'env'), formatDotenv(entriesOf(values)));
  const script = 'set -a; . ./env && exec "$0" -p "JSON.stringify(process.env)"';
  const { stdout, stderr, status } = spawnSync(shell, ['-c', script, process.execPath], {
    cwd: directory,
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(readdirSync(directory)).toEqual(['env']);
  const environment = JSON.parse(stdout) as Record<string, string>;
  for (const [i, value] of values.entries()) {
    if (!value.includes('\r')) expect(environment[`V${i}`]).toBe(value);
  }
});
