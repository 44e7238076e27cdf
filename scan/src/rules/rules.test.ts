import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Engine } from '../engine/engine.ts';
import { expandKeyword } from '../engine/keyword.ts';
import { seeded } from '../../test/secrets.ts';
import { samplesOf } from '../samples/sampler.ts';
import { rules } from './index.ts';

const engine = new Engine(rules);

function scan(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  engine.room(bytes.length).set(bytes);
  return engine.scan(bytes.length, { path: 'config/app.conf', least: 'generic', bareValues: true });
}

test('there are at least 200 rules, each with its own id, and every file of the folder is in the registry', () => {
  expect(rules.length).toBeGreaterThanOrEqual(200);
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
  const index = readFileSync(new URL('index.ts', import.meta.url), 'utf8');
  for (const file of readdirSync(new URL('.', import.meta.url))) {
    if (/\.test\.ts$|^index\.ts$/.test(file)) continue;
    expect(index).toContain(`'./${file}'`);
  }
});

test.each(rules.map((rule) => [rule.id, rule] as const))('%s: keywords, pattern and title are in order', (id, rule) => {
  expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(rule.title).not.toBe('');
  for (const keyword of rule.keywords)
    for (const text of expandKeyword(keyword)) expect(text.length, keyword).toBeGreaterThanOrEqual(4);
  expect(() => new RegExp(rule.pattern, 'y')).not.toThrow();
});

test.each(rules.map((rule) => [rule.id, rule] as const))(
  '%s: finds its true samples once and is silent on the false ones',
  (id, rule) => {
    for (let round = 0; round < 3; round++) {
      // Repeatable: once in ten thousand, chance writes a word such as "dummy" into a long sample, and makes it a placeholder.
      const samples = samplesOf(rule, seeded((rules.indexOf(rule) * 3 + round + 1) * 0x9e37_79b1));
      for (const text of samples.true) {
        for (const around of [`${text}\n`, `first line\nx = 1\n${text}\nlast`, `\t${text}`]) {
          const found = scan(around);
          expect(
            found.map((match) => match.rule.id),
            around,
          ).toHaveLength(1);
        }
      }
      for (const text of samples.false)
        expect(
          scan(`${text}\n`).map((match) => match.rule.id),
          text,
        ).toEqual([]);
    }
    expect(id).toBe(rule.id);
  },
);
