// Secrets inside Base64: a Kubernetes manifest's values, an encoded key file. The keywords of formats are looked for in their
// encoded forms at the three alignments; a hit leads to the whole run, which is decoded once and searched like any text.

import type { Rule } from '../rule.ts';
import { plainKeyword } from './keyword.ts';

const base64Code = (code: number): boolean =>
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 43 ||
  code === 47 ||
  code === 45 ||
  code === 95;
/** A run longer than this is a picture or a program. */
const maxRun = 65_536;
/** Bytes on either side of a keyword in Base64 that are looked at. */
export const wrappedReach = maxRun + 64;
const minRun = 24;
/** Shorter lines do not go on in the next one. */
const minLine = 60;
const lineBreak = /\r?\n[ \t]{0,32}/y;
/** Characters that are looked at behind a run: a line break, and where the next line begins. */
const maxBreak = 40;

interface Line {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface OpenedRun {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/** Keywords of formats that are looked for in Base64, with the position of their rule: plain ones of four bytes or more. */
function* wrappable(rules: readonly Rule[]): Iterable<readonly [keyword: string, rule: number]> {
  for (const [index, rule] of rules.entries()) {
    if (rule.confidence !== 'format' || rule.assigned === true) continue;
    for (const keyword of rule.keywords)
      if (plainKeyword(keyword) === keyword && keyword.length >= 4) yield [keyword, index];
  }
}

/** The encoded forms of the rules' keywords, each with the alignment (0 to 2) at which it has this form. */
export function* wrappedKeywords(rules: readonly Rule[]): Iterable<readonly [text: string, shift: number]> {
  for (const [keyword] of wrappable(rules)) {
    for (let shift = 0; shift < 3; shift++) {
      const form = encodedForm(keyword, shift);
      if (form.length >= 4) yield [form, shift];
    }
  }
}

export class WrappedText {
  /** Plain keyword, lower case, to the rules it belongs to. */
  readonly #rules = new Map<string, number[]>();
  readonly #allRules: readonly Rule[];
  #search: RegExp | undefined;
  #line: Line = { text: '', start: 0, end: 0 };

  constructor(rules: readonly Rule[]) {
    this.#allRules = rules;
  }

  /** What the last call of `open` looked at. */
  readonly looked = { from: 0, to: 0 };

  /** The Base64 run around `position`, decoded, if it is one: long enough, and text inside. */
  open(text: string, position: number, shift: number): OpenedRun | undefined {
    const line = this.#lineAround(text, position);
    const start = Math.max(line.start, position - maxRun);
    let end = Math.min(line.end, position + maxRun);
    this.looked.from = start - 1;
    this.looked.to = end + maxBreak;
    // The form stands at the right alignment only if the characters before it agree.
    const head = shift === 0 ? 0 : shift === 1 ? 2 : 3;
    if ((((position - start - head) % 4) + 4) % 4 !== 0) return undefined;
    // Encoders break lines at 64 or 76 characters.
    while (end - start >= minLine) {
      lineBreak.lastIndex = end;
      if (!lineBreak.test(text) || lineBreak.lastIndex - position > maxRun) break;
      const next = endOfRun(text, lineBreak.lastIndex, position + maxRun);
      if (next === lineBreak.lastIndex) break;
      end = next;
    }
    this.looked.to = end + maxBreak;
    if (end - start < minRun) return undefined;
    const decoded = Buffer.from(text.slice(start, end), 'base64').toString('latin1');
    while (end < text.length && text[end] === '=') end += 1;
    return { start, end, decoded };
  }

  /** All Base64 around `position` in its line. Found once for all positions in it: a long one holds many keywords by chance. */
  #lineAround(text: string, position: number): Line {
    const known = this.#line;
    if (known.text === text && position >= known.start && position < known.end) return known;
    let start = position;
    while (start > 0 && base64Code(text.charCodeAt(start - 1))) start -= 1;
    return (this.#line = { text, start, end: endOfRun(text, position, Infinity) });
  }

  /** Calls back for each keyword in a decoded text. */
  find(decoded: string, onHit: (rule: number, position: number) => void): void {
    this.#search ??= this.#compile();
    for (const hit of decoded.matchAll(this.#search)) {
      for (const rule of this.#rules.get(hit[0].toLowerCase()) ?? []) onHit(rule, hit.index);
    }
  }

  #compile(): RegExp {
    for (const [keyword, index] of wrappable(this.#allRules)) {
      const text = keyword.toLowerCase();
      const known = this.#rules.get(text);
      if (known) known.push(index);
      else this.#rules.set(text, [index]);
    }
    return new RegExp(Array.from(this.#rules.keys(), (text) => text.replace(/[^a-z0-9_]/g, '\\$&')).join('|'), 'gi');
  }
}

/** The characters of the keyword's Base64 that do not depend on what stands around it, `shift` bytes into a group of three. */
function encodedForm(keyword: string, shift: number): string {
  const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(keyword, 'latin1')])
    .toString('base64')
    .replace(/=+$/, '');
  const head = shift === 0 ? 0 : shift === 1 ? 2 : 3;
  const wholeBits = (shift + keyword.length) * 8;
  return padded.slice(head, Math.floor(wholeBits / 6));
}

function endOfRun(text: string, from: number, limit: number): number {
  let end = from;
  while (end < text.length && end < limit && base64Code(text.charCodeAt(end))) end += 1;
  return end;
}
