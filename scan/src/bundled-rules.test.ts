import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOf, readRules } from './bundled-rules.ts';
import { rules } from './rules/index.ts';

test('the rules that a bundle carries are the rules, however they are asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-scan-'));
  try {
    const { bytes, ends } = linesOf(rules);
    writeFileSync(join(folder, 'rules.jsonl'), bytes);
    const read = readRules(join(folder, 'rules.jsonl'), ends);
    const plain = rules.map((rule) => ({ ...rule, samples: undefined }));
    expect(read).toHaveLength(rules.length);
    expect(read[7]).toEqual(plain[7]);
    expect(read[7]).toBe(read[7]);
    expect([...read]).toEqual(plain);
    expect(read.filter((rule) => rule.confidence === 'format').map(({ id }) => id)).toEqual(
      plain.filter((rule) => rule.confidence === 'format').map(({ id }) => id),
    );
    expect(read[rules.length]).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
