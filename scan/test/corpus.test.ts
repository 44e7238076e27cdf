import { expect, test } from 'vitest';
import { rules } from '../src/rules/index.ts';
import { Scanner } from '../src/scanner.ts';
import { type CorpusFile, negatives, positives, wrappedPositives } from './corpus.ts';
import { decoys } from './decoys.ts';
import { formats } from './formats.ts';
import { type Spotted, score } from './measure.ts';
import { seeded } from './secrets.ts';

function scanAll(files: readonly CorpusFile[]): Spotted[] {
  const scanner = new Scanner({ rules });
  return files.flatMap((file) =>
    scanner
      .scan(file.path, file.bytes)
      .map(({ finding }) => ({ path: file.path, rule: finding.rule, line: finding.line, endLine: finding.endLine })),
  );
}

test.each([11, 222, 3333])('labelled corpus, seed %i: recall and precision', (seed) => {
  const draw = seeded(seed);
  const files = [...positives(draw, 8), ...wrappedPositives(draw), ...negatives(draw)];
  const result = score(files, scanAll(files));
  expect(result.recall, result.missed.join('\n')).toBeGreaterThanOrEqual(0.99);
  expect(result.precision, result.wrong.join('\n')).toBeGreaterThanOrEqual(0.99);
});

test.each([5, 77, 909])('files of many tools, seed %i: every secret, and nothing else', (seed) => {
  const files = formats(seeded(seed)).map(([path, lines, secrets]): CorpusFile => ({
    path,
    bytes: Buffer.from(`${lines.join('\n')}\n`),
    secrets: secrets
      .map((at) => (typeof at === 'number' ? [at, at] : at))
      .map(([from, to]) => ({ kind: path, from, to })),
  }));
  const result = score(files, scanAll(files));
  expect(result.missed).toEqual([]);
  expect(result.wrong).toEqual([]);
});

test.each([5, 77, 909])('what only looks like a secret, seed %i: silence', (seed) => {
  const files = decoys(seeded(seed)).map(([path, lines]): CorpusFile => ({
    path,
    bytes: Buffer.from(`${lines.join('\n')}\n`),
    secrets: [],
  }));
  expect(scanAll(files)).toEqual([]);
});
