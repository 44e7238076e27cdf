// The contents that are read out of a patch, beside what git itself gives for the same objects.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, boolean, constantFrom, oneof, option, property, tuple } from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readContents, wholeFilePatch } from './patch.ts';

const folder = mkdtempSync(join(tmpdir(), 'zvault-scan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_DIFF_OPTS: undefined };
const git = (...args: string[]): Buffer =>
  execFileSync('git', args, { cwd: folder, env, maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'pipe'] });

/** What a line may hold that a patch gives a meaning to. */
const line = oneof(
  constantFrom('', '+', '-', ' ', '\\ No newline at end of file', 'diff --git a/x b/x', '@@ -1 +1 @@', '--- a/x'),
  constantFrom('+++ b/x', 'index 0000..1111', '\r', 'x\r', '\0', '\u2028', '\xff\xfe', 'a', 'b', 'c'),
);
const content = option(
  tuple(array(line, { maxLength: 12 }), boolean()).map(([lines, ended]) =>
    Buffer.from(lines.join('\n') + (ended ? '\n' : ''), 'latin1'),
  ),
  { nil: undefined },
);
const names = ['a', 'new\n@@ -1 +1 @@\n+line', 'quo"te', 'dir/ü.txt', 'diff --git a', 'z'];
const tree = tuple(...names.map(() => content));

function stage(contents: readonly (Buffer | undefined)[]): void {
  rmSync(join(folder, '.git/index'), { force: true });
  mkdirSync(join(folder, 'dir'), { recursive: true });
  for (const [i, name] of names.entries()) {
    const bytes = contents[i];
    rmSync(join(folder, name), { force: true });
    if (bytes) writeFileSync(join(folder, name), bytes);
  }
  git('add', '-A');
}

test('every content is byte for byte what its object holds', () => {
  git('init', '-q');
  git('config', 'user.name', 'T');
  git('config', 'user.email', 't@acme.test');
  git('commit', '-q', '--allow-empty', '-m', 'x');
  let read = 0;
  assert(
    property(tree, tree, (before, after) => {
      stage(before);
      git('commit', '-q', '--allow-empty', '-m', 'x');
      stage(after);
      const patch = git('diff', '--cached', '--no-renames', ...wholeFilePatch).toString('latin1');
      const contents = readContents(patch);
      const changed = git('diff', '--cached', '--raw', '-z', '--no-renames', '--abbrev=40', '--diff-filter=AM')
        .toString('utf8')
        .split('\0')
        .filter((field) => field.startsWith(':'))
        .map((field) => field.split(' ')[3] ?? '');
      for (const id of changed) {
        // The empty one is known only where nothing was before.
        if (!contents.has(id) && git('cat-file', '-s', id).toString() === '0\n') continue;
        expect(contents.get(id)).toBe(git('cat-file', 'blob', id).toString('latin1'));
        read += 1;
      }
    }),
    { numRuns: 60 },
  );
  expect(read).toBeGreaterThan(100);
}, 120_000);

test('a file that became a link, a changed mode, a submodule, many lines', () => {
  const large = Array.from({ length: 200_000 }, (_, i) => `${i}`).join('\n');
  stage([Buffer.from('one\ntwo\n'), Buffer.from('same\n'), Buffer.from(large)]);
  git('commit', '-q', '-m', 'x');
  stage([undefined, Buffer.from('same\n'), Buffer.from(`${large}\nmore`)]);
  symlinkSync('target\nof two lines', join(folder, 'a'));
  git('add', '-A');
  git('update-index', '--chmod=+x', names[1] ?? '');
  git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
  const contents = readContents(git('diff', '--cached', '--no-renames', ...wholeFilePatch).toString('latin1'));
  contents.delete('1'.repeat(40));
  for (const id of contents.keys()) if (/^0+$/.test(id)) contents.delete(id); // of what is gone
  expect(new Set([...contents.values()].map((text) => text.split('\n').at(-1)))).toEqual(
    new Set(['more', 'of two lines']),
  );
  for (const [id, text] of contents) expect(text).toBe(git('cat-file', 'blob', id).toString('latin1'));
});

test('a patch that does not hold the whole file is not read', () => {
  const lines = Array.from({ length: 100 }, (_, i) => `${i}`);
  stage([Buffer.from(lines.join('\n'))]);
  git('commit', '-q', '-m', 'x');
  stage([Buffer.from(lines.map((text, i) => (i % 50 === 20 ? 'x' : text)).join('\n'))]);
  for (const context of ['0', '3']) {
    const args = wholeFilePatch.filter((word) => !word.startsWith('--unified'));
    const patch = git('diff', '--cached', '--no-renames', ...args, `--unified=${context}`).toString('latin1');
    expect(readContents(patch).size).toBe(0);
  }
});
