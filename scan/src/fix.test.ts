import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { processHost } from '@zvault/core/domain';
import { Folder } from '../test/run.ts';
import { ValueIndex, buildIndex } from './exact/value-index.ts';
import { applyFixes } from './fix.ts';
import { Scanner } from './scanner.ts';

const reference = 'zvault://env/app/KEY';
const secret = randomBytes(18).toString('base64url');

function fix(name: string, content: string, files: 'env' | 'all'): { text: string; told: string[] } {
  using folder = new Folder();
  folder.write(name, content);
  const exact = new ValueIndex(buildIndex([{ key: 'KEY', reference, value: secret }]));
  const found = new Scanner({ rules: [], exact }).scan(name, Buffer.from(content));
  const host = {
    ...processHost(),
    cwd: folder.path,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  };
  const told = applyFixes(
    host,
    found.map((one) => ({ found: one, finding: one.finding })),
    files,
  );
  return { text: folder.read(name), told };
}

test.each([
  ['.env', `A=1\nKEY=${secret}\nB=2\n`, `A=1\nKEY=${reference}\nB=2\n`],
  ['.env.local', `export KEY="${secret}" # note\n`, `export KEY="${reference}" # note\n`],
  ['app.env', `KEY='${secret}'\r\n`, `KEY='${reference}'\r\n`],
])('a whole literal in %s becomes a reference', (name, before, after) => {
  expect(fix(name, before, 'env').text).toBe(after);
});

test.each([
  ['a.yaml', `key: ${secret}\n`, `key: ${reference}\n`],
  ['a.json', `{"key": "${secret}"}\n`, `{"key": "${reference}"}\n`],
  ['a.tfvars', `key = "${secret}"\n`, `key = "${reference}"\n`],
])('%s only with all', (name, before, after) => {
  expect(fix(name, before, 'env')).toMatchObject({ text: before, told: [expect.stringContaining(reference)] });
  expect(fix(name, before, 'all').text).toBe(after);
});

test.each([
  ['.env', `URL=https://u:${secret}@acme.test\n`],
  ['.env', `KEY="x ${secret}"\n`],
  ['.env', `KEY=${Buffer.from(`${secret}x`).toString('base64')}\n`],
  ['a.ts', `const key = '${secret}';\n`],
])('a value inside of something longer, encoded, or in code stays (%s)', (name, content) => {
  const { text, told } = fix(name, content, 'all');
  expect(text).toBe(content);
  expect(told).toHaveLength(1);
  expect(told.join()).not.toContain(secret);
});
