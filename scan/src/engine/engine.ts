// Runs rules over bytes: keyword filter, then the rule's pattern at that very place, then its checks. Findings come out as
// offsets; what they are called and whether they are reported is decided elsewhere.

import { hasRandomPiece } from '../checks/generic.ts';
import { checks } from '../checks/index.ts';
import type { Rule } from '../rule.ts';
import { type Assignment, assignmentReach, readAssignment } from './assignment.ts';
import { shannonEntropy } from './entropy.ts';
import { KeywordFilter, type KeywordHit } from './filter.ts';
import { charactersOf } from './keyword.ts';
import { isKnownExample } from './known-examples.ts';
import { isPlaceholder } from './placeholder.ts';
import { settleOverlaps } from './overlap.ts';
import { defaultWord } from './opening.ts';
import { type Reach, assignedReachOf, nearBytes, reachOf } from './reach.ts';
import { type Entry, type Meaning, type Tables, buildTables, longestKeyword } from './tables.ts';
import { WrappedText, wrappedReach } from './wrapped.ts';

export interface Match {
  readonly rule: Rule;
  /** Byte offsets of the secret. */
  readonly start: number;
  readonly end: number;
  /** The secret stands there in this encoding. */
  readonly encoding?: 'base64';
}

/** A place where a rule's shape stood but its checks said no: whatever a weaker rule says of the same text is wrong, too. */
export interface Refuted {
  readonly start: number;
  readonly end: number;
}

export interface ScanContext {
  /** Path for rules' path allow lists, with forward slashes. */
  readonly path: string;
  /** Only rules of this confidence or surer run. */
  readonly least: 'format' | 'structured' | 'generic';
  /** Unquoted values count (`NAME=value` files, not program code). */
  readonly bareValues: boolean;
}

/** A rule with its expressions, each made when it is needed first: most keywords lead to nothing. */
class CompiledRule {
  readonly rule: Rule;
  readonly left: CharacterSet;
  readonly right: CharacterSet;
  readonly lead: CharacterSet | undefined;
  readonly enabled: boolean;
  /** Where it was tried last: the number of the run (the run itself would keep its text in memory). */
  triedIn = 0;
  triedAt = -1;
  #pattern: RegExp | undefined;
  #name: RegExp | undefined;
  #near: RegExp | undefined;
  #allowValues: RegExp | undefined;
  #allowPaths: RegExp | undefined;

  constructor(rule: Rule, enabled: boolean) {
    this.rule = rule;
    this.enabled = enabled;
    this.left = setOf(rule.left ?? defaultWord);
    this.right = setOf(rule.right ?? defaultWord);
    this.lead = rule.lead && setOf(rule.lead.chars);
  }

  get pattern(): RegExp {
    return (this.#pattern ??= new RegExp(this.rule.pattern, this.rule.ignoreCase === true ? 'idy' : 'dy'));
  }

  hasName(name: string): boolean {
    if (this.rule.name === undefined) return true;
    return (this.#name ??= new RegExp(this.rule.name, 'i')).test(name);
  }

  isNear(text: string, start: number, end: number): boolean {
    if (this.rule.near === undefined) return true;
    this.#near ??= new RegExp(this.rule.near, 'i');
    return this.#near.test(text.slice(Math.max(0, start - nearBytes), end + nearBytes));
  }

  allowsPath(path: string): boolean {
    const paths = this.rule.allow?.paths;
    return paths !== undefined && (this.#allowPaths ??= anyOf(paths)).test(path);
  }

  allowsValue(secret: string): boolean {
    const values = this.rule.allow?.values;
    return values !== undefined && (this.#allowValues ??= anyOf(values)).test(secret);
  }
}

function anyOf(patterns: readonly string[]): RegExp {
  return new RegExp(patterns.map((pattern) => `(?:${pattern})`).join('|'));
}

const rank = { generic: 0, structured: 1, format: 2 } as const;

/** In so much of a text keywords are looked for at once, and of not much more a string is made. */
const windowBytes = 512 * 1024;
/** No rule sees more of a text behind its keyword. */
const farthest = 128 * 1024;

export interface EngineOptions {
  /** Tables of exactly these rules. @default made anew */
  readonly tables?: Tables | undefined;
  /** Which rules run. @default all */
  readonly enabled?: ((rule: Rule) => boolean) | undefined;
  /** `js` forces the filter's JavaScript loop. @default 'wasm' */
  readonly filter?: 'wasm' | 'js' | undefined;
  /** Up to so many bytes a text is made one string; of a longer one only what keywords look at. @default 8192 */
  readonly shortText?: number | undefined;
}

export class Engine {
  readonly #rules: readonly Rule[];
  readonly #compiled: (CompiledRule | undefined)[] = [];
  readonly #enabled: (rule: Rule) => boolean;
  readonly #filter: KeywordFilter;
  readonly #shortText: number;
  readonly #wrapped: WrappedText;
  readonly #reaches = new Map<number, EntryReach>();
  #longestKeyword: number | undefined;

  constructor(rules: readonly Rule[], options: EngineOptions = {}) {
    this.#rules = rules;
    this.#enabled = options.enabled ?? (() => true);
    this.#shortText = options.shortText ?? 8192;
    this.#wrapped = new WrappedText(rules);
    this.#filter = new KeywordFilter(options.tables ?? buildTables(rules), options.filter);
  }

  /** Room for a text of `count` bytes; valid until the next call. */
  room(count: number): Buffer {
    return this.#filter.room(count);
  }

  /** Scans the first `count` bytes of the room. Matches do not overlap and come in order. */
  scan(count: number, context: ScanContext): Match[] {
    const matches: Match[] = [];
    const refuted: Refuted[] = [];
    const keywords: Keyword[] = [];
    for (let from = 0; from < count; from += windowBytes) {
      const add = (entry: Entry, position: number): void => void keywords.push({ entry, position });
      this.#filter.run(count, add, from, Math.min(count, from + windowBytes), context);
      for (let next = 0; next < keywords.length;) {
        const part = this.partOf(keywords, next, count);
        const run = this.begin(count, part.from, part.to);
        for (; next < part.end; next += 1) this.consider(run, keywords[next]!.entry, keywords[next]!.position, context);
        matches.push(...run.matches);
        refuted.push(...run.refuted);
      }
      keywords.length = 0;
    }
    return settleOverlaps(matches, refuted);
  }

  /**
   * What the keywords from `first` on look at, as far as their parts of the text overlap, and the first that looks at another one. A string
   * of all of a long text would be copied for little, and be memory that V8 gives back late.
   */
  partOf(keywords: readonly Keyword[], first: number, count: number): { from: number; to: number; end: number } {
    if (count <= this.#shortText) return { from: 0, to: count, end: keywords.length };
    let [from, to, end] = [Infinity, -Infinity, first];
    for (let one = keywords[end]; one !== undefined; one = keywords[(end += 1)]) {
      const reach = this.reachOf(one.entry);
      const assigned = reach.isAssigned ? assignmentReach.begin + assignmentReach.value : 0;
      const wrapped = reach.isWrapped ? wrappedReach : 0;
      const begin = one.position - Math.max(reach.before, wrapped);
      if (end > first && (begin > to || begin - from > windowBytes)) break;
      const after = Math.min(farthest, Math.max(reach.after, assigned, wrapped));
      from = Math.min(from, begin);
      to = Math.max(to, one.position + one.entry.bytes.length + after);
    }
    return { from: Math.max(0, from), to: Math.min(count, to), end };
  }

  /** The keywords of the text in the room with their gram in the range: all, or those that the guards let pass. For `VersionScan`. */
  keywords(count: number, from: number, to: number, onHit: KeywordHit, guarded?: ScanContext): void {
    this.#filter.run(count, onHit, from, to, guarded);
  }

  /** A run over a part of the text in the room. @param count bytes of the whole text */
  begin(count: number, from = 0, to: number = count): Run {
    return newRun(this.#filter.room(count).toString('latin1', from, to), from, 0);
  }

  /** Tries everything that the keyword stands for. */
  consider(run: Run, entry: Entry, position: number, context: ScanContext): void {
    const at = position - run.from;
    for (const meaning of entry.meanings) this.#consider(run, meaning, at, entry.bytes.length, context);
  }

  /** Bytes of the longest keyword. */
  get longestKeyword(): number {
    return (this.#longestKeyword ??= longestKeyword(this.#rules));
  }

  /** How far from a keyword its rules look; of an assigned rule's value and of Base64 only the text itself can tell. */
  reachOf(entry: Entry): EntryReach {
    let reach = this.#reaches.get(entry.address);
    if (reach === undefined) this.#reaches.set(entry.address, (reach = this.#measure(entry)));
    return reach;
  }

  #measure(entry: Entry): EntryReach {
    const kinds = new Set(entry.meanings.map(({ kind }) => kind));
    const parts = entry.meanings.flatMap(({ kind, index }) => {
      const rule = this.#rules[index];
      return kind === 'wrapped' || !rule ? [] : [kind === 'rule' ? reachOf(rule) : assignedReachOf(rule)];
    });
    return {
      before: Math.max(0, ...parts.map(({ before }) => before)),
      after: Math.max(0, ...parts.map(({ after }) => after)),
      isAssigned: kinds.has('assigned'),
      isWrapped: kinds.has('wrapped'),
    };
  }

  #consider(run: Run, meaning: Meaning, position: number, length: number, context: ScanContext): void {
    if (meaning.kind === 'wrapped') {
      if (position < run.wrappedUntil) return;
      const inner = this.#wrapped.open(run.text, position, meaning.index);
      const { from, to } = this.#wrapped.looked;
      run.wrapped = { from: run.from + from, to: run.from + to };
      if (inner === undefined) return;
      run.wrappedUntil = inner.end;
      this.#scanInner(run, inner.decoded, inner.start, inner.end, context);
      return;
    }
    const compiled = this.#compiled[meaning.index] ?? this.#compile(meaning.index);
    if (compiled === undefined || !compiled.enabled || rank[compiled.rule.confidence] < rank[context.least]) return;
    if (meaning.kind === 'assigned') this.#tryAssigned(run, compiled, position, length, context);
    else this.#tryPattern(run, compiled, position, context);
  }

  #compile(index: number): CompiledRule | undefined {
    const rule = this.#rules[index];
    return rule && (this.#compiled[index] = new CompiledRule(rule, this.#enabled(rule)));
  }

  /** The decoded text of a Base64 run is scanned by the rules of formats alone; what they find is reported as the whole run. */
  #scanInner(run: Run, decoded: string, start: number, end: number, context: ScanContext): void {
    const inner = newRun(decoded, 0, Infinity);
    this.#wrapped.find(decoded, (index, position) => {
      const compiled = this.#compiled[index] ?? this.#compile(index);
      if (compiled === undefined || compiled.rule.assigned === true || !compiled.enabled) return;
      this.#tryPattern(inner, compiled, position, context);
    });
    const [first] = settleOverlaps(inner.matches, inner.refuted);
    if (first) run.matches.push({ rule: first.rule, start: run.from + start, end: run.from + end, encoding: 'base64' });
  }

  #tryPattern(run: Run, compiled: CompiledRule, keywordAt: number, context: ScanContext): void {
    const { text } = run;
    let start = keywordAt;
    if (compiled.lead) {
      const least = Math.max(0, keywordAt - (compiled.rule.lead?.max ?? 0));
      while (start > least && compiled.lead.has(text, start - 1)) start -= 1;
      // The letter of an escape, `\n`, is no part of it.
      if (start < keywordAt && text[start - 1] === '\\' && /[nrt]/.test(text[start] ?? '')) start += 1;
    }
    // Several keywords of a rule may stand in one text: it is tried once at each place.
    if (compiled.triedIn === run.number && compiled.triedAt === start) return;
    compiled.triedIn = run.number;
    compiled.triedAt = start;
    if (!leftOk(text, start, compiled.left)) return;
    const { pattern } = compiled;
    pattern.lastIndex = start;
    let found = pattern.exec(text);
    // What stands before the keyword may be of another text: `${NAME:-https://…}`.
    if (found === null && start < keywordAt && compiled.rule.left === '') {
      start = keywordAt;
      pattern.lastIndex = start;
      found = pattern.exec(text);
    }
    if (found === null || compiled.right.has(text, start + found[0].length)) return;
    const [from, to] = found.indices?.[1] ?? [start, start + found[0].length];
    if (to === from) return;
    if (!compiled.isNear(text, start, to)) return;
    this.#judge(run, compiled, from, to, context);
  }

  #tryAssigned(run: Run, compiled: CompiledRule, keywordAt: number, length: number, context: ScanContext): void {
    const at = keywordAt + length;
    if (run.assignment.at !== at) run.assignment = { at, read: readAssignment(run.text, keywordAt, length) };
    const assignment = run.assignment.read;
    if (assignment === undefined) return;
    if (compiled.rule.confidence === 'generic' && !assignment.quoted && !context.bareValues) return;
    const { pattern } = compiled;
    const value = run.text.slice(assignment.valueStart, assignment.valueEnd);
    const isGuess = assignment.argument && compiled.rule.confidence === 'generic';
    // Arguments are mostly names of things.
    if (isGuess && !/\d/.test(value) && !hasRandomPiece(value)) return;
    pattern.lastIndex = 0;
    const found = pattern.exec(value);
    if (found === null || found[0].length !== value.length || !compiled.hasName(assignment.name)) return;
    if (!compiled.isNear(run.text, assignment.nameStart, assignment.valueEnd)) return;
    const [from, to] = found.indices?.[1] ?? [0, value.length];
    this.#judge(run, compiled, assignment.valueStart + from, assignment.valueStart + to, context);
  }

  #judge(run: Run, compiled: CompiledRule, start: number, end: number, context: ScanContext): void {
    const { rule } = compiled;
    const secret = run.text.slice(start, end);
    if (compiled.allowsPath(context.path)) return;
    const good =
      !compiled.allowsValue(secret) &&
      !isCutShort(run.text, end) &&
      !isKnownExample(secret) &&
      (rule.entropy === undefined || shannonEntropy(secret) >= rule.entropy) &&
      (rule.anyValue === true || !isPlaceholder(bodyOf(secret, rule))) &&
      (rule.checks ?? []).every((name) => checks[name](secret));
    const span = { start: run.from + start, end: run.from + end };
    if (good) run.matches.push({ rule, ...span });
    else if (rule.confidence === 'format') run.refuted.push(span);
  }
}

/** A keyword in the text. */
export interface Keyword {
  readonly entry: Entry;
  readonly position: number;
}

export interface EntryReach extends Reach {
  readonly isAssigned: boolean;
  readonly isWrapped: boolean;
}

/** One pass over a text, or a part of it. */
export interface Run {
  /** From 1. */
  readonly number: number;
  /** Each character is one byte. */
  readonly text: string;
  /** Where it begins. What is found is counted from the beginning of the whole. */
  readonly from: number;
  readonly matches: Match[];
  readonly refuted: Refuted[];
  /** Base64 up to here has been opened already. */
  wrappedUntil: number;
  /** What was looked at where Base64 was opened last. */
  wrapped: { readonly from: number; readonly to: number };
  /** The assignment read last, by where its keyword ends: several rules ask for the same. */
  assignment: { readonly at: number; readonly read: Assignment | undefined };
}

let runs = 0;

function newRun(text: string, from: number, wrappedUntil: number): Run {
  return {
    number: (runs += 1),
    text,
    from,
    matches: [],
    refuted: [],
    wrappedUntil,
    wrapped: { from: 0, to: 0 },
    assignment: { at: -1, read: undefined },
  };
}

/** The class of characters between brackets; the empty class has none. */
class CharacterSet {
  readonly #has = new Uint8Array(256);

  constructor(chars: string) {
    // A user's rule may name a class of classes, `\\w`; ours are plain, and read without an expression.
    if (chars.includes('\\') || chars.includes('^')) {
      const pattern = new RegExp(`[${chars}]`);
      for (let code = 0; code < 256; code++) if (pattern.test(String.fromCharCode(code))) this.#has[code] = 1;
    } else for (const character of charactersOf(chars)) this.#has[character.charCodeAt(0)] = 1;
  }

  /** False outside of the text. */
  has(text: string, at: number): boolean {
    return this.#has[text.charCodeAt(at)] === 1;
  }
}

const sets = new Map<string, CharacterSet>();

function setOf(chars: string): CharacterSet {
  let set = sets.get(chars);
  if (set === undefined) sets.set(chars, (set = new CharacterSet(chars)));
  return set;
}

/** True if the character before `start` may stand there. The letter of an escape (`\n`) and hex digits of `%3D` are no part of a word. */
function leftOk(text: string, start: number, left: CharacterSet): boolean {
  if (!left.has(text, start - 1)) return true;
  const before = text[start - 1];
  if (text[start - 2] === '\\') return before === 'n' || before === 'r' || before === 't';
  return text[start - 3] === '%' && /^[0-9A-Fa-f]{2}$/.test(text.slice(start - 2, start));
}

/** True if dots, stars or an ellipsis follow the secret: the rest of it is left out. */
function isCutShort(text: string, end: number): boolean {
  return text.startsWith('...', end) || text.startsWith('****', end) || text.startsWith('\xe2\x80\xa6', end);
}

/** The secret without the keyword that it begins with: `test` in `sk_test_…` says nothing. */
function bodyOf(secret: string, rule: Rule): string {
  for (const keyword of rule.keywords) {
    if (secret.length > keyword.length && secret.slice(0, keyword.length).toLowerCase() === keyword.toLowerCase())
      return secret.slice(keyword.length);
  }
  return secret;
}
