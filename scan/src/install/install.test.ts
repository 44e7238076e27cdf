import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Folder, scanIn } from '../../test/run.ts';

function repository(): Folder {
  const folder = new Folder();
  execFileSync('git', ['init', '-q'], { cwd: folder.path });
  return folder;
}

test('a new hook is written, executable; again changes nothing', async () => {
  using folder = repository();
  expect((await scanIn(folder.path, ['install'])).status).toBe(0);
  const text = folder.read('.git/hooks/pre-commit');
  expect(text).toMatch(/^#!\/bin\/sh\n/);
  expect(text).toContain('zvault scan --staged');
  expect(statSync(join(folder.path, '.git/hooks/pre-commit')).mode & 0o111).toBe(0o111);
  expect((await scanIn(folder.path, ['install'])).err).toContain('already');
  expect(folder.read('.git/hooks/pre-commit')).toBe(text);
  expect((await scanIn(folder.path, ['install', '--pre-push'])).status).toBe(0);
  expect(folder.read('.git/hooks/pre-push')).toContain('--unpushed');
});

test('an existing hook is kept, with the scan before it', async () => {
  using folder = repository();
  folder.write('.git/hooks/pre-commit', '#!/usr/bin/env bash\nnpm test\nexec other\n');
  await scanIn(folder.path, ['install']);
  const text = folder.read('.git/hooks/pre-commit');
  expect(text).toMatch(/^#!\/usr\/bin\/env bash\n# >>> zvault scan/);
  expect(text).toContain('npm test\nexec other\n');
});

test('a hook that is no shell script is left alone: 5', async () => {
  using folder = repository();
  folder.write('.git/hooks/pre-commit', '#!/usr/bin/env python3\n');
  expect((await scanIn(folder.path, ['install'])).status).toBe(5);
  expect(folder.read('.git/hooks/pre-commit')).toBe('#!/usr/bin/env python3\n');
});

test('core.hooksPath is honoured, husky gets its script, lefthook its command', async () => {
  using folder = repository();
  execFileSync('git', ['config', 'core.hooksPath', 'my-hooks'], { cwd: folder.path });
  await scanIn(folder.path, ['install']);
  expect(folder.read('my-hooks/pre-commit')).toContain('zvault scan');
  execFileSync('git', ['config', 'core.hooksPath', '.husky/_'], { cwd: folder.path });
  folder.write('.husky/pre-commit', 'npm test\n');
  await scanIn(folder.path, ['install']);
  expect(folder.read('.husky/pre-commit')).toMatch(/# >>> zvault scan[\s\S]*npm test/);
  folder.write('lefthook.yml', 'pre-commit:\n  commands:\n    lint:\n      run: npm run lint\n');
  await scanIn(folder.path, ['install']);
  const text = folder.read('lefthook.yml');
  expect(text).toContain('    zvault-scan:\n      run: zvault scan --staged\n    lint:');
  await scanIn(folder.path, ['install']);
  expect(folder.read('lefthook.yml')).toBe(text);
});

test('outside of a repository: 2', async () => {
  using folder = new Folder();
  expect((await scanIn(folder.path, ['install'])).status).toBe(2);
});
