import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from './secret.ts';
import { formatShellExports, shellQuote } from './shell.ts';

test.each([
  ['', "''"],
  ['plain', "'plain'"],
  ["it's", `'it'\\''s'`],
  ["'", `''\\'''`],
  ['$(x) `y` "z" \\\n', `'$(x) \`y\` "z" \\\n'`],
])('quotes %j', (value, quoted) => {
  expect(shellQuote(value)).toBe(quoted);
  expect(shellQuote(new Secret(value))).toBe(quoted);
});

test.each([
  ['a NUL', 'A', 'hunter2\0', "the value of A can't be written for a shell: a NUL character"],
  ['a lone surrogate', 'A', 'hunter2\ud800', "the value of A can't be written for a shell: a lone surrogate"],
  ['a name that is code', 'A=$(x);B', '1', 'the name "A=$(x);B" is not a shell variable'],
  ['a name with a dash', 'A-B', '1', 'the name "A-B" is not a shell variable'],
  ['a name with a line break behind it', 'A\n', '1', 'the name "A\\n" is not a shell variable'],
])('refuses %s', (_, key, value, message) => {
  expect(() => formatShellExports([{ key, value }])).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message }),
  );
});

const hostile = [
  ...`'"\`\\$#=;&|<>~!*? \t\n\r-`.split(''),
  '$(touch executed)',
  '`touch executed`',
  '${HOME}',
  '\u0001',
  'é',
  '🔑',
  'x',
];
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...hostile), maxLength: 10 }),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
);

const shells = ['sh', 'bash', 'dash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

test.each(shells)('%s gets every value from the sourced exports, byte for byte, and executes nothing', (shell) => {
  const directory = mkdtempSync(join(tmpdir(), 'shell-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const values = fc.sample(value, 400);
  const entries = values.map((value, i) => ({ key: `V${i}`, value }));
  // An environment holds no more than 128 KiB in one variable, a shell variable does.
  const big = `a'$(touch executed)\r\n`.repeat(50_000);
  writeFileSync(join(directory, 'env'), formatShellExports(entries));
  writeFileSync(join(directory, 'big'), formatShellExports([{ key: 'BIG', value: big }]));

  const run = (script: string) => {
    const options = { cwd: directory, encoding: 'utf8', maxBuffer: 1e7 } as const;
    const { stdout, stderr, status } = spawnSync(shell, ['-c', script, process.execPath], options);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout;
  };
  const environment = JSON.parse(run('. ./env && exec "$0" -p "JSON.stringify(process.env)"')) as Record<
    string,
    string
  >;
  expect(values.map((_, i) => environment[`V${i}`])).toEqual(values);
  expect(run('. ./big && printf %s "$BIG"')).toBe(big);
  expect(readdirSync(directory).toSorted()).toEqual(['big', 'env']);
});
