// What kind of content bytes are: text, UTF-16 (which is turned into UTF-8), binary; and what a path says about it.

import type { ScanContext } from './engine/engine.ts';

/** So much of a content tells its kind. */
export const sniffBytes = 8000;

export interface Content {
  /** UTF-8 where the source was UTF-16, without a byte order mark; else the bytes as they are. */
  readonly bytes: Buffer;
  readonly binary: boolean;
}

/** Looks at the bytes, not at their name. The result shares memory with the argument unless it had to be decoded. */
export function readContent(bytes: Buffer): Content {
  const utf16 = readUtf16(bytes);
  if (utf16) return { bytes: utf8Of(bytes.subarray(utf16.mark), utf16.order === 'big'), binary: false };
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { bytes: bytes.subarray(3), binary: false };
  return { bytes, binary: bytes.subarray(0, sniffBytes).includes(0) };
}

/** True for the beginning of a text of UTF-16. */
export function isUtf16(head: Buffer): boolean {
  return readUtf16(head) !== undefined;
}

function readUtf16(bytes: Buffer): { order: 'little' | 'big'; mark: number } | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { order: 'little', mark: 2 };
  if (first === 0xfe && second === 0xff) return { order: 'big', mark: 2 };
  const head = bytes.subarray(0, sniffBytes);
  const order = head.includes(0) ? utf16Order(head) : undefined;
  return order && { order, mark: 0 };
}

/** UTF-16 without a mark: text of mostly Latin letters has a zero in every second byte, always the same one. */
function utf16Order(head: Buffer): 'little' | 'big' | undefined {
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < head.length; i += 2) {
    if (head[i] === 0) even += 1;
    if (head[i + 1] === 0) odd += 1;
  }
  const pairs = head.length >> 1;
  if (pairs < 4) return undefined;
  if (odd > pairs * 0.4 && even <= pairs * 0.02) return 'little';
  if (even > pairs * 0.4 && odd <= pairs * 0.02) return 'big';
  return undefined;
}

function utf8Of(bytes: Buffer, bigEndian: boolean): Buffer {
  const whole = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  if (bigEndian) whole.swap16();
  return Buffer.from(whole.toString('utf16le'), 'utf8');
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));
const lockNames = words(
  'package-lock.json npm-shrinkwrap.json pnpm-lock.yaml pnpm-lock.yml gradle.lockfile package.resolved',
);
const lockTypes = words('lock lockb sum');
const builtTypes = words('map svg ipynb_checkpoints wasm snap csv tsv pdf po pot');
const codeTypes = words(
  'js cjs mjs jsx cjsx mjsx ts cts mts tsx ctsx mtsx vue svelte astro py pyi rb go java kt kts scala groovy rs c cc cpp h hpp m mm cs fs vb php ' +
    'pl pm swift dart lua r jl ex exs erl clj hs ml sol zig nim sql css scss less htm html tex',
);

/** How strictly a file of this path is read. */
export function contextOf(path: string, binary: boolean): ScanContext {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  const type = dot === -1 ? '' : name.slice(dot + 1);
  const least = binary ? 'format' : isLock(name, type) || isBuilt(name, type) ? 'structured' : 'generic';
  return { path, least, bareValues: !codeTypes.has(type) };
}

function isLock(name: string, type: string): boolean {
  return lockNames.has(name) || lockTypes.has(type);
}

function isBuilt(name: string, type: string): boolean {
  return (
    builtTypes.has(type) || name.endsWith('.min.css') || name.startsWith('changelog') || name.startsWith('license')
  );
}
