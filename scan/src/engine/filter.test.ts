import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { rules } from '../rules/index.ts';
import { matchOf } from '../samples/sampler.ts';
import { Engine } from './engine.ts';
import { KeywordFilter } from './filter.ts';
import { Tables, buildTables } from './tables.ts';

const tables = buildTables(rules);

function hits(engine: 'wasm' | 'js', text: Buffer): string[] {
  const filter = new KeywordFilter(tables, engine);
  filter.room(text.length).set(text);
  const found: string[] = [];
  filter.run(text.length, (entry, position) =>
    found.push(`${position}:${Buffer.from(entry.bytes).toString('latin1')}`),
  );
  return found;
}

test('the WebAssembly loop and the JavaScript loop find the same, and what a plain search finds', () => {
  const random = (limit: number): number => randomInt(limit);
  const pieces = rules
    .filter((rule) => rule.assigned !== true && rule.samples === undefined)
    .map((rule) => matchOf(rule, random));
  const text = Buffer.from(pieces.join('\n').repeat(3), 'latin1');
  const found = hits('wasm', text);
  expect(found).toEqual(hits('js', text));
  const folded = Buffer.from(text);
  for (let i = 0; i < folded.length; i++) folded[i] = (folded[i] ?? 0) | 0x20;
  for (const word of ['ghp_', 'akia', 'sk_live_', 'glpat-']) {
    const plain = Buffer.from(word, 'latin1').map((byte) => byte | 0x20);
    let count = 0;
    for (let at = folded.indexOf(plain); at !== -1; at = folded.indexOf(plain, at + 1)) count += 1;
    expect(found.filter((hit) => hit.endsWith(`:${Buffer.from(plain).toString('latin1')}`))).toHaveLength(count);
  }
});

test('more hits than fit into one answer, the empty text, and texts of one to five bytes', () => {
  const text = Buffer.from('ghp_'.repeat(20_000));
  expect(hits('wasm', text).filter((hit) => hit.includes(':ghp'))).toHaveLength(20_000);
  for (let length = 0; length < 6; length++) expect(hits('wasm', Buffer.alloc(length, 'g'))).toEqual([]);
});

test('tables survive being written and read', () => {
  const engine = new Engine(rules, { tables: new Tables(Buffer.from(tables.bytes)) });
  const text = Buffer.from(
    `x ${matchOf(
      rules.find((rule) => rule.id === 'aws-access-key-id')!,
      (limit) => randomInt(limit),
    )}\n`,
  );
  engine.room(text.length).set(text);
  expect(engine.scan(text.length, { path: 'x', least: 'generic', bareValues: true })).toMatchObject([
    { rule: { id: 'aws-access-key-id' }, start: 2, end: 22 },
  ]);
});
