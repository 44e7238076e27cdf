// No rule may take more than linear time, whatever the text.

import { expect, test } from 'vitest';
import { Engine } from '../engine/engine.ts';
import type { Rule } from '../rule.ts';
import { rules } from './index.ts';

/** A quadratic rule takes minutes for so much. */
const lineBytes = 131_072;
/** Some fifty times what a rule needs. */
const limitMs = 1500;

let active: Rule | undefined;
const engine = new Engine(rules, { enabled: (rule) => rule === active });

function fillings(rule: Rule): string[] {
  const keyword = (rule.keywords[0] ?? '').replace(/\[[^\]]*\]/g, '');
  return [keyword, `${keyword}A`, `${keyword}=${'a'.repeat(40)}.`, `${'0a'.repeat(40)}${keyword}`, `${keyword}-----`];
}

test.each(rules.map((rule) => [rule.id, rule] as const))('%s: a long line made against it', (_, rule) => {
  active = rule;
  for (const filling of fillings(rule)) {
    const line = Buffer.from(filling.repeat(Math.ceil(lineBytes / filling.length)).slice(0, lineBytes), 'latin1');
    engine.room(line.length).set(line);
    const start = performance.now();
    engine.scan(line.length, { path: 'x', least: 'generic', bareValues: true });
    expect(performance.now() - start, filling).toBeLessThan(limitMs);
  }
});
