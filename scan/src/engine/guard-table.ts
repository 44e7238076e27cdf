// The table of guards (guard.ts), made from the rules.

import type { Rule } from '../rule.ts';
import { kinds } from './characters.ts';
import { guardKind, guardLayout } from './guard.ts';
import { type Step, bytesOfMatch, commonClass, commonOpening, defaultWord, openingOf } from './opening.ts';
import type { Meaning } from './tables.ts';

/** Where a record stands is said in two bytes. */
const mostBytes = 0xffff;

export class GuardTable {
  readonly #rules: readonly Rule[];
  readonly #classes = new Map<Uint8Array, number>();
  readonly #records = new Map<string, Buffer>();
  /** Of an assignment, the one of its values without quotes. */
  readonly #bare = new Map<string, string>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /** Makes the guard of a keyword from what all that it stands for have in common. Returns the key by which `write` knows it, if there is one. */
  add(keyword: string, meanings: readonly Meaning[]): string | undefined {
    const kind = meanings[0]?.kind;
    if (kind === undefined || kind === 'wrapped' || meanings.some((other) => other.kind !== kind)) return undefined;
    const rules = meanings.flatMap(({ index }) => this.#rules[index] ?? []);
    // Without a lead a rule begins alike at all its keywords.
    const isLed = rules.some((rule) => rule.lead);
    const key = `${kind} ${meanings.map(({ index }) => index).join()} ${isLed ? keyword : ''}`;
    if (this.#records.has(key)) return key;
    const steps = commonOpening(rules.map((rule) => openingOf(rule, keyword)));
    if (kind === 'assigned') {
      const sure = meanings.filter(({ index }) => this.#rules[index]?.confidence !== 'generic');
      const bare = sure.length === 0 ? undefined : sure.length === meanings.length ? key : this.add(keyword, sure);
      if (bare !== undefined) this.#bare.set(key, bare);
      this.#record(key, guardKind.assignment, 0, steps, bytesOfMatch(rules));
    } else {
      const left = commonClass(rules.map((rule) => (rule.lead ? '' : (rule.left ?? defaultWord))));
      this.#record(key, guardKind.opening, left ? this.#class(left) : guardLayout.noClass, steps);
    }
    return key;
  }

  /** The table, and where each record stands in it. One that stands too far is left out: its keywords are reported unguarded. */
  write(): { bytes: Buffer; at: ReadonlyMap<string, number> } {
    const parts = [Buffer.from(kinds), ...[...this.#classes.keys()].map(bitmapOf)];
    const at = new Map<string, number>();
    let position = parts.reduce((sum, part) => sum + part.length, 0);
    for (const [key, bytes] of this.#records) {
      const bare = this.#bare.get(key);
      if (position > mostBytes || (bare !== undefined && bare !== key && !at.has(bare))) continue;
      at.set(key, position);
      parts.push(bytes);
      position += bytes.length;
    }
    for (const [key, bytes] of this.#records) {
      const bare = at.get(this.#bare.get(key) ?? '');
      if (bare !== undefined) bytes.writeUInt16LE(bare, guardLayout.bare);
    }
    return { bytes: Buffer.concat(parts), at };
  }

  #record(key: string, kind: number, field: number, steps: readonly Step[], inside?: Uint8Array): void {
    const { firstStep, stepBytes } = guardLayout;
    const record = Buffer.alloc(firstStep + steps.length * stepBytes);
    record[0] = kind;
    record.writeUInt16LE(field, guardLayout.left);
    record.writeUInt16LE(inside ? this.#class(inside) : guardLayout.noClass, guardLayout.inside);
    record[guardLayout.steps] = steps.length;
    for (const [i, step] of steps.entries()) {
      const at = firstStep + i * stepBytes;
      record.writeUInt16LE(this.#class(step.class), at);
      record[at + guardLayout.least] = step.least;
      record[at + guardLayout.most] = step.most;
    }
    this.#records.set(key, record);
  }

  #class(bytes: Uint8Array): number {
    const index = this.#classes.get(bytes) ?? this.#classes.size;
    this.#classes.set(bytes, index);
    return index;
  }
}

function bitmapOf(bytes: Uint8Array): Buffer {
  const bitmap = Buffer.alloc(guardLayout.classBytes);
  for (let byte = 0; byte < 256; byte += 1) bitmap[byte >> 3]! |= bytes[byte]! << (byte & 7);
  return bitmap;
}
