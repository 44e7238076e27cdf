// The rules as the bundle carries them: a line of JSON each, parsed when something asks for that rule. A scan looks at few of them, and
// to parse all takes a millisecond and leaves so much on the heap that V8 collects it.

import { readFileSync } from 'node:fs';
import type { Rule } from './rule.ts';

/** The rules of a file, in its order. @param ends where each one's line ends, in bytes. @throws when it can't be read */
export function readRules(file: string, ends: readonly number[]): readonly Rule[] {
  const bytes = readFileSync(file);
  const known = ends.map((): Rule | undefined => undefined);
  return new Proxy(known as readonly Rule[], {
    get(_, key, self) {
      const index = typeof key === 'string' ? Number(key) : Number.NaN;
      const end = ends[index];
      if (end === undefined) return Reflect.get(known, key, self) as unknown;
      return (known[index] ??= JSON.parse(bytes.toString('utf8', ends[index - 1] ?? 0, end)) as Rule);
    },
  });
}

/** What `readRules` reads. Samples are left out: only list-rules.cjs has them. */
export function linesOf(rules: readonly Rule[]): { bytes: Buffer; ends: number[] } {
  const lines = rules.map((rule) => Buffer.from(`${JSON.stringify({ ...rule, samples: undefined })}\n`));
  let end = 0;
  return { bytes: Buffer.concat(lines), ends: lines.map((line) => (end += line.length)) };
}
