// What a runner must hide so that a value stays hidden in the forms in which programs print it. GitHub's runner registers each line of
// a mask and makes encodings of it by itself; this adds only what those miss.
//
// Source: actions/runner, src/Sdk/DTLogging/Logging/ValueEncoders.cs and ActionCommandManager.cs.

import { jsonLeaves } from './json-leaves.ts';

/** At most so many masks for one secret: each makes every line of the log a little slower. */
export const maxMasksPerSecret = 8;

/** Texts inside a JSON value are masked on their own from this length on: shorter ones are words of the configuration. */
const minLeafLength = 8;

/** `base64` and MIME wrap at 76 characters, OpenSSL and PEM at 64. */
const wrapWidths = [64, 76];

/** Settings rather than secrets: masking them would make a log unreadable. Source: CircleCI's masker leaves them too. */
const commonValues = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', '0', '1']);

export interface MaskOptions {
  /** Shorter lines and values are not masked; 0 masks everything. */
  readonly minLength: number;
}

/** True for a value that is masked at all. */
export function isMaskable(value: string, { minLength }: MaskOptions): boolean {
  const core = value.trim();
  if (core === '') return false;
  return minLength === 0 || (core.length >= minLength && !commonValues.has(core.toLowerCase()));
}

/**
 * The masks of one value: `add-mask` takes each as it is, a line break parts what the runner registers one by one. At most
 * `maxMasksPerSecret`; none for a value that is too short.
 *
 * Covered together with the runner's own encoders: the value, each line of it, base64 at the three positions in a group, in the middle
 * of a text too, wrapped, and for URLs; hexadecimal; percent-encoding; JSON, and JSON within JSON; the texts inside of a JSON value.
 */
export function maskPlan(value: string, options: MaskOptions): string[] {
  if (!isMaskable(value, options)) return [];
  const lines = linesOf(value, options);
  const texts = (jsonLeaves(value) ?? [])
    .filter(({ text, isText }) => isText && text.trim().length >= minLeafLength)
    .flatMap(({ text }) => linesOf(text, options));
  const plain = unique([...lines, ...texts]);
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const stems = base64Stems(bytes);
  // What the runner makes of a value that is one line, it need not be told.
  const alone = lines.length === 1 && lines[0] === value;
  const groups = [
    plain,
    plain.map((line) => jsonEscape(jsonEscape(line))).filter((text) => text.includes('\\')),
    [hex],
    [hex.toUpperCase()],
    stems.filter(({ whole }) => !(alone && whole)).map(({ text }) => text),
    stems.map(({ text }) => text.replaceAll('+', '-').replaceAll('/', '_')).filter((text) => /[-_]/.test(text)),
    wrapWidths.flatMap((width) => wrapped(bytes, width)),
    plain.map(encodeUri).filter((text, index) => text !== encodeUriAsRunner(plain[index] ?? '')),
  ].map((group) => unique(group).filter((text) => text.length >= Math.min(4, value.length)));
  const masks = unique(groups.flat());
  return masks.length <= maxMasksPerSecret
    ? masks
    : unique(groups.map((group) => group.join('\n'))).filter((text) => text !== '');
}

/** Every mask of the values, once. */
export function maskAll(values: Iterable<string>, options: MaskOptions): string[] {
  const masks = new Set<string>();
  for (const value of values) for (const mask of maskPlan(value, options)) masks.add(mask);
  return [...masks];
}

/** What the runner registers of a mask, for who has no runner: its lines. */
export function maskedTexts(masks: Iterable<string>): string[] {
  return unique([...masks].flatMap((mask) => mask.split('\n')).filter((text) => text !== ''));
}

/** Lines without their surrounding blanks. Those of braces and other short ones would blacken the whole log. */
function linesOf(value: string, { minLength }: MaskOptions): string[] {
  return value
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && line.length >= minLength);
}

/**
 * Base64 of a text that holds the value, for each position of its first byte in a group of three: the groups that the value alone
 * fills. `whole`: they reach to its last byte, as the runner's own encoding of it does.
 */
function base64Stems(bytes: Buffer): { text: string; whole: boolean }[] {
  return [0, 1, 2]
    .map((skipped) => {
      const length = Math.floor((bytes.length - skipped) / 3) * 3;
      return {
        text: length <= 0 ? '' : bytes.subarray(skipped, skipped + length).toString('base64'),
        whole: skipped + length === bytes.length,
      };
    })
    .filter(({ text }) => text !== '');
}

/** The lines of the value's base64 at a width, the last up to where the value alone decides. */
function wrapped(bytes: Buffer, width: number): string[] {
  if (Math.ceil(bytes.length / 3) * 4 <= width) return [];
  const text = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).filter((line) => line.length >= 8);
}

function jsonEscape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function encodeUri(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

/** .NET's Uri.EscapeDataString leaves RFC 3986's unreserved characters only. */
function encodeUriAsRunner(text: string): string {
  return encodeUri(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
