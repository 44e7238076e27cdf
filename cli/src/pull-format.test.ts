import { parseDotenv } from '@zvault/core/domain';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatPull } from './pull-format.ts';
import { formatReferenceFile } from './reference-file.ts';

const allowed = new Set<string>();
const keys = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const values = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.toWellFormed());
const anyValues = fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, maxLength: 10 });
const plainName = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/).map((name) => `X_${name}`);
const plainValues = fc.uniqueArray(
  fc.tuple(
    plainName,
    values.map((text) => text.replaceAll('\0', '')),
  ),
  { selector: ([key]) => key, maxLength: 10 },
);

function entries(document: unknown): [string, unknown][] {
  return Object.entries(document as object);
}

test('JSON gives back every value of every key', async () => {
  await fc.assert(
    fc.asyncProperty(anyValues, async (pairs) => {
      const text = await formatPull(new Map(pairs), { format: 'json', allowed });
      expect(new Map(entries(JSON.parse(text)))).toEqual(new Map(pairs));
    }),
  );
});

test('YAML gives back every value of every key', async () => {
  await fc.assert(
    fc.asyncProperty(anyValues, async (pairs) => {
      const text = await formatPull(new Map(pairs), { format: 'yaml', allowed });
      const document = parse(text, { mapAsMap: true }) as Map<string, unknown>;
      expect(new Map(document)).toEqual(new Map(pairs));
    }),
  );
});

test('a .env gives back every value of usual names', async () => {
  await fc.assert(
    fc.asyncProperty(plainValues, async (pairs) => {
      const text = await formatPull(new Map(pairs), { format: 'env', allowed });
      const read = parseDotenv(text).values();
      expect(Array.from(read, ([key, value]) => [key, value.expose()])).toEqual(pairs);
    }),
  );
});

test.each(['env', 'shell'] as const)('%s refuses what it cannot express', async (format) => {
  for (const [key, value] of [
    ['a b', 'x'],
    ['A', 'nul\0'],
    ['$(x)', 'y'],
  ] as const) {
    const formatted = formatPull(new Map([[key, value]]), { format, allowed });
    await expect(formatted).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.not.stringContaining(value),
    });
  }
});

test('what the values are of is told in the form of the format', async () => {
  const meta = { project: 'app\nX=1' };
  const pairs = new Map([['A', '1']]);
  expect(await formatPull(pairs, { format: 'env', meta, allowed })).toBe('# project: app X=1\nA=1\n');
  expect(JSON.parse(await formatPull(pairs, { format: 'json', meta, allowed }))).toEqual({ _meta: meta, A: '1' });
  const taken = formatPull(new Map([['_meta', '1']]), { format: 'json', meta, allowed });
  await expect(taken).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a file of references reads as what was meant', () => {
  const carried = new Map([['C', 'zvault://kv/x']]);
  const text = formatReferenceFile('my shop', ['A', 'B-1', 'C'], carried);
  const read = Array.from(parseDotenv(text).values(), ([key, value]) => [key, value.expose()]);
  expect(read).toEqual([
    ['A', 'zvault://env/my%20shop/A'],
    ['B-1', 'zvault://env/my%20shop/B-1'],
    ['C', 'zvault://kv/x'],
  ]);
});
