import type { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZvaultError, errorTable } from '@zvault/core/domain';
import { expect, test } from 'vitest';
import { fakeContext } from '../../test/fake-context.ts';
import { reportError } from './failure.ts';
import { usesColor } from './log.ts';
import { withProgress } from './progress.ts';
import { isInteractive, readSecretText } from './prompt.ts';
import { formatLines, formatTable, printRows } from './table.ts';
import { terminalText } from './terminal-text.ts';

test.each([
  ['plain ünï 😀', 'plain ünï 😀'],
  ['a\nb\r\tc', String.raw`a\nb\r\tc`],
  ['\u001b[2J\u0007\u007f\u009b', String.raw`\x1b[2J\x07\x7f\x9b`],
  ['\u202eevil\u2066', String.raw`\u202eevil\u2066`],
  ['\ud800', '\ufffd'],
])('a terminal obeys no name: %j', (text, safe) => {
  expect(terminalText(text)).toBe(safe);
});

test('columns are aligned by characters, and the last one has no trailing spaces', () => {
  expect(
    formatTable(
      ['key', 'version'],
      [
        ['A', '1'],
        ['LÄNGER', '12'],
        ['x\ty', ''],
      ],
    ),
  ).toBe('KEY     VERSION\nA       1\nLÄNGER  12\nx\\ty\n');
});

test('a row is one line with one tab between cells, whatever is in them', () => {
  expect(
    formatLines([
      ['a\tb\nc', 'd'],
      ['e', ''],
    ]),
  ).toBe('a\\tb\\nc\td\ne\t\n');
});

test.each([
  { terminal: false, env: {}, out: 'a\tb\n' },
  { terminal: true, env: {}, out: '\u001b[1mX  Y\u001b[22m\na  b\n' },
  { terminal: true, env: { NO_COLOR: '1' }, out: 'X  Y\na  b\n' },
  { terminal: true, env: { TERM: 'dumb' }, out: 'X  Y\na  b\n' },
])('tables are for terminals: %j', ({ terminal, env, out }) => {
  using context = fakeContext({ terminal, env });
  printRows(context.host, ['x', 'y'], [['a', 'b']]);
  expect(context.out()).toBe(out);
  expect(usesColor(context.host.stdout, context.host.env)).toBe(out.includes('\u001b'));
});

test('no line of the log shows a value', () => {
  using context = fakeContext();
  context.redactor.add('canary-value-1');
  context.log.info('a canary-value-1 b');
  context.log.error('canary-value-1\u001b[31m');
  expect(context.err()).toBe('zvault: a [redacted] b\nzvault: error: [redacted]\\x1b[31m\n');
});

test.each(Object.entries(errorTable))('%s is reported with its exit code', (code, { exit }) => {
  using context = fakeContext();
  const error = new ZvaultError(code as keyof typeof errorTable, 'what is wrong', { hint: 'do this' });
  expect(reportError(context, error)).toBe(exit);
  const said = `zvault: error: what is wrong (${code})\nzvault: hint: do this\n`;
  expect(context.err()).toBe(code === 'INTERRUPTED' ? '' : said);
});

test('anything else that is thrown is internal: no stack, and no value in its message', () => {
  using context = fakeContext();
  context.redactor.add('canary-value-1');
  expect(reportError(context, new TypeError('cannot read canary-value-1'))).toBe(1);
  expect(context.err()).toMatch(/^zvault: error: unexpected failure: cannot read \[redacted\] \(INTERNAL\)\n/);
  expect(context.err()).not.toContain('    at ');
});

test('with ZVAULT_DEBUG there is a stack, without the value too', () => {
  using context = fakeContext({ env: { ZVAULT_DEBUG: '1' } });
  context.redactor.add('canary-value-1');
  const cause = new Error('inner canary-value-1');
  reportError(context, new ZvaultError('UNAVAILABLE', 'outer', { cause }));
  expect(context.err()).toMatch(/caused by: Error: inner \[redacted\]\n\s+at /);
});

test('an interruption by another signal keeps its exit code', () => {
  using context = fakeContext();
  expect(reportError(context, new ZvaultError('INTERRUPTED', 'interrupted', { details: { exitCode: 143 } }))).toBe(143);
});

test('progress is for patient people at terminals', async () => {
  using pipe = fakeContext();
  await withProgress(pipe.host, 'waiting', () => sleep(450));
  expect(pipe.err()).toBe('');
  using terminal = fakeContext({ terminal: true });
  await withProgress(terminal.host, 'quick', async () => {});
  expect(terminal.err()).toBe('');
  await withProgress(terminal.host, 'slow', () => sleep(450));
  expect(terminal.err()).toBe('zvault: slow …\r\u001b[2K');
});

test('a secret is typed unseen at a terminal, and read whole from a pipe', async () => {
  using pipe = fakeContext({ stdin: 'from a pipe\n' });
  expect(isInteractive(pipe)).toBe(false);
  expect(await readSecretText(pipe, 'Value')).toBe('from a pipe\n');
  using terminal = fakeContext({ terminal: true });
  expect(isInteractive(terminal)).toBe(true);
  const typed = readSecretText(terminal, 'Value');
  await sleep(50);
  (terminal.host.stdin as unknown as PassThrough).write('hunter2-typed\r');
  expect(await typed).toBe('hunter2-typed');
  expect(terminal.err()).not.toContain('hunter2');
  expect(terminal.out()).toBe('');
});

test('leaving the prompt is an interruption', async () => {
  using terminal = fakeContext({ terminal: true });
  const typed = readSecretText(terminal, 'Value');
  await sleep(50);
  (terminal.host.stdin as unknown as PassThrough).write('\u0003');
  await expect(typed).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
