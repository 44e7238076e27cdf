// From bytes to findings: the engine's matches and the vault's own values, placed on lines, filtered by allow comments,
// redacted and given fingerprints.

import { allowsOn } from './allow.ts';
import { readContent, contextOf } from './content.ts';
import { Engine, type Match, type ScanContext } from './engine/engine.ts';
import { type CustomRule, CustomRules } from './config/custom-rules.ts';
import { type Allowlist, allowlistCovers } from './config/allowlist.ts';
import { plainKeyword } from './engine/keyword.ts';
import type { Tables } from './engine/tables.ts';
import type { ExactFinder, ExactMatch } from './exact/finder.ts';
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

interface Hit {
  readonly rule: { readonly id: string; readonly title: string; readonly severity: Finding['severity'] };
  readonly start: number;
  readonly end: number;
  readonly encoding?: string | undefined;
  readonly reference?: string | undefined;
  readonly prefix: string;
  readonly exact: boolean;
}

export class Scanner {
  readonly #engine: Engine;
  readonly #options: ScannerOptions;
  readonly #custom: CustomRules | undefined;

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

  /** Room to read `count` bytes into, for `scanRoom`. */
  room(count: number): Buffer {
    return this.#engine.room(count);
  }

  /** Scans content that stands elsewhere. @param file the path as it is reported */
  scan(file: string, bytes: Buffer): Found[] {
    const content = readContent(bytes);
    this.#engine.room(content.bytes.length).set(content.bytes);
    return this.#scanText(file, content.bytes.length, content.binary);
  }

  /** Scans the first `count` bytes of the room. */
  scanRoom(file: string, count: number): Found[] {
    const { count: textBytes, binary } = this.#settleRoom(count);
    return this.#scanText(file, textBytes, binary);
  }

  /** True if there may be findings in the room, whatever the file is called: a cheap look before a path is known. */
  isSuspicious(count: number): boolean {
    const { count: textBytes, binary } = this.#settleRoom(count);
    return this.#hitsIn('', textBytes, binary).length > 0;
  }

  /** Turns UTF-16 into UTF-8 and drops a byte order mark: the text stands at the start of the room then. */
  #settleRoom(count: number): { readonly count: number; readonly binary: boolean } {
    const content = readContent(this.#engine.room(count));
    if (content.bytes.length === count) return { count, binary: content.binary };
    const decoded = Buffer.from(content.bytes);
    this.#engine.room(decoded.length).set(decoded);
    return { count: decoded.length, binary: content.binary };
  }

  #scanText(file: string, count: number, binary: boolean): Found[] {
    const hits = this.#hitsIn(file, count, binary);
    return hits.length === 0 ? [] : this.#place(file, Buffer.from(this.#engine.room(count)), hits);
  }

  #hitsIn(file: string, count: number, binary: boolean): Hit[] {
    const strict = this.#options.strict === true && !binary;
    const context: ScanContext = strict ? { path: file, least: 'generic', bareValues: true } : contextOf(file, binary);
    const matches = this.#engine.scan(count, context);
    if (this.#custom && !binary)
      addCustom(matches, this.#custom.find(this.#engine.room(count).toString('latin1'), file));
    const exact = this.#options.exact?.find(this.#engine.room(count)) ?? [];
    return matches.length === 0 && exact.length === 0 ? [] : mergeHits(matches, exact);
  }

  #place(file: string, bytes: Buffer, hits: readonly Hit[]): Found[] {
    const positions = new Positions(bytes);
    const placed = hits.map((hit) => {
      const start = positions.at(hit.start);
      return { hit, start, secret: bytes.toString('latin1', hit.start, hit.end) };
    });
    const ends = new Positions(bytes);
    const busyLines = new Set(placed.map(({ start }) => start.line));
    const secrets = placed.map(({ secret }) => secret);
    return placed.flatMap(({ hit, start, secret }) => {
      const end = ends.at(hit.end);
      const line = lineAround(bytes, hit.start);
      const text = bytes.toString('latin1', line.start, line.end);
      if (!hit.exact) {
        if (allowsOn(text, hit.rule.id)) return [];
        const above = line.start === 0 ? undefined : lineAround(bytes, line.start - 1);
        if (
          above &&
          !busyLines.has(start.line - 1) &&
          allowsOn(bytes.toString('latin1', above.start, above.end), hit.rule.id)
        )
          return [];
        const facts = { rule: hit.rule.id, path: file, secret, line: text, match: secret };
        if (this.#options.allowlists?.some((list) => allowlistCovers(list, facts)) === true) return [];
      }
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
          maskedLine: mask(text, line.start, hit, secrets),
          secret,
        }),
        redacted: redact(secret, hit.prefix),
        ...(hit.reference === undefined ? {} : { reference: hit.reference }),
        ...(hit.encoding === undefined ? {} : { encoding: hit.encoding }),
      };
      return [{ finding, start: hit.start, end: hit.end, identity: `${hit.rule.id}\0${secret}` }];
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
}

/** An exact match says more than a pattern that overlaps it. */
function mergeHits(matches: readonly Match[], exact: readonly ExactMatch[]): Hit[] {
  const hits: Hit[] = exact.map((match) => ({
    rule: exactRule,
    start: match.start,
    end: match.end,
    encoding: match.encoding,
    reference: match.reference,
    prefix: '',
    exact: true,
  }));
  for (const match of matches) {
    if (exact.some((other) => other.start < match.end && match.start < other.end)) continue;
    hits.push({
      rule: match.rule,
      start: match.start,
      end: match.end,
      encoding: match.encoding,
      prefix: match.encoding === undefined ? prefixOf(match.rule) : '',
      exact: false,
    });
  }
  return hits.sort((a, b) => a.start - b.start);
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

function mask(line: string, lineStart: number, hit: Hit, secrets: readonly string[]): string {
  const from = hit.start - lineStart;
  let masked = `${line.slice(0, from)}\0${line.slice(Math.min(line.length, hit.end - lineStart))}`;
  for (const secret of secrets) masked = masked.replaceAll(secret, '\0');
  return masked.trim();
}
