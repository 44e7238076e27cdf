// Reads `name = value` around a name, in whatever language the file is written: dotenv, YAML, JSON, XML, shell, HCL, code.
// All positions are offsets into a text of which each character is one byte.

import { kind, kinds } from './characters.ts';

export interface Assignment {
  readonly name: string;
  readonly nameStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly quoted: boolean;
  /** The value is an argument, `set("name", "value")` or `setName("value")`: less sure than `=`. */
  readonly argument: boolean;
}

export const maxName = 80;
const maxValue = 4096;
/** Characters before a name that are looked at. */
const maxBefore = 80;
/** More white space than any of the expressions below allows. */
export const mostSpace = 64;

/**
 * How far from a keyword `readAssignment` looks, in bytes: `before` it, for the rest of the name and what stands before that;
 * up to `begin` after it, where the value begins at the latest; from there to the end of the line, at most `value`.
 */
export const assignmentReach = {
  before: maxName + maxBefore + 20,
  begin: maxName + 1200,
  value: maxValue + 100,
} as const;

// After the name and what closes it: one of the ways to say "is". Sticky, bounded repeats only. Each is tried only where its first
// characters stand: most names are no part of an assignment, and a hook would compile each expression (a tenth of a millisecond) to use
// it a few times.
/** What is taken where a variable of the environment is not set: `getenv("X") or "value"`. */
const fallback =
  /(?:[ \t]{1,4}or[ \t]{1,4}|\.(?:unwrap_or|orElse|getOrElse)\(\s{0,4}|\.unwrap_or_else\(\|\w{0,12}\|\s{0,4})(?=["'])/y;
/** `${NAME:-value}`, `${name:value}`; not `${NAME:?message}` */
const shellDefault = /(?::[-=]?|[-=])(?!\/\/|[?+])/y;
/** `Dim password As String = …` */
const basicType = /[ \t]{1,4}[Aa][Ss][ \t]{1,4}[A-Za-z.]{1,40}[ \t]{0,4}=[ \t]{0,4}/y;
/** `var name string = …`, `char name[40] = …` */
const typeBefore = /(?:[ \t]{1,4}\*?(?:string|\[\]byte)|\[\d{0,5}\])[ \t]{0,4}=(?!=)[ \t]{0,4}/y;
const typeAnnotation = /\s{0,4}:\s{0,3}&?[A-Za-z_'][\w.<>[\]|&?'* ]{0,40}?(?:\s{1,3}=(?![=>])\s{0,4}|=(?![=>\s]))/y;
/** `string Password { get; set; } = …` */
const propertyAccessors = /\s{0,4}\{\s{0,4}get;[^{}\n]{0,40}\}\s{0,4}=\s{0,4}/y;
const operator = /[ \t]{0,60}(?:=>|\?:|:{1,3}=|\.=|\?=|\|\|=?|\?\?=?|\+=|={1,3}|!={1,2}|->|<-|:)[ \t]{0,60}/y;
/** A quoted value on the next line, or a block of YAML that is one word. */
const nextLine = /\(?[ \t\r]{0,8}\n[ \t]{0,60}(?=["'`])|[|>][+-]?[ \t\r]{0,8}\n[ \t]{1,40}(?=\S{8,400}\s)/y;
/** `the password is …` */
const sentence = /[ \t]{1,3}is:?[ \t]{1,3}/y;
/** The element may stand on lines of its own. */
const xmlElement = /(?:\s[^<>\n]{0,80})?>(?:[ \t\r]{0,8}\n[ \t]{0,60}(?=[^\s<>]{1,400}\s{1,80}<\/))?/y;
/** The rest of a start tag that has the name, and a `<value>` within it. */
const namedElement = /(?:\s{1,8}(?!value)[\w:.-]{1,40}="[^"<>\n]{0,80}"){0,4}\s{0,4}>(?:\s{0,60}<value>)?/y;
const attributeValue = /\s{1,8}(?:\w{1,20}:)?value\s{0,2}=\s{0,2}/y;
/** `<key>name</key><string>` of a property list, `<name>name</name><value>` of Hadoop. */
const nextElement = /<\/(?:key|name)>\s{0,60}<(?:string|data|value)>/y;
const namedValue =
  /(?:,\s{0,60}|\s{1,60})\\?["']?(?:value|default|defaultValue|content|val)\\?["']?\s{0,4}[:=]\s{0,4}/iy;
const hclDefault =
  /\s{0,3}\{(?:[ \t\r]{0,20}\n[ \t]{0,20}(?:type|description|sensitive)\s{0,20}=[^\n]{0,120}){0,3}\s{0,40}default\s{0,20}=\s{0,4}/y;
/** A parameter of CloudFormation. */
const yamlDefault =
  /:[ \t\r]{0,20}\n(?:[ \t]{1,20}(?:Type|Description|NoEcho|MinLength|MaxLength|AllowedPattern)[ \t]{0,8}:[^\n]{0,160}\n){0,5}[ \t]{1,20}Default[ \t]{0,8}:[ \t]{1,8}/y;
/** `Set-Item Env:NAME -Value 'value'` */
const valueParameter = /[ \t]{1,4}-Value[ \t]{1,4}/iy;
/** `"name" to "value"` of Kotlin */
const pairTo = /[ \t]{1,4}to[ \t]{1,4}/y;
/** In a table of Markdown: | `NAME` | `value` | */
const nextCell = /[ \t]{0,40}\|[ \t]{0,40}(?=`)/y;
const argumentAfterName = /[ \t]{0,4},[ \t]{0,40}/y;
const valuePrefix =
  /(?:new String\(|String\(|b|f|r|rb|br|u|@|&[\w-]{1,40} |\$|L|Buffer\.from\(|\[\]byte\(|&str::from\(|String::from\()?(?=\\?["'`])/y;
export const mostClosers = 4;
export const mostBlank = 40;

/** False outside of the text. */
const is = (text: string, at: number, bit: number): boolean => (kinds[text.charCodeAt(at)]! & bit) !== 0;

/** The assignment to the name in which `text[at .. at + length)` stands. */
export function readAssignment(text: string, at: number, length: number): Assignment | undefined {
  let nameStart = at;
  while (nameStart > 0 && at - nameStart < maxName && is(text, nameStart - 1, kind.name)) nameStart -= 1;
  let nameEnd = at + length;
  // A keyword may end in what separates a name from its value.
  while (nameEnd > at && !is(text, nameEnd - 1, kind.name)) nameEnd -= 1;
  while (nameEnd < text.length && nameEnd - at < maxName && is(text, nameEnd, kind.name)) nameEnd += 1;
  // `a:secret:b`, `A::Secret` in quotes and `dir/secret` are paths.
  const before = text[nameStart - 1] ?? '';
  if (before === '/' || (before === ':' && text[nameEnd] === ':' && !isField(text, nameStart, nameEnd)))
    return undefined;
  if (before === ':' && is(text, nameEnd, kind.quote) && text[nameStart - 2] === ':') return undefined;
  const found = valueAfter(text, nameStart, nameEnd);
  if (found === undefined) return undefined;
  const value = readValue(text, found);
  if (value === undefined) return undefined;
  return {
    name: text.slice(nameStart, nameEnd),
    nameStart,
    valueStart: value.start,
    valueEnd: value.end,
    // A parameter of a URL and a default in braces are values wherever they stand.
    quoted: value.quoted || found.until === 'query' || found.until === 'brace',
    argument: found.argument,
  };
}

interface ValuePlace {
  readonly at: number;
  /** What ends an unquoted value besides white space. */
  readonly until: 'code' | 'xml' | 'query' | 'brace';
  readonly needsQuotes: boolean;
  readonly argument: boolean;
}

function valueAfter(text: string, nameStart: number, nameEnd: number): ValuePlace | undefined {
  const before = text[nameStart - 1] ?? '';
  // $settings{name}
  const inBraces = before === '{' && text[nameEnd] === '}';
  const closed = inBraces ? nameEnd + 1 : afterClosers(text, nameEnd);
  const inQuotes = closed > nameEnd && is(text, closed - 1, kind.quote);
  const place = (at: number, extra: Partial<ValuePlace> = {}): ValuePlace => ({
    at,
    until:
      ((before === '?' || before === '&') && text[nameEnd] === '=') || followsPair(text, nameStart) ? 'query' : 'code',
    needsQuotes: false,
    argument: false,
    ...extra,
  });
  if (before === '{' && text[nameStart - 2] === '$') {
    const standard = skip(shellDefault, text, nameEnd);
    return standard > nameEnd ? place(standard, { until: 'brace' }) : undefined;
  }
  if (before === '<') {
    const inside = skip(xmlElement, text, nameEnd);
    if (inside > nameEnd) return place(inside, { until: 'xml' });
  }
  if (before === '>') {
    const inside = skip(nextElement, text, nameEnd);
    if (inside > nameEnd) return place(inside, { until: 'xml' });
  }
  // <string name="x">value</string>, <setting name="x" kind="y"><value>value</value>
  if (inQuotes && isAttribute(text, nameStart)) {
    const inside = skip(namedElement, text, closed);
    if (inside > closed) return place(inside, { until: 'xml' });
  }
  let next = closed;
  while (next < closed + mostSpace && (isSpace(text, next) || text[next] === '\xa0')) next += 1;
  const first = text[next] ?? '';
  if (closed === nameEnd) {
    const type = typeAfter(text, next);
    const typed = type === undefined ? closed : skip(type, text, closed);
    if (typed > closed) return place(typed);
  }
  if (first === 'i' || is(text, next, kind.operator)) {
    const isSentence = first === 'i' && text[next + 1] === 's';
    const assigned = first !== 'i' || isSentence ? skip(isSentence ? sentence : operator, text, closed) : closed;
    const begin = text[assigned] ?? '';
    if (first === ':' && /[\r\n]/.test(begin)) {
      const standard = skip(yamlDefault, text, closed);
      if (standard > closed) return place(standard);
    }
    if (assigned > closed)
      return place(/[\r\n(|>]/.test(begin) ? skip(nextLine, text, assigned) : assigned, { argument: isSentence });
  }
  if (closed > nameEnd && (text.startsWith('or ', next) || /^\.(?:un|or|get)/.test(text.slice(next, next + 4)))) {
    const other = skip(fallback, text, closed);
    if (other > closed) return place(other, { needsQuotes: true });
  }
  if (inQuotes && first === '|' && text[closed - 1] === '`') {
    const cell = skip(nextCell, text, closed);
    if (cell > closed) return place(cell, { needsQuotes: true });
  }
  if (inQuotes) {
    // `name`, `name` in a text is a list.
    const comma = first === ',' && text[closed - 1] !== '`' ? skip(argumentAfterName, text, closed) : closed;
    const afterComma = text[comma] ?? '';
    if (comma > closed && /["'`\\]/.test(afterComma)) {
      // {"name": "X", "value": "y"} has a comma, too.
      const named = afterNamed(text, closed);
      return named > closed ? place(named) : place(comma, { needsQuotes: true, argument: true });
    }
    const attribute = first === 'v' || text.startsWith('android:', next) ? skip(attributeValue, text, closed) : closed;
    if (attribute > closed) return place(attribute, { needsQuotes: true });
    const standard = first === '{' ? skip(hclDefault, text, closed) : closed;
    if (standard > closed) return place(standard, { needsQuotes: true });
  }
  // ENV.fetch('NAME') { 'value' } of Ruby
  if (first === '{' && is(text, nameEnd, kind.quote) && text[closed - 1] === ')')
    return place(afterSpace(text, next + 1, 4), { needsQuotes: true });
  const pair = inQuotes && text.startsWith('to ', next) ? skip(pairTo, text, closed) : closed;
  if (pair > closed) return place(pair, { needsQuotes: true });
  // {name, "value"} and -define(NAME, "value") of Erlang, `set :name, 'value'` of Ruby
  const isFirst = before === '{' || before === ':' || text.endsWith('-define(', nameStart);
  if (closed === nameEnd && first === ',' && isFirst) {
    const comma = skip(argumentAfterName, text, closed);
    if (/["']/.test(text[comma] ?? '')) return place(comma, { needsQuotes: true, argument: true });
  }
  const parameter = first === '-' && closed === nameEnd ? skip(valueParameter, text, closed) : closed;
  if (parameter > closed) return place(parameter, { needsQuotes: true });
  const named = afterNamed(text, closed);
  if (named > closed) return place(named);
  if (closed === nameEnd && first === '{') {
    const property = skip(propertyAccessors, text, closed);
    if (property > closed) return place(property, { needsQuotes: true });
  }
  if (text[nameEnd] === '(' || text[nameEnd] === '{')
    return place(afterSpace(text, nameEnd + 1, 4), { needsQuotes: true, argument: true });
  let spaced = nameEnd;
  while (spaced < nameEnd + mostBlank && isBlank(text, spaced)) spaced += 1;
  if (spaced > nameEnd && takesBlank(text, nameStart, spaced)) return place(spaced);
  // A call without parentheses, `storePassword "value"`, or a Lisp.
  if (spaced > nameEnd && /["']/.test(text[spaced] ?? '')) return place(spaced, { needsQuotes: true, argument: true });
  return undefined;
}

/** Behind at most so many white spaces. */
function afterSpace(text: string, at: number, most: number): number {
  let end = at;
  while (end - at < most && isSpace(text, end)) end += 1;
  return end;
}

/** `:name: value`, a line of its own: a field of reStructuredText, a symbol as a key in YAML. */
function isField(text: string, nameStart: number, nameEnd: number): boolean {
  return (
    /(?:^|\n)[ \t-]{0,40}$/.test(text.slice(Math.max(0, nameStart - 41), nameStart - 1)) && isBlank(text, nameEnd + 1)
  );
}

/** Behind the quotes and brackets that close the name. */
function afterClosers(text: string, nameEnd: number): number {
  let end = nameEnd;
  for (let count = 0; count < mostClosers; count += 1) {
    if (is(text, end, kind.quote | kind.bracket)) end += 1;
    else if (text[end] === '\\' && is(text, end + 1, kind.quote)) end += 2;
    else break;
  }
  return end;
}

/** The expression of a type that begins here. */
function typeAfter(text: string, at: number): RegExp | undefined {
  const first = text[at];
  if (first === ':') return typeAnnotation;
  if (first === 'A' || first === 'a') return isBlank(text, at + 2) ? basicType : undefined;
  const second = text[at + 1] ?? '';
  const isTyped =
    first === '['
      ? second === ']' || /\d/.test(second)
      : first === '*'
        ? 's['.includes(second)
        : text.startsWith('string', at);
  return isTyped ? typeBefore : undefined;
}

const valueWords: ReadonlySet<string> = new Set(['val', 'def', 'con']);

/** Behind `namedValue`, or `at`. */
function afterNamed(text: string, at: number): number {
  let start = afterSpace(text, text[at] === ',' ? at + 1 : at, mostSpace);
  if (start === at) return at;
  if (text[start] === '\\') start += 1;
  if (is(text, start, kind.quote)) start += 1;
  return valueWords.has(text.slice(start, start + 3).toLowerCase()) ? skip(namedValue, text, at) : at;
}

const attributes: ReadonlySet<string> = new Set(['name', 'key', 'id']);

/** `name="…`, the value of an attribute that names something. */
function isAttribute(text: string, at: number): boolean {
  const quote = text[at - 1];
  if (quote !== '"' && quote !== "'") return false;
  const equals = text[at - 2] === '\\' ? at - 3 : at - 2;
  if (text[equals] !== '=') return false;
  let start = equals;
  while (equals - start < 5 && isWord(text, start - 1)) start -= 1;
  return attributes.has(text.slice(start, equals));
}

/** `--password value`, `ENV NAME value`, `password value` of a netrc or a login line. */
function takesBlank(text: string, nameStart: number, valueAt: number): boolean {
  const next = text[valueAt] ?? '';
  if (text[nameStart] === '-' && text[nameStart - 1] !== '-') return next !== '-' && next !== '=';
  return isSpace(text, nameStart - 1) && (followsDirective(text, nameStart) || followsLogin(text, nameStart));
}

/** The last words of what `followsDirective` looks for, but for options of `set`. */
const directives: ReadonlySet<string> = new Set(
  'env arg setx set setenv #define define proxy_set_header grpc_set_header fastcgi_param uwsgi_param'.split(' '),
);
const longestDirective = 16;

/** The word before is the first of its line, and one that sets variables. */
function followsDirective(text: string, at: number): boolean {
  let end = at;
  while (isBlank(text, end - 1)) end -= 1;
  // Nearly always the word before is another one, and the expression need not be tried.
  let wordStart = end;
  while (end - wordStart < longestDirective && wordStart > 0 && !isSpace(text, wordStart - 1)) wordStart -= 1;
  if (text[wordStart] !== '-' && !directives.has(text.slice(wordStart, end).toLowerCase())) return false;
  const found =
    /(?:^|\s)(?:ENV|ARG|setx|set(?: -[a-z]{1,3})?|setenv|#\s?define|aws configure set|(?:proxy|grpc)_set_header|(?:fastcgi|uwsgi)_param)$/i.exec(
      text.slice(Math.max(0, end - 20), end),
    );
  if (found === null || end === at) return false;
  let start = end - found[0].trim().length;
  while (at - start < maxBefore && isBlank(text, start - 1)) start -= 1;
  return start === 0 || text[start - 1] === '\n';
}

/** What stands before a password in a connection text, or ends so. */
const pairNames = ['host', 'hostaddr', 'port', 'dbname', 'user', 'username', 'uid', 'database', 'server', 'sslmode'];
const longestPairName = 8;
const maxPairValue = 60;

/** `user=svc password=…`: a list of pairs in one text, of which this is not the first. */
function followsPair(text: string, at: number): boolean {
  if (text[at - 1] !== ' ') return false;
  let value = at - 1;
  while (at - value < maxBefore && value > 0 && text[value - 1] !== '=' && !isSpace(text, value - 1)) value -= 1;
  if (text[value - 1] !== '=') return false;
  const length = at - 1 - value;
  if (length < 1 || length > maxPairValue) return false;
  const name = text.slice(Math.max(0, value - 1 - longestPairName), value - 1).toLowerCase();
  return pairNames.some((ending) => name.endsWith(ending)) && !/["';]/.test(text.slice(value, at - 1));
}

/** Two words before is one that says whose password comes: `machine x login y password z`. */
function followsLogin(text: string, at: number): boolean {
  let end = at;
  while (at - end < maxBefore && isSpace(text, end - 1)) end -= 1;
  let start = end;
  while (at - start < maxBefore && start > 0 && !isSpace(text, start - 1)) start -= 1;
  let word = start;
  while (at - word < maxBefore && isBlank(text, word - 1)) word -= 1;
  if (start === end || word === start || !is(text, word - 1, kind.login)) return false;
  let first = word;
  while (word - first < 8 && isWord(text, first - 1)) first -= 1;
  return logins.has(text.slice(first, word).toLowerCase());
}

const logins: ReadonlySet<string> = new Set(['login', 'machine', 'user']);

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 9;
}

/** As `\w` has it. */
function isWord(text: string, at: number): boolean {
  const letter = text[at];
  return is(text, at, kind.name) && letter !== '-' && letter !== '.';
}

function isSpace(text: string, at: number): boolean {
  return is(text, at, kind.space);
}

function readValue(
  text: string,
  { at, until, needsQuotes }: Pick<ValuePlace, 'at' | 'until' | 'needsQuotes'>,
): { start: number; end: number; quoted: boolean } | undefined {
  let start = is(text, at, kind.prefix) ? skip(valuePrefix, text, at) : at;
  const escaped = text[start] === '\\';
  if (escaped) start += 1;
  const quote = text[start] ?? '';
  if (quote !== '"' && quote !== "'" && quote !== '`')
    return escaped || needsQuotes ? undefined : readBare(text, start, until);
  if (text.startsWith(quote.repeat(3), start)) start += 2;
  start += 1;
  // "\"value\"" and '"value"': what a generator of code is given.
  if ((text[start] === '\\' && text[start + 1] === quote) || (quote === "'" && text[start] === '"'))
    return readValue(text, { at: start, until, needsQuotes });
  const last = Math.min(text.length, start + maxValue);
  for (let end = start; end < last; end++) {
    const letter = text[end];
    if (letter === '\n') return undefined;
    if (letter === '\\') {
      if (escaped && text[end + 1] === quote) return end > start ? { start, end, quoted: true } : undefined;
      end += 1;
    } else if (letter === quote) return end > start ? { start, end, quoted: true } : undefined;
  }
  return undefined;
}

const bare = {
  code: /[^\s"'`<>([{\\]{1,4096}/y,
  xml: /[^\s<>([{\\]{1,4096}/y,
  query: /[^\s"'`<>&#;,)\\]{1,4096}/y,
  brace: /[^\s"'`<>(){}[\]\\]{1,4096}(?=\})/y,
} as const;

function readBare(
  text: string,
  start: number,
  until: ValuePlace['until'],
): { start: number; end: number; quoted: false } | undefined {
  // Behind a tag that only looks like one: `Password=<password>;Encrypt=True`.
  if (until === 'xml' && text[start] === ';') return undefined;
  let end = skip(bare[until], text, start);
  // Brackets and backslashes make it an expression, but for the one that continues the line.
  if (/[([{\\]/.test(text[end] ?? '') && !/^\\[\r\nnr]/.test(text.slice(end, end + 2))) return undefined;
  if (until === 'xml' && !/^\s{0,80}<\\?\//.test(text.slice(end, end + 84))) return undefined;
  // The separators of the language around it.
  while (end > start && /[,;)\]}]/.test(text[end - 1] ?? '')) end -= 1;
  return end > start && end - start < maxValue ? { start, end, quoted: false } : undefined;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
