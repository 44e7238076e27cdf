// The ways in which a secret value shows up in output: what programs, shells, loggers and serialisers make of it on its way
// there. Also which values are left alone because replacing them would wreck the output and hide nothing.

/**
 * Shorter values, in UTF-8 bytes, are never redacted, and no shorter form of a value is: three bytes are in every text
 * by chance. CircleCI's masker draws the line at the same place. It is also the least that the matcher takes.
 */
const minRedactedBytes = 4;

/** Shorter values of letters only are not redacted: they are words (`demo`, `Admin`), in the output for other reasons. */
const minRedactedWordLength = 6;

/** Numbers with fewer digits are not redacted, whatever stands between the digits: ports, years, counts, versions. */
const minRedactedDigits = 6;

/** Lines of a multi-line value are redacted on their own from this length on, in UTF-8 bytes. */
const minRedactedLineBytes = 8;

/** Settings rather than secrets, at least `minRedactedWordLength` long: configuration is full of them, and so is the output. */
const commonValues = new Set(
  `changeme default development disabled enabled example localhost mongodb password postgres postgresql preview private
   production public redacted sandbox secret sqlite staging standard testing undefined verbose warning 127.0.0.1 utf-8`.split(
    /\s+/,
  ),
);

/** Whether a value carries enough to be worth replacing; surrounding whitespace does not count. */
export function isRedactable(value: string): boolean {
  const core = value.trim();
  if (Buffer.byteLength(core) < minRedactedBytes) return false;
  if (commonValues.has(core.toLowerCase())) return false;
  if (/^\p{L}*$/u.test(core) && core.length < minRedactedWordLength) return false;
  if (/^[vV+-]?[\d.,:_/-]*$/.test(core) && core.replace(/\D/g, '').length < minRedactedDigits) return false;
  // A run of one character says nothing: `xxxxxxxx`, `********`, a rule of dashes.
  return core !== core.charAt(0).repeat(core.length);
}

/** Longer values, in UTF-8 bytes, get only the most frequent escapings, so that a megabyte takes some 20 of memory, not 60. */
const manyStylesBytes = 4096;

/**
 * All forms of a redactable value, as bytes. Long ones come as pieces, together without a gap: so a value is recognised also
 * when its print is cut off, and a stream never has to hold back much. Empty if the value is not redactable.
 */
export function redactedForms(value: string): Buffer[] {
  if (!isRedactable(value)) return [];
  const core = value.trim();
  const bytes = Buffer.from(core);
  const isLong = bytes.length > manyStylesBytes;
  const pieceBytes = isLong ? longPieceBytes : shortPieceBytes;
  // Strings of bytes (latin1), so that equal forms are dropped early: most values look the same in most of them.
  const forms = new Set([bytes.toString('latin1'), ...hexForms(bytes), ...base64Forms(bytes, pieceBytes)]);
  for (const form of wrappedBase64(Buffer.from(value.trimEnd()))) forms.add(form);
  if (!/^[\w.-]*$/.test(core)) {
    const styles = isLong ? 2 : undefined;
    for (const form of percentForms(bytes, percentStyles.slice(0, styles))) forms.add(form);
    for (const form of [...jsonForms(core, jsonStyles.slice(0, styles)), ...shellForms(core), ...lineForms(core)]) {
      forms.add(Buffer.from(form).toString('latin1'));
    }
  }
  return [...forms].filter((form) => form.length >= minRedactedBytes).flatMap((form) => pieces(form, pieceBytes));
}

/** Hexadecimal digits, and the percent-encoding of every byte. */
function hexForms(bytes: Buffer): string[] {
  const lower = bytes.toString('hex');
  const upper = lower.toUpperCase();
  return [lower, upper, lower.replace(/../g, '%$&'), upper.replace(/../g, '%$&')];
}

/**
 * Base64 of a text that holds the value, at each of the three positions of its first byte in a group: the characters that
 * the value alone determines; and, for a text that ends with the value, those up to its end, with and without padding.
 */
function base64Forms(bytes: Buffer, pieceBytes: number): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const first = Math.ceil((before * 8) / 6);
    const unpadded = padded.replace(/=+$/, '');
    const determined = padded.slice(0, Math.floor(((before + bytes.length) * 8) / 6));
    // The three differ at the end only; the other pieces are those of the first.
    forms.push(padded.slice(first), lastPiece(unpadded.slice(first)), lastPiece(determined.slice(first)));
  }
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];

  function lastPiece(form: string): string {
    return form.slice(-pieceBytes);
  }
}

/** The lines of a value's base64 at the widths of `openssl`/PEM (64) and of MIME and the `base64` command (76). */
function wrappedBase64(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  return [64, 76].flatMap((width) =>
    whole.length <= width ? [] : slices(whole, width).filter((line) => line.length >= minRedactedLineBytes),
  );
}

interface PercentStyle {
  /** The bytes that are encoded. */
  readonly encoded: RegExp;
  readonly plusForSpace?: true;
}

const percentStyles: readonly PercentStyle[] = [
  { encoded: /[^\w.!~*'()-]/g }, // encodeURIComponent
  { encoded: /[^\w.*-]/g, plusForSpace: true }, // URLSearchParams, HTML forms
  { encoded: /[^\w.~-]/g }, // all but RFC 3986's unreserved characters: Go, Java, curl
  { encoded: /[^\w.~-]/g, plusForSpace: true }, // Go's QueryEscape, Python's quote_plus
  { encoded: /[^\w.~/-]/g }, // Python's quote
  { encoded: /[^\w.!~*'();/?:@&=+$,#-]/g }, // encodeURI
  { encoded: /[^\w.!~*'()$&+,%-]/g }, // user and password of a WHATWG URL
];

function percentForms(bytes: Buffer, styles: readonly PercentStyle[]): string[] {
  const text = bytes.toString('latin1');
  return styles.flatMap(({ encoded, plusForSpace }) => [
    text.replace(encoded, (byte) => (byte === ' ' && plusForSpace ? '+' : percentEncode(byte).toUpperCase())),
    text.replace(encoded, (byte) => (byte === ' ' && plusForSpace ? '+' : percentEncode(byte))),
  ]);
}

function percentEncode(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

interface JsonStyle {
  /** All but ASCII is written as `\uXXXX`. */
  readonly nonAscii?: true;
  /** Further characters that are. */
  readonly also?: string;
  readonly upperCase?: true;
  readonly slash?: true;
}

const jsonStyles: readonly JsonStyle[] = [
  {}, // JSON.stringify
  { nonAscii: true }, // Python, jq -a
  { slash: true },
  { nonAscii: true, slash: true }, // PHP
  { nonAscii: true, upperCase: true },
  { nonAscii: true, upperCase: true, slash: true },
  { also: '<>&\u2028\u2029' }, // Go, Rails
  { also: `<>&='\u2028\u2029` }, // Gson
  { also: `"&'+<>\`\u007f`, nonAscii: true, upperCase: true }, // System.Text.Json
];

const jsonShort: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** The inside of a JSON string, and of a JSON string within a JSON string. */
function jsonForms(text: string, styles: readonly JsonStyle[]): string[] {
  return styles.flatMap((style) => {
    const once = jsonEscape(text, style);
    return once === text ? [] : [once, jsonEscape(once, style)];
  });
}

function jsonEscape(text: string, { nonAscii, also = '', upperCase, slash }: JsonStyle): string {
  return text.replace(/[^\w .:;,?!@#$%^*()[\]{}|~-]/g, (character) => {
    if (also.includes(character) || (nonAscii && character >= '\u0080')) return unicodeEscape(character);
    if (character === '/') return slash ? '\\/' : '/';
    return jsonShort[character] ?? (character < ' ' ? unicodeEscape(character) : character);
  });

  function unicodeEscape(character: string): string {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upperCase ? hex.toUpperCase() : hex}`;
  }
}

/** The insides of shell words: in single quotes, in double quotes, in `$'…'`, and with backslashes (`printf %q`). */
function shellForms(text: string): string[] {
  const controls: Readonly<Record<string, string>> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\\': '\\\\',
    "'": "\\'",
  };
  return [
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`), // Python's shlex.quote
    text.replace(/["\\$`]/g, '\\$&'), // export -p
    text.replace(/[\n\r\t\\']/g, (character) => controls[character]!), // bash -x, when there are control characters
    text.replace(/[^\w.,:/@%+=\u0080-\uffff-]/g, '\\$&'),
  ];
}

const pemBoundary = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;
/** `services:`, `"web": {`, `script: |-`, `server = {` */
const opening = /^["']?[\w.-]+["']?\s*(?::\s*[[{(|>]?[+-]?|=\s*[[{(])$/;

/**
 * The value with either kind of line break, and each long line of it without its indentation. Lines that say nothing
 * (PEM boundaries, names that open a block) are left alone.
 */
function lineForms(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length === 1) return [];
  const long = lines
    .map((line) => line.trim())
    .filter((line) => Buffer.byteLength(line) >= minRedactedLineBytes && isRedactable(line))
    .filter((line) => !pemBoundary.test(line) && !opening.test(line));
  return [lines.join('\n'), lines.join('\r\n'), ...long];
}

/** Forms longer than this are cut into pieces of so many bytes. */
const shortPieceBytes = 64;
/** The same for values of more than `manyStylesBytes`: fewer pieces, or else their number costs more than their bytes. */
const longPieceBytes = 512;

/**
 * Cuts a form so that each occurrence of it is an unbroken row of occurrences of its pieces. No piece starts with
 * whitespace, or else a prompt that ends with a space would have to be held back as the possible start of a secret; nor does
 * one start inside a character. For that a piece may be up to twice as long.
 */
function pieces(form: string, pieceBytes: number): Buffer[] {
  const bytes = Buffer.from(form, 'latin1');
  if (bytes.length <= pieceBytes) return [bytes];
  const parts: Buffer[] = [];
  for (let end = pieceBytes; ; end += pieceBytes) {
    const isLast = end >= bytes.length;
    const cut = isLast ? bytes.length - pieceBytes : end - pieceBytes;
    let start = cut;
    while (start > 0 && cut - start < pieceBytes && !canStart(bytes[start]!)) start -= 1;
    parts.push(bytes.subarray(start, isLast ? bytes.length : end));
    if (isLast) return parts;
  }
}

function canStart(byte: number): boolean {
  return byte > 0x20 && (byte & 0xc0) !== 0x80;
}

function slices(text: string, length: number): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) => text.slice(i * length, (i + 1) * length));
}
