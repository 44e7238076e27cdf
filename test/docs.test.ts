// What the documentation points at must be there: links between pages, and the tests and files that it names as proof.

import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

async function pages(): Promise<{ file: string; text: string }[]> {
  const found: { file: string; text: string }[] = [];
  for await (const file of glob('**/*.md', { cwd: root, exclude: (name) => /node_modules|dist/.test(name) })) {
    found.push({ file, text: readFileSync(join(root, file), 'utf8') });
  }
  return found;
}

test('links lead to files', async () => {
  const broken: string[] = [];
  for (const { file, text } of await pages()) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      if (!existsSync(join(root, dirname(file), target))) broken.push(`${file}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('files that are named in backticks exist', async () => {
  const missing: string[] = [];
  let named = 0;
  for (const { file, text } of await pages()) {
    for (const [, path = ''] of text.matchAll(
      /`((?:vault-core|cli|test|scripts|bench|fixtures|scan|schemas)\/[\w./-]+\.\w+)`/g,
    )) {
      named += 1;
      if (/^(?:cli|vault-core)\/dist\//.test(path)) continue;
      if (!existsSync(join(root, path)) && !existsSync(join(root, dirname(file), path)))
        missing.push(`${file}: ${path}`);
    }
  }
  expect(named).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});
