// How far from its keyword a rule looks. Where a text changed only further away, what the rule said of the place still holds.

import type { Rule } from '../rule.ts';
import { assignmentReach } from './assignment.ts';

/** Bytes on either side of a match in which `near` looks. */
export const nearBytes = 200;
/** What is read around a match in any case: the character on either side, the escape before it, the dots that say it is cut short. */
const besides = 4;

export interface Reach {
  readonly before: number;
  readonly after: number;
}

/** Of a rule that is tried at its keyword. */
export function reachOf(rule: Rule): Reach {
  const near = rule.near === undefined ? 0 : nearBytes;
  const longest = longestMatch(rule.pattern);
  const behind = /\(\?<[=!]/.test(rule.pattern) ? longest : 0;
  return { before: (rule.lead?.max ?? 0) + behind + besides + near, after: longest + besides + near };
}

/** Of one about an assignment, but for the value, of which only the text can tell how far it goes. */
export function assignedReachOf(rule: Rule): Reach {
  const near = rule.near === undefined ? 0 : nearBytes;
  return {
    before: assignmentReach.before + near,
    after: near === 0 ? 0 : assignmentReach.begin + assignmentReach.value + near,
  };
}

/** The most characters that the pattern can look at, its look-ahead included; `Infinity` where nothing bounds it. */
export function longestMatch(pattern: string): number {
  const parser = new Parser(pattern);
  return parser.alternatives();
}

const atomEnd = /\\(?:k<[^>]*>|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)|\[(?:[^\]\\]|\\.)*\]|[^]/y;
const quantifier = /([*+?]|\{(\d+)(,(\d*))?\})\??/y;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  alternatives(): number {
    let longest = 0;
    for (;;) {
      longest = Math.max(longest, this.#sequence());
      if (this.#text[this.#at] !== '|') return longest;
      this.#at += 1;
    }
  }

  #sequence(): number {
    let length = 0;
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at] ?? '')) {
      const atom = this.#atom();
      const most = this.#repeats();
      length += atom === 0 ? 0 : atom * most;
    }
    return length;
  }

  #atom(): number {
    if (this.#text[this.#at] !== '(') {
      const atom = this.#take(atomEnd)?.[0] ?? '';
      if (/^\\(?:[1-9]|k<)/.test(atom)) return Infinity; // as long as what it repeats
      return atom === '^' || atom === '$' || atom === '\\b' || atom === '\\B' ? 0 : 1;
    }
    this.#at += 1;
    this.#take(/\?(?:<?[=!]|:|<[^>]*>|[a-z-]*:)/y);
    const length = this.alternatives();
    this.#at += 1;
    return length;
  }

  #repeats(): number {
    const found = this.#take(quantifier);
    if (found === null) return 1;
    const [, sign, least, comma, most] = found;
    if (sign === '?') return 1;
    if (least === undefined || most === '') return Infinity;
    return Number(comma === undefined ? least : most);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}
