// The text of a glob, taken apart: its characters and wildcards, one list for each way to choose from its braces.

import { ZvaultError } from '../errors.ts';

/** One thing that a pattern says. `stars`: two or more of them, side by side in the text. */
export type Lexeme =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'star' }
  | { readonly kind: 'stars' };

export interface Pattern {
  /** It began with an odd number of exclamation marks. */
  readonly negated: boolean;
  readonly expansions: readonly (readonly Lexeme[])[];
}

/** Longest pattern, in UTF-16 units. */
const maxPatternLength = 1024;
/** Braces inside braces. */
const maxBraceDepth = 10;
/** What the braces of one pattern may grow to, in lexemes of all its expansions together. It bounds the time of a match. */
const maxExpandedLexemes = 8192;

/** @throws BAD_REQUEST saying what is wrong with the pattern */
export function parsePattern(text: string): Pattern {
  if (text === '') throw invalid('must not be empty');
  if (text.length > maxPatternLength) throw invalid(`must have at most ${maxPatternLength} characters`);
  const marks = /^!*/.exec(text)?.[0].length ?? 0;
  const parser = new Parser(Array.from(text.slice(marks)));
  return { negated: marks % 2 === 1, expansions: parser.parse() };
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  parse(): Lexeme[][] {
    return this.#sequence(0);
  }

  /** Up to the end or, inside braces, up to the comma or brace that ends the alternative. */
  #sequence(depth: number): Lexeme[][] {
    let expansions: Lexeme[][] = [[]];
    for (;;) {
      const character = this.#characters[this.#at];
      if (character === undefined) return expansions;
      if (depth > 0 && (character === ',' || character === '}')) return expansions;
      this.#at += 1;
      const next = character === '{' ? this.#braces(depth + 1) : [[this.#lexeme(character)]];
      expansions = combine(expansions, next);
    }
  }

  #lexeme(character: string): Lexeme {
    if (character === '*') {
      const first = this.#at;
      while (this.#characters[this.#at] === '*') this.#at += 1;
      return { kind: this.#at === first ? 'star' : 'stars' };
    }
    if (character === '?') return { kind: 'one', accepts: (other) => other !== '/' };
    if (character === '[') return this.#class();
    return { kind: 'literal', character: character === '\\' ? this.#escaped() : character };
  }

  #braces(depth: number): Lexeme[][] {
    if (depth > maxBraceDepth) throw invalid(`has more than ${maxBraceDepth} braces inside each other`);
    const alternatives: Lexeme[][] = [];
    for (;;) {
      alternatives.push(...this.#sequence(depth));
      const end = this.#characters[this.#at];
      if (end === undefined) throw invalid('has a { without its }');
      this.#at += 1;
      if (end === '}') return alternatives;
    }
  }

  /** A first `]` stands for itself. */
  #class(): Lexeme {
    const mark = this.#characters[this.#at];
    const negated = mark === '!' || mark === '^';
    if (negated) this.#at += 1;
    const ranges: (readonly [low: number, high: number])[] = [];
    while (ranges.length === 0 || this.#characters[this.#at] !== ']') {
      const low = this.#member();
      let high = low;
      const following = this.#characters[this.#at + 1];
      if (this.#characters[this.#at] === '-' && following !== undefined && following !== ']') {
        this.#at += 1;
        high = this.#member();
        if (high < low) throw invalid('has a class with a range that runs backwards');
      }
      ranges.push([low, high]);
    }
    this.#at += 1;
    const holds = (point: number): boolean => ranges.some(([low, high]) => low <= point && point <= high);
    return {
      kind: 'one',
      accepts: (character) => character !== '/' && holds(character.codePointAt(0) ?? 0) !== negated,
    };
  }

  #member(): number {
    const character = this.#characters[this.#at];
    if (character === undefined) throw invalid('has a [ without its ]');
    this.#at += 1;
    const member = character === '\\' ? this.#escaped() : character;
    if (member === '/') throw invalid('has a class with a slash, which no class matches');
    return member.codePointAt(0) ?? 0;
  }

  #escaped(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw invalid('ends with a backslash');
    this.#at += 1;
    return character;
  }
}

/** Every beginning with every continuation. */
function combine(beginnings: readonly Lexeme[][], continuations: readonly Lexeme[][]): Lexeme[][] {
  const [only] = continuations;
  // The common case, without copying: outside of braces there is just one way on.
  if (continuations.length === 1 && only) {
    for (const beginning of beginnings) beginning.push(...only);
    checkSize(beginnings);
    return [...beginnings];
  }
  checkCount(beginnings.length * continuations.length);
  const combined = beginnings.flatMap((beginning) => continuations.map((more) => [...beginning, ...more]));
  checkSize(combined);
  return combined;
}

function checkSize(expansions: readonly Lexeme[][]): void {
  checkCount(expansions.reduce((sum, { length }) => sum + length, 0));
}

function checkCount(lexemes: number): void {
  if (lexemes > maxExpandedLexemes) throw invalid('has braces that stand for too many patterns');
}

function invalid(what: string): ZvaultError {
  return new ZvaultError('BAD_REQUEST', `the path pattern ${what}`);
}
