// How one value is written in a .env file: finds where it ends and what it says. dotenv.ts documents the grammar.

/** How a value is quoted in the file. */
export type DotenvQuote = 'none' | 'single' | 'double' | 'backtick';

/** What a reader may have meant differently: see the notices in dotenv.ts. */
export type DotenvDoubt = 'comment' | 'quote' | 'carriage-return';

export interface DotenvToken {
  readonly value: string;
  readonly quote: DotenvQuote;
  /** The value's place in the text, quotes included. An empty unquoted one stands right behind the `=`. */
  readonly start: number;
  readonly end: number;
  /** End of the line on which the value ends: the index of its LF, or the length of the text. */
  readonly lineEnd: number;
  readonly doubt?: DotenvDoubt;
}

const quotes: Readonly<Record<string, DotenvQuote>> = { "'": 'single', '"': 'double', '`': 'backtick' };
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$', '`': '`' };

/**
 * Reads the value behind the `=` that ends at `from`. Undefined: it begins with a quote that is not closed.
 * `newline` is the line break of the file, for a value that ends without one.
 */
export function readDotenvValue(text: string, from: number, newline: string): DotenvToken | undefined {
  const firstLineEnd = endOfLine(text, from);
  const start = skipBlanks(text, from, firstLineEnd);
  const quote = start < firstLineEnd ? quotes[text[start]!] : undefined;
  if (quote === undefined) return readBare(text, from, firstLineEnd);
  const close = closingQuote(text, start);
  if (close === -1) return undefined;
  const lineEnd = endOfLine(text, close);
  const behind = skipBlanks(text, close + 1, lineEnd);
  if (behind < lineEnd && text[behind] !== '#') {
    return close < firstLineEnd ? readOuterQuotes(text, start, firstLineEnd) : undefined;
  }
  let value = text.slice(start + 1, close);
  if ((lineEnd < text.length ? newlineAt(text, lineEnd) : newline) === '\r\n') value = value.replaceAll('\r\n', '\n');
  if (quote === 'double') value = value.replace(/\\([nrt"\\$`])/g, (_, letter: string) => escapes[letter]!);
  return { value, quote, start, end: close + 1, lineEnd };
}

/** Index of the LF that ends the line at `from`, or the length of the text. */
export function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** The line break whose LF is at `end`. */
export function newlineAt(text: string, end: number): '\n' | '\r\n' {
  return text[end - 1] === '\r' ? '\r\n' : '\n';
}

/** Unicode's White_Space, as the reference parser trims it; `String.prototype.trim` differs in U+0085 and U+FEFF. */
export function isBlank(character: string): boolean {
  return /\p{White_Space}/u.test(character);
}

export function skipBlanks(text: string, from: number, to: number): number {
  while (from < to && isBlank(text[from]!)) from += 1;
  return from;
}

export function skipBlanksBack(text: string, from: number, to: number): number {
  while (to > from && isBlank(text[to - 1]!)) to -= 1;
  return to;
}

function readBare(text: string, from: number, lineEnd: number, commentFrom = from): DotenvToken {
  const comment = commentStart(text, commentFrom, lineEnd);
  const start = skipBlanks(text, from, comment);
  const end = skipBlanksBack(text, start, comment);
  const value = text.slice(start, end);
  const place = value === '' ? { start: from, end: from } : { start, end };
  const token = { value, quote: 'none', ...place, lineEnd } as const;
  if (comment < lineEnd) return { ...token, doubt: 'comment' };
  return value.includes('\r') ? { ...token, doubt: 'carriage-return' } : token;
}

/** The first `#` with whitespace before it, or the end of the line. */
function commentStart(text: string, from: number, lineEnd: number): number {
  for (let at = text.indexOf('#', from); at !== -1 && at < lineEnd; at = text.indexOf('#', at + 1)) {
    if (isBlank(text[at - 1]!)) return at;
  }
  return lineEnd;
}

/**
 * A value in which text follows the closing quote, as in `"{"a":1}"` or `"a"b`. The reference parser and npm's dotenv read
 * all of it literally, without the quotes if it begins and ends with the same one; so do we. A comment can only begin behind
 * the last of these quotes.
 */
function readOuterQuotes(text: string, start: number, lineEnd: number): DotenvToken {
  const first = text[start]!;
  const bare = readBare(text, start, lineEnd, text.lastIndexOf(first, lineEnd - 1));
  const isQuoted = first !== '`' && bare.value.endsWith(first);
  return { ...bare, doubt: 'quote', ...(isQuoted && { value: bare.value.slice(1, -1), quote: quotes[first]! }) };
}

/** Index of the quote that closes the one at `open`, or -1. In double quotes, a backslash escapes. */
function closingQuote(text: string, open: number): number {
  const quote = text[open]!;
  for (let at = text.indexOf(quote, open + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    if (quote !== '"' || !isEscaped(text, open, at)) return at;
  }
  return -1;
}

function isEscaped(text: string, open: number, at: number): boolean {
  let slash = at - 1;
  while (slash > open && text[slash] === '\\') slash -= 1;
  return (at - 1 - slash) % 2 === 1;
}
