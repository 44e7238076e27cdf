// No rule may take more than linear time, whatever the text.

import { expect, test } from 'vitest';
import { Engine } from '../engine/engine.ts';
import { wrappedKeywords } from '../engine/wrapped.ts';
import type { Rule } from '../rule.ts';
import { rules } from './index.ts';

/** A quadratic rule takes minutes for so much. */
const lineBytes = 1_048_576;
/** For the texts that are unlikely to tell more than the first. */
const shorterLineBytes = 262_144;
/** Some ten times what the slowest rule needs: several tests run at a time. */
const limitMs = 15_000;

let active: Rule | undefined;
const engine = new Engine(rules, { enabled: (rule) => rule === active });

function fillings(rule: Rule): (readonly [text: string, bytes: number])[] {
  const keyword = (rule.keywords[0] ?? '').replace(/\[[^\]]*\]/g, '');
  return [
    [keyword, lineBytes],
    [`${keyword}=${'a'.repeat(40)}.`, lineBytes],
    [`${keyword}A`, shorterLineBytes],
    [`${'0a'.repeat(40)}${keyword}`, shorterLineBytes],
    [`${keyword}-----`, shorterLineBytes],
  ];
}

test.each(rules.map((rule) => [rule.id, rule] as const))(
  '%s: a long line made against it',
  (_, rule) => {
    active = rule;
    for (const [filling, bytes] of fillings(rule)) {
      const line = Buffer.from(filling.repeat(Math.ceil(bytes / filling.length)).slice(0, bytes), 'latin1');
      engine.room(line.length).set(line);
      const start = performance.now();
      engine.scan(line.length, { path: 'x', least: 'generic', bareValues: true });
      expect(performance.now() - start, filling).toBeLessThan(limitMs);
    }
  },
  60_000,
);

test('a long line of Base64 in which keywords stand at a wrong alignment', () => {
  active = undefined;
  const forms = [...wrappedKeywords(rules)].filter(([form, shift]) => form.length <= 7 && shift === 0);
  expect(forms.length).toBeGreaterThan(10);
  for (const [form] of forms.slice(0, 3)) {
    const filling = `A${form}`.padEnd(8, 'A');
    for (const separator of ['', '\n']) {
      const line = Buffer.from(`${filling.repeat(8)}${separator}`.repeat(lineBytes / 64), 'latin1');
      engine.room(line.length).set(line);
      const start = performance.now();
      engine.scan(line.length, { path: 'x', least: 'generic', bareValues: true });
      expect(performance.now() - start, filling).toBeLessThan(limitMs);
    }
  }
}, 120_000);
