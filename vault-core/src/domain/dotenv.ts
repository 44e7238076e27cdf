// Reads .env files without losing anything: positions, comments, order, line breaks and BOM stay, so that values can be
// replaced in place. The grammar contains the reference parser's and reads files that use nothing beyond it identically.
//
// - A line is blank, a comment (`#` first), or `NAME=value`; `export ` may stand before the name, whitespace around both parts.
//   `export NAME` alone is passed over with a notice. Any other line is an error: a secret silently lost is worse.
// - A name is any text without whitespace, quotes, `=`, control and invisible characters. Whether an environment can hold it
//   is for its users to check.
// - Values are taken as they are: `$` is never expanded. Unquoted, a value ends at its line, or before a `#` that has
//   whitespace before it. In quotes it may hold line breaks, and a comment may follow: '…' and `…` are literal, "…" knows
//   \n \r \t \" \\ \$ \` and keeps any other backslash. A CRLF within quotes is read as LF if the line on which the value
//   ends ends in CRLF, else it is part of the value. A value of one line with more quotes than two, as in "{"a":1}", is read
//   literally within the outer ones, with a notice.
// - The last of several lines with one name wins.

import { isUtf8 } from 'node:buffer';
import { formatDotenvValue } from './dotenv-format.ts';
import {
  endOfLine,
  isBlank,
  newlineAt,
  readDotenvValue,
  skipBlanks,
  skipBlanksBack,
  type DotenvDoubt,
  type DotenvQuote,
  type DotenvToken,
} from './dotenv-value.ts';
import { ZvaultError } from './errors.ts';
import { isReference } from './reference.ts';
import { Secret } from './secret.ts';

export interface DotenvEntry {
  readonly key: string;
  readonly value: Secret;
  /** First and last line of the assignment; the first line of a file is 1. */
  readonly line: number;
  readonly endLine: number;
  readonly quote: DotenvQuote;
  /** `export` stands before the name. */
  readonly exported: boolean;
  /** The value's place in the text without BOM, quotes included, in UTF-16 units. */
  readonly rawStart: number;
  readonly rawEnd: number;
}

/** Something that a user should look at; the file is read all the same. */
export interface DotenvNotice {
  readonly kind: 'duplicate' | 'ignored' | DotenvDoubt;
  readonly line: number;
  /** With file and line; without values. */
  readonly message: string;
}

export interface ParseDotenvOptions {
  /** Name of the file in messages. @default '.env' */
  file?: string;
}

/**
 * Reads a .env file.
 * @throws ZvaultError INPUT_INVALID, with file and line but never their text, if it is not UTF-8 or not of the grammar
 */
export function parseDotenv(input: Uint8Array | string, options: ParseDotenvOptions = {}): DotenvDocument {
  const file = options.file ?? '.env';
  const whole = typeof input === 'string' ? input : decode(input, file);
  const bom = whole.startsWith('\ufeff');
  const text = bom ? whole.slice(1) : whole;
  if (!text.isWellFormed()) throw invalid(file, lineOf(text, text.search(/\p{Surrogate}/u)), 'a lone surrogate');
  if (text.includes('\0')) {
    const hint = 'Write the file as UTF-8 text; no environment can hold a NUL.';
    throw invalid(file, lineOf(text, text.indexOf('\0')), 'a NUL character', hint);
  }
  return new DotenvDocument(text, bom, file);
}

/** A parsed file. What it prints as holds no value. */
export class DotenvDocument {
  /** All assignments, in the order of the file, overridden ones too. */
  readonly entries: readonly DotenvEntry[];
  readonly notices: readonly DotenvNotice[];
  /** The file's first line break outside quotes, LF if there is none. */
  readonly newline: '\n' | '\r\n';
  readonly bom: boolean;
  readonly #text: string;
  readonly #file: string;

  /** Use `parseDotenv`, which checks the characters. */
  constructor(text: string, bom: boolean, file: string) {
    const reader = new Reader(text, file);
    reader.read();
    this.entries = reader.entries;
    this.notices = reader.notices;
    this.newline = reader.newline ?? '\n';
    this.bom = bom;
    this.#text = text;
    this.#file = file;
  }

  /** The value of each name: that of its last line. */
  values(): Map<string, Secret> {
    return new Map(this.entries.map(({ key, value }) => [key, value]));
  }

  /** The whole file, exactly as it was read. Holds the values. */
  toText(): string {
    return (this.bom ? '\ufeff' : '') + this.#text;
  }

  /**
   * A copy with other values: `replace` answers the new value of an entry, or undefined to leave it as it is written.
   * Everything around the values stays.
   * @throws ZvaultError INPUT_INVALID for a value that can't be written
   */
  withValues(replace: (entry: DotenvEntry) => string | Secret | undefined): DotenvDocument {
    let text = '';
    let at = 0;
    for (const entry of this.entries) {
      const value = replace(entry);
      if (value === undefined) continue;
      const written = formatDotenvValue(entry.key, value, this.#newlineOf(entry));
      // Without quotes, it would swallow a comment that follows the closing quote directly.
      const needsQuotes = this.#text[entry.rawEnd] === '#' && !/^['"]/.test(written);
      text += this.#text.slice(at, entry.rawStart) + (needsQuotes ? `'${written}'` : written);
      at = entry.rawEnd;
    }
    return new DotenvDocument(text + this.#text.slice(at), this.bom, this.#file);
  }

  /** Decides how line breaks within its value are read. */
  #newlineOf(entry: DotenvEntry): '\n' | '\r\n' {
    const end = endOfLine(this.#text, entry.rawEnd);
    return end === this.#text.length ? this.newline : newlineAt(this.#text, end);
  }
}

class Reader {
  readonly entries: DotenvEntry[] = [];
  readonly notices: DotenvNotice[] = [];
  newline: '\n' | '\r\n' | undefined;
  readonly #text: string;
  readonly #file: string;
  readonly #lines = new Map<string, number>();
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): void {
    const text = this.#text;
    for (let at = 0; at < text.length;) {
      const end = this.#statement(at);
      if (end < text.length) this.newline ??= newlineAt(text, end);
      this.#line += 1;
      at = end + 1;
    }
  }

  /** Reads one line, or more if a value goes on. Returns the end of the last. */
  #statement(from: number): number {
    const lineEnd = endOfLine(this.#text, from);
    const start = skipBlanks(this.#text, from, lineEnd);
    if (start === lineEnd || this.#text[start] === '#') return lineEnd;
    const equals = this.#text.slice(start, lineEnd).indexOf('=');
    if (equals === -1) {
      this.#stray(this.#text.slice(start, lineEnd));
      return lineEnd;
    }
    const { key, exported } = this.#name(start, start + equals);
    const token = readDotenvValue(this.#text, start + equals + 1, this.newline ?? '\n');
    if (token === undefined) {
      const hint = 'Close the quote, or put a value that has quotes in it into quotes of another kind.';
      throw invalid(this.#file, this.#line, `the quote that opens the value of ${key} is not closed`, hint);
    }
    this.#add(key, exported, token);
    return token.lineEnd;
  }

  #name(start: number, end: number): { key: string; exported: boolean } {
    const exported = this.#text.startsWith('export', start) && isBlank(this.#text[start + 6]!);
    const keyStart = exported ? skipBlanks(this.#text, start + 6, end) : start;
    const key = this.#text.slice(keyStart, skipBlanksBack(this.#text, keyStart, end));
    if (key === '') throw invalid(this.#file, this.#line, 'no name before the =');
    if (/[\p{White_Space}\p{Cc}\p{Cf}"'`]/u.test(key)) {
      const hint = 'Write NAME=value, and values of several lines in quotes.';
      throw invalid(this.#file, this.#line, 'whitespace, a quote or an invisible character in the name', hint);
    }
    return { key, exported };
  }

  /** A line without `=`. */
  #stray(line: string): void {
    if (!/^export\s+\w+\s*(?:\s#.*)?$/.test(line)) {
      const hint = 'Write NAME=value, start comments with #, and put values of several lines in quotes.';
      throw invalid(this.#file, this.#line, 'neither an assignment nor a comment', hint);
    }
    this.#notice('ignored', 'export without a value is passed over');
  }

  #add(key: string, exported: boolean, token: DotenvToken): void {
    const { value, quote, start, end, doubt } = token;
    const line = this.#line;
    this.#line += this.#text.slice(start, end).split('\n').length - 1;
    const previous = this.#lines.get(key);
    if (previous !== undefined) {
      this.#notice('duplicate', `${key} is set again: the value of line ${previous} is not used`, line);
    }
    // A reference has no whitespace in it, so there is no doubt.
    if (doubt !== undefined && !(doubt === 'comment' && isReference(value))) {
      this.#notice(
        doubt,
        doubts[doubt].replace('NAME', () => key),
        line,
      );
    }
    this.#lines.set(key, line);
    this.entries.push({
      key,
      value: new Secret(value),
      line,
      endLine: this.#line,
      quote,
      exported,
      rawStart: start,
      rawEnd: end,
    });
  }

  #notice(kind: DotenvNotice['kind'], text: string, line = this.#line): void {
    this.notices.push({ kind, line, message: `${this.#file}:${line}: ${text}` });
  }
}

const doubts: Readonly<Record<DotenvDoubt, string>> = {
  comment: 'the text from # on is not part of the value of NAME; quote the value if it is meant to be',
  quote: 'the value of NAME has text behind its closing quote and is read with all its inner quotes',
  'carriage-return': 'the value of NAME has a carriage return in it',
};

function decode(bytes: Uint8Array, file: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  // An LF is never part of a longer character: the first line that is not UTF-8 by itself has the fault.
  for (let at = 0, line = 1; ; line += 1) {
    const end = buffer.indexOf(0x0a, at);
    const isLast = end === -1;
    if (isLast || !isUtf8(buffer.subarray(at, end))) {
      throw invalid(file, line, 'not valid UTF-8', 'Save the file as UTF-8.');
    }
    at = end + 1;
  }
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

function invalid(file: string, line: number, problem: string, hint?: string): ZvaultError {
  return new ZvaultError('INPUT_INVALID', `${file}:${line}: ${problem}`, { hint, details: { file, line } });
}
