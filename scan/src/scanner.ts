// From bytes to findings: the engine's matches and the vault's own values, placed on lines, filtered by allow comments,
// redacted and given fingerprints.

import { allowedHits } from './allow.ts';
import { readContent, contextOf } from './content.ts';
import { Engine, type Match, type ScanContext } from './engine/engine.ts';
import { type CustomRule, CustomRules } from './config/custom-rules.ts';
import { type Allowlist, allowlistCovers } from './config/allowlist.ts';
import { plainKeyword } from './engine/keyword.ts';
import type { Tables } from './engine/tables.ts';
import { VersionScan } from './engine/versions.ts';
import type { ExactFinder, ExactMatch } from './exact/finder.ts';
import { SmallHeap } from './heap.ts';
import { type Finding, fingerprintOf, redact } from './finding.ts';
import { Positions, lineAround } from './position.ts';
import type { Rule } from './rule.ts';

/** A finding before its fingerprint is made unique, with what only this process may know. */
export interface Found {
  readonly finding: Finding;
  /** Offsets into the content, for `--fix`. */
  readonly start: number;
  readonly end: number;
  /** Tells equal secrets from others within this run. */
  readonly identity: string;
}

export interface ScannerOptions {
  readonly rules: readonly Rule[];
  readonly exact?: ExactFinder | undefined;
  /** Lists of an existing gitleaks configuration. */
  readonly allowlists?: readonly Allowlist[] | undefined;
  /** Rules of the configuration. */
  readonly custom?: { readonly rules: readonly CustomRule[]; onSlow(rule: string, path: string): void } | undefined;
  /** Generic rules in built files and in unquoted text of program code, too. @default false */
  readonly strict?: boolean | undefined;
  readonly filter?: 'wasm' | 'js' | undefined;
  /** Tables made from the same rules, where there are. */
  readonly tables?: Tables | undefined;
  /** Which rules run. @default all */
  readonly enabled?: ((rule: Rule) => boolean) | undefined;
}

export const exactRule = { id: 'vault-value', title: 'Value of the vault', severity: 'critical' } as const;

/** A secret in a text, not yet placed on a line. */
export interface Hit {
  /** Tells equal secrets from others within this run. */
  readonly identity: string;
  readonly secret: string;
  readonly rule: { readonly id: string; readonly title: string; readonly severity: Finding['severity'] };
  readonly start: number;
  readonly end: number;
  readonly encoding?: string | undefined;
  readonly reference?: string | undefined;
  readonly prefix: string;
  readonly exact: boolean;
}

/** A text that is in the scanner's room. */
export interface RoomText {
  readonly count: number;
  readonly binary: boolean;
}

export class Scanner {
  readonly #engine: Engine;
  readonly #options: ScannerOptions;
  readonly #custom: CustomRules | undefined;
  readonly #heap = new SmallHeap();
  #versions: VersionScan | undefined;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#custom =
      options.custom && new CustomRules(options.custom.rules, (rule, path) => options.custom?.onSlow(rule, path));
    this.#engine = new Engine(options.rules, {
      filter: options.filter,
      tables: options.tables,
      enabled: options.enabled,
    });
  }

  /** Room to read `count` bytes into, for `scanRoom` and `textInRoom`. */
  room(count: number): Buffer {
    return this.#engine.room(count);
  }

  /** Scans content that stands elsewhere. @param file the path as it is reported */
  scan(file: string, bytes: Buffer): Found[] {
    return this.#scanText(file, this.text(bytes));
  }

  /** Scans the first `count` bytes of the room. @param text what is known of them */
  scanRoom(file: string, count: number, text: RoomText = this.textInRoom(count)): Found[] {
    return this.#scanText(file, text);
  }

  #scanText(file: string, text: RoomText): Found[] {
    const hits = this.hits(file, text);
    return hits.length === 0 ? [] : this.place(file, text, hits);
  }

  /** Takes content that stands elsewhere into the room. */
  text(bytes: Buffer): RoomText {
    const content = readContent(bytes);
    this.#engine.room(content.bytes.length).set(content.bytes);
    return { count: content.bytes.length, binary: content.binary };
  }

  /** Turns UTF-16 in the room into UTF-8 and drops a byte order mark. */
  textInRoom(count: number): RoomText {
    const content = readContent(this.#engine.room(count));
    if (content.bytes.length === count) return { count, binary: content.binary };
    const decoded = Buffer.from(content.bytes);
    this.#engine.room(decoded.length).set(decoded);
    return { count: decoded.length, binary: content.binary };
  }

  /** The secrets of the text in the room that nothing allows, in order. */
  hits(file: string, text: RoomText): Hit[] {
    return this.#hits(file, text, this.#engine);
  }

  /** The same as `hits`, faster when the last call was for an earlier version of the same file. */
  hitsOfVersion(file: string, text: RoomText): Hit[] {
    return this.#hits(file, text, (this.#versions ??= new VersionScan(this.#engine)));
  }

  #hits(file: string, { count, binary }: RoomText, engine: Pick<Engine, 'scan'>): Hit[] {
    this.#heap.scanned(count);
    const strict = this.#options.strict === true && !binary;
    const context: ScanContext = strict ? { path: file, least: 'generic', bareValues: true } : contextOf(file, binary);
    const bytes = this.#engine.room(count);
    const matches = engine.scan(count, context);
    if (this.#custom && !binary) addCustom(matches, this.#custom.find(bytes.toString('latin1'), file));
    const exact = this.#options.exact?.find(bytes) ?? [];
    if (matches.length === 0 && exact.length === 0) return [];
    const hits = mergeHits(bytes, matches, exact);
    const allowed = allowedHits(bytes, hits);
    const lists = this.#options.allowlists ?? [];
    if (allowed === undefined && lists.length === 0) return hits;
    return hits.filter((hit) => {
      if (hit.exact) return true;
      if (allowed?.has(hit) === true) return false;
      const line = lineAround(bytes, hit.start);
      const text = bytes.toString('latin1', line.start, line.end);
      const facts = { rule: hit.rule.id, path: file, secret: hit.secret, line: text, match: hit.secret };
      return !lists.some((list) => allowlistCovers(list, facts));
    });
  }

  /** Findings of those hits (all that `hits` gave for the text in the room) that are wanted. */
  place(
    file: string,
    { count }: RoomText,
    hits: readonly Hit[],
    isWanted: (hit: Hit) => boolean = () => true,
  ): Found[] {
    this.#heap.scanned(hits.length * findingBytes);
    const bytes = this.#engine.room(count);
    const starts = new Positions(bytes);
    const ends = new Positions(bytes);
    const secrets = [...new Set(hits.map(({ secret }) => secret))];
    return hits.filter(isWanted).map((hit) => {
      const start = starts.at(hit.start);
      const end = ends.at(hit.end);
      const finding: Finding = {
        rule: hit.rule.id,
        title: hit.rule.title,
        severity: hit.rule.severity,
        file,
        ...start,
        endLine: end.line,
        endColumn: end.column,
        fingerprint: fingerprintOf({
          rule: hit.rule.id,
          file,
          maskedLine: maskedLine(bytes, hit, secrets),
          secret: hit.secret,
        }),
        redacted: redact(hit.secret, hit.prefix),
        ...(hit.reference === undefined ? {} : { reference: hit.reference }),
        ...(hit.encoding === undefined ? {} : { encoding: hit.encoding }),
      };
      return { finding, start: hit.start, end: hit.end, identity: hit.identity };
    });
  }
}

/** A user's own rule goes before ours where they overlap. */
function addCustom(matches: Match[], custom: readonly Match[]): void {
  for (const match of custom) {
    if (
      custom.some(
        (other) =>
          other !== match &&
          other.start < match.end &&
          match.start < other.end &&
          other.end - other.start > match.end - match.start,
      )
    )
      continue;
    for (let i = matches.length - 1; i >= 0; i--) {
      const other = matches[i];
      if (other && other.start < match.end && match.start < other.end) matches.splice(i, 1);
    }
    matches.push(match);
  }
  // Lines and columns are counted in one pass.
  matches.sort((a, b) => a.start - b.start);
}

/** An exact match says more than a pattern that overlaps it. */
function mergeHits(bytes: Buffer, matches: readonly Match[], exact: readonly ExactMatch[]): Hit[] {
  const hits: Hit[] = [];
  const add = (hit: Omit<Hit, 'secret' | 'identity'>): void => {
    const secret = bytes.toString('latin1', hit.start, hit.end);
    hits.push({ ...hit, secret, identity: `${hit.rule.id}\0${secret}` });
  };
  let next = 0;
  for (const { rule, start, end, encoding } of matches) {
    // Both are in order, and neither overlaps its like.
    while ((exact[next]?.end ?? Infinity) <= start) next += 1;
    if ((exact[next]?.start ?? Infinity) < end) continue;
    add({ rule, start, end, encoding, prefix: encoding === undefined ? prefixOf(rule) : '', exact: false });
  }
  for (const { start, end, encoding, reference } of exact)
    add({ rule: exactRule, start, end, encoding, reference, prefix: '', exact: true });
  return exact.length === 0 ? hits : hits.sort((a, b) => a.start - b.start);
}

/** The literal text that every secret of the rule begins with, as far as it is public. */
function prefixOf(rule: Rule): string {
  const [keyword = ''] = rule.keywords;
  const plain = plainKeyword(keyword);
  const fixed =
    rule.pattern.startsWith(plain.replace(/[.$+]/g, '\\$&')) &&
    rule.confidence === 'format' &&
    rule.assigned !== true &&
    !/^-----|["']/.test(plain);
  return fixed && rule.keywords.length === 1 ? plain : '';
}

/** About what is thrown away to make a finding. */
const findingBytes = 4096;

/** Bytes on either side of a secret that tell its place: enough of a line of program text, little of a built file that is one line. */
const placeBytes = 1000;

/** The secret's line, as far as it is near, with every secret on it masked. */
function maskedLine(bytes: Buffer, hit: Hit, secrets: readonly string[]): string {
  const line = lineAround(bytes, hit.start);
  const start = Math.max(line.start, hit.start - placeBytes);
  const end = Math.min(line.end, hit.end + placeBytes);
  const head = bytes.toString('latin1', start, hit.start);
  const tail = bytes.toString('latin1', Math.min(end, hit.end), end);
  let masked = `${head}\0${tail}`;
  for (const secret of secrets) if (masked.includes(secret)) masked = masked.replaceAll(secret, '\0');
  return masked.trim();
}
