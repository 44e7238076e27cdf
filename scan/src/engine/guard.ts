// What the filter asks of the text around a keyword before it reports it: whether a match of the rule, or of what an assigned rule takes
// for a value, can stand there at all. Nearly all keywords end here. The filter asks in WebAssembly (wasm-guard.ts); here is the same in
// JavaScript.

import { maxName, mostBlank, mostClosers, mostSpace } from './assignment.ts';
import { kind, kinds } from './characters.ts';
import { unlimited } from './opening.ts';

/** The first byte of a record says how it is read. A keyword without a guard has no record, 0. */
export const guardKind = { opening: 1, assignment: 2 } as const;

/**
 * Layout of the table: the kinds of characters (256 bytes); classes of bytes, a bitmap of 32 bytes each; records. A record has its kind
 * (u8); for an opening the class that must not stand before the keyword, for an assignment the record of what a value without quotes has
 * to be in program code, or 0 if there is none (u16); for an assignment the class of all that a value has in it (u16); the number of steps
 * (u8), and for each its class (u16), and how often it stands there at least and at most (u8 each).
 */
export const guardLayout = {
  classes: 256,
  classBytes: 32,
  noClass: 0xffff,
  /** Of a record. */
  left: 1,
  bare: 1,
  inside: 3,
  steps: 5,
  firstStep: 6,
  /** Of a step. */
  least: 2,
  most: 3,
  stepBytes: 4,
} as const;

/** Characters of which the code is asked for. */
export const code = {
  tab: 9,
  newline: 10,
  carriageReturn: 13,
  space: 32,
  ampersand: 38,
  apostrophe: 39,
  percent: 37,
  parenthesis: 40,
  star: 42,
  plus: 43,
  comma: 44,
  dash: 45,
  slash: 47,
  zero: 48,
  colon: 58,
  lessThan: 60,
  equals: 61,
  greaterThan: 62,
  questionMark: 63,
  bracket: 91,
  backslash: 92,
  closingBracket: 93,
  s: 115,
  v: 118,
  brace: 123,
  bar: 124,
  noBreakSpace: 160,
} as const;

/** What a type has in it besides what names have (assignment.ts). */
export const typeCodes = [
  code.space,
  code.lessThan,
  code.greaterThan,
  code.bracket,
  code.closingBracket,
  code.bar,
  code.ampersand,
  code.questionMark,
  code.apostrophe,
  code.star,
];

/** Letters behind the dot of `.unwrap_or(`, `.orElse(` and `.get(`. */
export const getterCodes = [117, 111, 103];

/** Two letters, folded, as one number. */
const pair = (letters: string): number => (letters.charCodeAt(0) << 8) | letters.charCodeAt(1) | 0x2020;
export const isPair = pair('is');
/** The beginnings of words that lead to the value. */
export const wordPairs = ['as', 'an', 'st', 'va', 'de', 'co', '-v'].map(pair);
/** The same where what names the variable is closed. */
export const closedPairs = ['or', 'to'].map(pair);
/** The beginnings of keys under a parameter of CloudFormation. */
export const yamlPairs = ['ty', 'de', 'no', 'mi', 'ma', 'al'].map(pair);
/** The beginnings of what may stand before a value's quote, but for one or two letters: `new String(`, `Buffer.from(`. */
export const prefixPairs = ['ne', 'st', 'bu', '[]'].map(pair);
/** Three folded letters as one number. */
const triple = (letters: string): number =>
  letters.charCodeAt(0) | (letters.charCodeAt(1) << 8) | (letters.charCodeAt(2) << 16);
/** The ends of directives that set a variable (assignment.ts). */
export const directiveEnds = ['env', 'arg', 'etx', 'set', 'ine', 'der', 'ram'].map(triple);
/** The ends of words of a login. */
export const loginEnds = ['gin', 'ine', 'ser'].map(triple);

export const most = {
  /** Bytes of which the steps are compared. */
  opening: 256,
  /** White space behind the parenthesis of a call. */
  callSpace: 4,
  /** Of a type. */
  type: 48,
  typeSpace: 4,
  /** What may stand before a value's quote: `String::from(`, an anchor of YAML. */
  prefix: 44,
  operatorSpace: 60,
  argumentSpace: 40,
  words: 80,
} as const;

/** No guard looks further than so many bytes before a keyword's first one, and behind it. */
export const guardReach = {
  before: maxName + 3 * most.words + 80,
  after: maxName + 2 * mostSpace + most.operatorSpace + most.opening + 100,
} as const;

/** What the text is asked by. */
export class Guards {
  readonly #memory: Uint8Array;
  readonly #table: number;
  readonly #start: number;
  readonly #end: number;
  readonly #bareValues: boolean;

  /**
   * @param memory the filter's
   * @param table where the guards' table stands in it
   * @param start @param end the text
   * @param bareValues see `ScanContext`
   */
  constructor(memory: Uint8Array, table: number, start: number, end: number, bareValues: boolean) {
    this.#memory = memory;
    this.#table = table;
    this.#start = start;
    this.#end = end;
    this.#bareValues = bareValues;
  }

  /** False if nothing of what the keyword at `at … end` stands for can match there. @param record 0 for none */
  allows(record: number, at: number, end: number): boolean {
    if (record === 0) return true;
    return this.#memory[this.#table + record] === guardKind.assignment
      ? this.#mayAssign(record, at, end)
      : this.#opens(record, at);
  }

  #opens(record: number, at: number): boolean {
    const left = this.#short(this.#table + record + guardLayout.left);
    if (left !== guardLayout.noClass && at > this.#start && this.#inClass(left, at - 1)) {
      // The letter of an escape and the digits of `%3D` are no part of a word.
      if (!this.#isAny(at - 2, code.backslash) && !this.#isAny(at - 3, code.percent)) return false;
    }
    return this.#runs(record, at);
  }

  /** True if the text goes on from `at` as the record's steps say. */
  #runs(record: number, at: number): boolean {
    // Many keywords may stand before one long run.
    const cut = at + most.opening;
    const end = Math.min(this.#end, cut);
    let position = at;
    let step = this.#table + record + guardLayout.firstStep;
    for (let i = this.#memory[this.#table + record + guardLayout.steps]!; i > 0; i -= 1) {
      const limit = this.#memory[step + guardLayout.most]!;
      const longest = limit === unlimited ? Infinity : limit;
      let count = 0;
      while (count < longest && position < end && this.#inClass(this.#short(step), position)) {
        position += 1;
        count += 1;
      }
      if (position === cut) return true;
      if (count < this.#memory[step + guardLayout.least]!) return false;
      step += guardLayout.stepBytes;
    }
    return true;
  }

  /** False if `readAssignment` finds no value that a rule takes; what it looks for may begin in fewer places than this allows. */
  #mayAssign(record: number, at: number, end: number): boolean {
    let nameStart = at;
    while (nameStart > this.#start && at - nameStart < maxName && this.#is(nameStart - 1, kind.name)) nameStart -= 1;
    let nameEnd = end;
    while (nameEnd > at && !this.#is(nameEnd - 1, kind.name)) nameEnd -= 1;
    while (nameEnd < this.#end && nameEnd - at < maxName && this.#is(nameEnd, kind.name)) nameEnd += 1;
    const before = nameStart > this.#start ? this.#memory[nameStart - 1]! : 0;
    if (before === code.slash) return false;
    const { brace, lessThan, greaterThan, questionMark, ampersand } = code;
    if (nameStart > this.#start && this.#isAny(nameStart - 1, brace, lessThan, greaterThan, questionMark, ampersand))
      return true;
    let closed = nameEnd;
    for (let count = 0; count < mostClosers; count += 1) {
      if (this.#is(closed, kind.quote | kind.bracket)) closed += 1;
      else if (this.#isAny(closed, code.backslash) && this.#is(closed + 1, kind.quote)) closed += 2;
    }
    let next = closed;
    while (next - closed < mostSpace && (this.#is(next, kind.space) || this.#isAny(next, code.noBreakSpace))) next += 1;
    const isQuoted = closed > nameEnd && this.#is(closed - 1, kind.quote);
    if (this.#isAny(next, code.brace, code.backslash) || this.#isWord(next)) return true;
    if (closed > nameEnd && closedPairs.includes(this.#pair(next))) return true;
    if (this.#isAny(next, code.equals, code.colon)) {
      const value = this.#blanksEnd(this.#operatorEnd(next), most.operatorSpace);
      const isTyped = closed === nameEnd && this.#isAny(next, code.colon) && this.#isType(value);
      return isTyped || this.#mayTake(record, value, nameStart);
    }
    if (this.#pair(next) === isPair) {
      const value = this.#blanksEnd(next + (this.#isAny(next + 2, code.colon) ? 3 : 2), most.argumentSpace);
      if (this.#mayTake(record, value, nameStart)) return true;
    }
    if (this.#is(next, kind.quote))
      return this.#isWord(next + 1) || (closed === nameEnd && this.#mayHold(record, 0, next));
    if (isQuoted && this.#isAny(next, code.bar)) return true;
    if (this.#is(next, kind.operator) && this.#is(next + 1, kind.second)) {
      // `.get(` and the like follow what is closed.
      if (this.#isAny(next + 1, ...getterCodes)) {
        if (closed > nameEnd) return true;
      } else {
        if (this.#mayTake(record, this.#blanksEnd(next + 2, most.operatorSpace), nameStart)) return true;
        const isLonger = this.#isAny(next + 2, code.equals);
        if (isLonger && this.#mayTake(record, this.#blanksEnd(next + 3, most.operatorSpace), nameStart)) return true;
      }
    }
    // A type: `[]byte`, `[40]`, `*string`.
    if (this.#isAny(next, code.bracket) && (this.#isAny(next + 1, code.closingBracket) || this.#isDigit(next + 1)))
      return true;
    if (this.#isAny(next, code.star) && this.#isAny(next + 1, code.s, code.bracket)) return true;
    if (this.#isAny(next, code.comma)) {
      const argument = this.#blanksEnd(next + 1, most.argumentSpace);
      const isFirst = isQuoted || before === code.parenthesis || before === code.colon;
      if (isFirst && this.#mayHold(record, 0, argument)) return true;
      let word = next + 1;
      while (word - next < mostSpace && this.#is(word, kind.space)) word += 1;
      if (this.#isAny(word, code.backslash)) word += 1;
      if (this.#is(word, kind.quote)) word += 1;
      if (this.#isWord(word)) return true;
    }
    // `name="x" v:value="y"`, and the rest of an element of which this is an attribute.
    if (isQuoted && (this.#isAny(next, code.v) || this.#isAny(nameStart - 2, code.equals, code.backslash))) return true;
    if (this.#isAny(nameEnd, code.parenthesis)) {
      let value = nameEnd + 1;
      while (value - nameEnd <= most.callSpace && this.#is(value, kind.space)) value += 1;
      return this.#mayHold(record, 0, value);
    }
    const value = this.#blanksEnd(nameEnd, mostBlank);
    if (value === nameEnd) return false;
    const takesBlank =
      this.#isAny(nameStart, code.dash) ||
      (nameStart > this.#start && this.#is(nameStart - 1, kind.space) && this.#leads(nameStart));
    return takesBlank && this.#mayTake(record, value, nameStart);
  }

  /** Behind `=`, `==`, `===`, `=>`, `:`, `:=`, `::=`. */
  #operatorEnd(at: number): number {
    let end = at + 1;
    while (end - at < 3 && this.#memory[end] === this.#memory[at]) end += 1;
    if (this.#isAny(at, code.equals)) end = this.#isAny(at + 1, code.greaterThan) ? at + 2 : end;
    else end = this.#isAny(end, code.equals) ? end + 1 : at + 1;
    return end;
  }

  /** True for a type and what assigns to it: `string | undefined =`. */
  #isType(at: number): boolean {
    let end = at;
    while (end - at < most.typeSpace && this.#is(end, kind.space)) end += 1;
    if (this.#isAny(end, code.ampersand)) end += 1;
    const start = end;
    while (end - start < most.type && (this.#is(end, kind.name) || this.#isAny(end, ...typeCodes))) end += 1;
    const typed = end;
    while (end - typed < most.typeSpace && this.#is(end, kind.space)) end += 1;
    return this.#isAny(end, code.equals);
  }

  /** True if a value that the record allows may begin at `at`. */
  #mayTake(record: number, at: number, nameStart: number): boolean {
    if (this.#goesOnBelow(at)) return true;
    const bare = this.#bareValues ? record : this.#short(this.#table + record + guardLayout.bare);
    return (
      this.#mayHold(record, bare, at) ||
      (bare !== record && this.#followsPair(nameStart) && this.#mayHold(record, record, at))
    );
  }

  /** The value may be on the next line: behind `(`, `|` or `>`, in quotes, or the default of a parameter. */
  #goesOnBelow(at: number): boolean {
    let end = at;
    const isBlock = this.#isAny(at, code.bar, code.greaterThan);
    if (this.#isAny(at, code.parenthesis)) end += 1;
    if (isBlock) end += this.#isAny(at + 1, code.plus, code.dash) ? 2 : 1;
    const start = end;
    let isBelow = false;
    while (end - start < most.words && this.#is(end, kind.space)) {
      if (this.#isAny(end, code.newline)) isBelow = true;
      end += 1;
    }
    return isBelow && (isBlock || this.#is(end, kind.quote) || yamlPairs.includes(this.#pair(end)));
  }

  /** The same where one without quotes is of the record `bare`, if any. */
  #mayHold(record: number, bare: number, at: number): boolean {
    if (this.#is(at, kind.prefix) && this.#isPrefix(at)) return true;
    const isEscaped = this.#isAny(at, code.backslash);
    const quote = isEscaped ? at + 1 : at;
    if (this.#is(quote, kind.quote)) {
      if (this.#isAny(quote + 1, code.backslash)) return true;
      if (!this.#is(quote + 1, kind.quote)) return this.#runs(record, quote + 1) && this.#isInside(record, quote);
      // '"value"' and """value""", but not the empty text.
      const mark = this.#memory[quote];
      return this.#memory[quote + 1] !== mark || this.#memory[quote + 2] === mark;
    }
    return !isEscaped && bare !== 0 && this.#runs(bare, at);
  }

  /** What begins here may lead to a quote. */
  #isPrefix(at: number): boolean {
    for (let i = 1; i <= 2; i += 1)
      if (this.#is(at + i, kind.quote) || this.#isAny(at + i, code.backslash)) return true;
    if (!this.#isAny(at, code.ampersand) && !prefixPairs.includes(this.#pair(at))) return false;
    for (let i = 1; i < most.prefix && !this.#isAny(at + i, code.newline); i += 1)
      if (this.#is(at + i, kind.quote)) return true;
    return false;
  }

  /** Nothing of the text in quotes is of what no value has in it. */
  #isInside(record: number, quote: number): boolean {
    const inside = this.#short(this.#table + record + guardLayout.inside);
    for (let i = 1; i < most.opening && quote + i < this.#end; i += 1) {
      if (this.#memory[quote + i] === this.#memory[quote] || this.#isAny(quote + i, code.backslash)) return true;
      if (!this.#inClass(inside, quote + i)) return false;
    }
    return true;
  }

  /** `user=x name`: the word before is one of a list of pairs. */
  #followsPair(nameStart: number): boolean {
    let at = nameStart - 1;
    if (at < this.#start || !this.#isAny(at, code.space)) return false;
    while (nameStart - at < most.words && at > this.#start && !this.#is(at - 1, kind.space)) {
      if (this.#isAny(at - 1, code.equals)) return true;
      at -= 1;
    }
    return false;
  }

  /** The words before may be a directive's, or a login's. */
  #leads(nameStart: number): boolean {
    let end = nameStart;
    while (nameStart - end < most.words && end > this.#start && this.#is(end - 1, kind.space)) end -= 1;
    if (directiveEnds.includes(this.#triple(end))) return true;
    let word = end;
    while (end - word < most.words && word > this.#start && !this.#is(word - 1, kind.space)) word -= 1;
    if (this.#isAny(word, code.dash)) return true;
    while (end - word < most.words && word > this.#start && this.#is(word - 1, kind.space)) word -= 1;
    return loginEnds.includes(this.#triple(word));
  }

  #blanksEnd(at: number, limit: number): number {
    let end = at;
    while (end - at < limit && this.#isAny(end, code.space, code.tab)) end += 1;
    return end;
  }

  #isWord(at: number): boolean {
    return wordPairs.includes(this.#pair(at));
  }

  #pair(at: number): number {
    return (this.#memory[at]! << 8) | this.#memory[at + 1]! | 0x2020;
  }

  /** The three bytes that end at `end`. */
  #triple(end: number): number {
    return this.#memory[end - 3]! | (this.#memory[end - 2]! << 8) | (this.#memory[end - 1]! << 16) | 0x202020;
  }

  #isDigit(at: number): boolean {
    return this.#memory[at]! >= code.zero && this.#memory[at]! < code.zero + 10;
  }

  #is(at: number, bit: number): boolean {
    return (kinds[this.#memory[at]!]! & bit) !== 0;
  }

  #isAny(at: number, ...codes: readonly number[]): boolean {
    return codes.includes(this.#memory[at]!);
  }

  #short(at: number): number {
    return this.#memory[at]! | (this.#memory[at + 1]! << 8);
  }

  #inClass(index: number, at: number): boolean {
    const byte = this.#memory[at]!;
    const bitmap = this.#table + guardLayout.classes + index * guardLayout.classBytes;
    return ((this.#memory[bitmap + (byte >> 3)]! >> (byte & 7)) & 1) === 1;
  }
}
