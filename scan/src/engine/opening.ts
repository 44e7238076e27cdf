// How a match of a rule must go on from its keyword, as far as its pattern says so plainly: runs of bytes, each of one class. The filter
// compares the text with it, so that most keywords need no expression.

import type { Rule } from '../rule.ts';

/** Of bytes of the class there are at least `least`, and no more than `most` are taken. */
export interface Step {
  /** 1 for each byte that may stand here. */
  readonly class: Uint8Array;
  readonly least: number;
  /** `unlimited` for no bound. */
  readonly most: number;
}

export const unlimited = 255;
/** Longer openings are cut: nearly every text that is none differs in the first bytes. */
const mostSteps = 24;

export const defaultWord = 'A-Za-z0-9_';

/** What several openings have in common, place by place. */
export function commonOpening(openings: readonly (readonly Step[])[]): readonly Step[] {
  const [first] = openings;
  if (openings.length === 1 && first) return first;
  return either(openings.map((steps) => ({ steps, isWhole: false }))).steps.slice(0, mostSteps);
}

/** The bytes that are in all of the classes, if there are any. @param all what stands between the brackets */
export function commonClass(all: readonly string[]): Uint8Array | undefined {
  const [first, ...others] = new Set(all);
  if (first === undefined || first === '' || others.includes('')) return undefined;
  const sets = [first, ...others].map(classOf);
  return sets.length === 1 ? sets[0] : merged(sets, (one, other) => one & other);
}

/** The opening from the keyword's first byte on; empty where nothing is known. @param keyword in lower case */
export function openingOf(rule: Rule, keyword: string): Step[] {
  const { steps } = parse(rule);
  const from = rule.lead ? keywordIn(steps, keyword, classOf(rule.lead.chars)) : 0;
  return from === -1 ? [] : determined(steps.slice(from)).slice(0, mostSteps);
}

/** The bytes that a match of one of the rules can have; more than those where a pattern is not understood. */
export function bytesOfMatch(rules: readonly Rule[]): Uint8Array {
  const all = rules.map((rule) => parse(rule).bytes);
  return merged(all, (one, other) => one | other);
}

interface Parsed {
  readonly steps: readonly Step[];
  readonly bytes: Uint8Array;
}
const parsed = new WeakMap<Rule, Parsed>();

function parse(rule: Rule): Parsed {
  let known = parsed.get(rule);
  if (known === undefined) {
    const parser = new Parser(rule.pattern, rule.ignoreCase === true);
    known = otherGroup.test(rule.pattern)
      ? { steps: [], bytes: new Uint8Array(256).fill(1) }
      : { steps: parser.alternatives().steps, bytes: parser.bytes };
    parsed.set(rule, known);
  }
  return known;
}

/**
 * The step at which the keyword begins behind what may lead to it. Where what leads can't be taken for the keyword's first byte and has
 * nothing else in it, the keyword stands nowhere else in the match.
 */
function keywordIn(steps: readonly Step[], keyword: string, lead: Uint8Array): number {
  const at = steps.findIndex((step) => step.class.some((has, byte) => has === 1 && lead[byte] !== 1));
  const first = Buffer.from(keyword, 'latin1');
  if (at === -1 || steps.slice(at).length < plain) return -1;
  for (let i = 0; i < plain; i += 1) {
    const step = steps[at + i]!;
    const only =
      step.least === 1 &&
      step.most === 1 &&
      step.class.every((has, byte) => has === 0 || fold(byte) === fold(first[i]!));
    if (!only) return -1;
  }
  return steps[at]!.class.some((has, byte) => has === 1 && lead[byte] === 1) ? -1 : at;
}

/** So many first bytes of a keyword are compared: behind them may stand a class. */
const plain = 3;

function fold(byte: number): number {
  return byte | 0x20;
}

/** Cut where it would have to be tried how long a run is: its class has bytes of what may follow. */
function determined(steps: readonly Step[]): Step[] {
  const sure: Step[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.least === step.most || isSure(step, steps.slice(i + 1))) sure.push(step);
    else {
      if (step.least > 0) sure.push({ ...step, most: step.least });
      break;
    }
  }
  return sure;
}

/** True if nothing that may come next, up to what must come, begins like another byte of the run. */
function isSure(step: Step, following: readonly Step[]): boolean {
  for (const next of following) {
    if (!isDisjoint(step.class, next.class)) return false;
    if (next.least > 0) return true;
  }
  return false;
}

function isDisjoint(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((has, byte) => has === 0 || b[byte] === 0);
}

/** Steps, and whether what follows in the pattern follows them. */
interface Sequence {
  readonly steps: readonly Step[];
  readonly isWhole: boolean;
}

const assertion = /\(\?<?[=!]/y;
const group = /\((?:\?:|\?<[A-Za-z]\w*>)?(?!\?)/y;
const boundary = /\\[bB]|[$^]/y;
/** Of them and of octal escapes nothing is said. */
const backReference = /\\(?:[1-9]|0\d|k<)/y;
const otherGroup = /\(\?(?![:=!]|<[=!A-Za-z])/;
const atom = /\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[^])|\[(?:[^\]\\]|\\[^])*\]|[^()|*+?{}]/y;
const quantifier = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y;

class Parser {
  readonly #text: string;
  readonly #ignoreCase: boolean;
  /** Those of all classes so far. */
  readonly bytes = new Uint8Array(256);
  #at = 0;

  constructor(text: string, ignoreCase: boolean) {
    this.#text = text;
    this.#ignoreCase = ignoreCase;
  }

  alternatives(): Sequence {
    const all: Sequence[] = [];
    for (;;) {
      all.push(this.#sequence());
      if (this.#text[this.#at] !== '|') break;
      this.#at += 1;
    }
    return all.length === 1 ? all[0]! : either(all);
  }

  #sequence(): Sequence {
    const steps: Step[] = [];
    let isWhole = true;
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at]!)) {
      const part = this.#part();
      if (!isWhole) continue;
      steps.push(...part.steps);
      isWhole = part.isWhole;
    }
    return { steps, isWhole };
  }

  #part(): Sequence {
    if (this.#take(boundary)) return nothing;
    if (this.#take(backReference)) {
      this.bytes.fill(1);
      return this.#skipQuantifier(unknown);
    }
    if (this.#take(assertion)) {
      this.#inside();
      return this.#skipQuantifier(nothing);
    }
    if (this.#take(group)) return this.#repeated(this.#inside());
    const source = this.#take(atom)?.[0];
    if (source === undefined) {
      this.#at += 1; // something that is not known here
      this.bytes.fill(1);
      return unknown;
    }
    const bytes = bytesOf(source, this.#ignoreCase);
    for (let byte = 0; byte < 256; byte += 1) this.bytes[byte]! |= bytes[byte]!;
    return this.#repeated({ steps: [{ class: bytes, least: 1, most: 1 }], isWhole: true });
  }

  /** Up to the end of the group that begins before. */
  #inside(): Sequence {
    const inside = this.alternatives();
    this.#at += 1;
    return inside;
  }

  #skipQuantifier(sequence: Sequence): Sequence {
    this.#take(quantifier);
    return sequence;
  }

  #repeated(one: Sequence): Sequence {
    const found = this.#take(quantifier);
    if (found === null) return one;
    const [, sign, from, comma, to] = found;
    const least = sign === undefined ? Number(from) : sign === '+' ? 1 : 0;
    const most =
      sign === '?' ? 1 : sign !== undefined || to === '' ? Infinity : Number(comma === undefined ? from : to);
    const [step] = one.steps;
    if (one.steps.length === 1 && one.isWhole && step?.least === 1 && step.most === 1) {
      if (least >= unlimited)
        return { steps: [{ ...step, least: unlimited - 1, most: unlimited - 1 }], isWhole: false };
      return { steps: [{ ...step, least, most: Math.min(most, unlimited) }], isWhole: true };
    }
    if (least === 0) return most === 0 ? nothing : unknown;
    return least === 1 && most === 1 ? one : { steps: one.steps, isWhole: false };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}

const nothing: Sequence = { steps: [], isWhole: true };
const unknown: Sequence = { steps: [], isWhole: false };

/** One of them: place by place, as far as the shortest goes. */
function either(all: readonly Sequence[]): Sequence {
  const places = all.map(placesOf);
  const length = Math.min(...places.map(({ classes }) => classes.length));
  const steps = Array.from({ length }, (_, i) => {
    const bytes = merged(
      places.map(({ classes }) => classes[i]!),
      (one, other) => one | other,
    );
    return { class: bytes, least: 1, most: 1 };
  });
  return { steps, isWhole: places.every(({ classes, isWhole }) => isWhole && classes.length === length) };
}

/** The classes of the first places, one byte each. */
function placesOf({ steps, isWhole }: Sequence): { classes: Uint8Array[]; isWhole: boolean } {
  const classes: Uint8Array[] = [];
  for (const step of steps) {
    for (let i = 0; i < step.least; i += 1) classes.push(step.class);
    if (step.most > step.least) return { classes, isWhole: false };
  }
  return { classes, isWhole };
}

/** A class of the bytes of which `join` says 1; the same array for the same bytes. */
function merged(all: readonly Uint8Array[], join: (one: number, other: number) => number): Uint8Array {
  const bytes = new Uint8Array(all[0]!);
  for (const other of all) for (let byte = 0; byte < 256; byte += 1) bytes[byte] = join(bytes[byte]!, other[byte]!);
  return shared(bytes);
}

const classes = new Map<string, Uint8Array>();
const sources = new Map<string, Uint8Array>();

function shared(bytes: Uint8Array): Uint8Array {
  const key = Buffer.from(bytes).toString('latin1');
  const known = classes.get(key);
  if (known === undefined) classes.set(key, bytes);
  return known ?? bytes;
}

/** Those of a class, of which `chars` is what stands between the brackets. */
function classOf(chars: string): Uint8Array {
  return bytesOf(`[${chars}]`, false);
}

/** The bytes that an atom of an expression stands for. */
function bytesOf(source: string, ignoreCase: boolean): Uint8Array {
  const key = `${ignoreCase ? 'i' : ''}${source}`;
  let bytes = sources.get(key);
  if (bytes === undefined) {
    const pattern = new RegExp(`^${source}$`, ignoreCase ? 'i' : '');
    bytes = shared(Uint8Array.from({ length: 256 }, (_, byte) => (pattern.test(String.fromCharCode(byte)) ? 1 : 0)));
    sources.set(key, bytes);
  }
  return bytes;
}
