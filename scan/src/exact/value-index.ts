// The index of the vault's values: their forms, sorted, in one block of bytes that is made once and then only loaded.

import { type Matcher, compileMatcher } from '@zvault/core/domain';
import { classOfValue } from './classes.ts';
import type { ExactFinder, ExactMatch } from './finder.ts';
import { Heads, headOf } from './heads.ts';
import { variantsOf } from './variants.ts';

/** Pieces of one value no further apart than this, in bytes, are one finding. */
const partGapBytes = 4096;
/** Bytes before each pattern: its length, its key (u32 each), flags. */
const headBytes = 9;
/** Texts for which patterns are selected; after that it is cheaper to compile all. */
const textsBeforeCompiling = 32;
const mostSelectedBytes = 512 * 1024;

export interface VaultValue {
  readonly key: string;
  readonly reference: string;
  readonly value: string;
}

/** One pattern: whose form it is, and which. */
interface Owner {
  readonly key: number;
  readonly encoding: number;
  readonly bounded: boolean;
  readonly part: boolean;
}

const encodings = ['', 'base64', 'base64url', 'url', 'hex', 'json', 'xml', 'part'] as const;

export interface IndexContent {
  readonly keys: readonly { readonly key: string; readonly reference: string }[];
  /** Keys that take no part, with the reason. */
  readonly left: readonly { readonly key: string; readonly why: string }[];
  readonly patterns: Buffer;
  /** See heads.ts. */
  readonly heads: Buffer;
}

/** Builds the content of an index. */
export function buildIndex(values: readonly VaultValue[]): IndexContent {
  const keys: { key: string; reference: string }[] = [];
  const left: { key: string; why: string }[] = [];
  const forms: { bytes: Buffer; head: Buffer }[] = [];
  for (const { key, reference, value } of values) {
    const kind = classOfValue(value);
    if (typeof kind === 'object') {
      left.push({ key, why: kind.left });
      continue;
    }
    keys.push({ key, reference });
    for (const variant of variantsOf(value)) {
      const head = Buffer.alloc(headBytes);
      head.writeUInt32LE(variant.bytes.length, 0);
      head.writeUInt32LE(keys.length - 1, 4);
      const plain = variant.encoding === undefined;
      head[8] =
        encodings.indexOf((variant.encoding ?? '') as (typeof encodings)[number]) |
        (kind === 'bounded' && plain ? 16 : 0) |
        (variant.part === true ? 32 : 0);
      forms.push({ bytes: variant.bytes, head });
    }
  }
  // Sorted here, so that the matcher has nothing left to sort when the index is loaded.
  forms.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const heads = Buffer.alloc(forms.length * 8);
  let offset = 0;
  forms.forEach(({ bytes }, i) => {
    heads.writeUInt32LE(headOf(bytes, 0), 8 * i);
    heads.writeUInt32LE(offset, 8 * i + 4);
    offset += headBytes + bytes.length;
  });
  return { keys, left, heads, patterns: Buffer.concat(forms.flatMap(({ head, bytes }) => [head, bytes])) };
}

/** A matcher with the owners of its patterns. */
interface Compiled {
  readonly matcher: Matcher;
  readonly owners: readonly Owner[];
}

export class ValueIndex implements ExactFinder {
  readonly #content: Pick<IndexContent, 'keys'>;
  readonly #patterns: Buffer;
  readonly #heads: Heads;
  #compiled: Compiled | undefined;
  #texts = 0;

  constructor(content: IndexContent) {
    this.#content = content;
    this.#patterns = content.patterns;
    this.#heads = new Heads(content.heads);
  }

  find(text: Buffer): ExactMatch[] {
    const compiled = this.#compiledFor(text);
    return compiled === undefined ? [] : this.#scan(compiled, text);
  }

  /** For a few small texts, only the patterns whose beginning is in the text are compiled; for many, all, once. */
  #compiledFor(text: Buffer): Compiled | undefined {
    if (this.#compiled) return this.#compiled;
    if (this.#texts < textsBeforeCompiling && text.length <= mostSelectedBytes) {
      this.#texts += 1;
      const offsets = this.#heads.selectFor(text);
      return offsets.length === 0 ? undefined : this.#compile(offsets);
    }
    const offsets = this.#heads.offsets;
    return offsets.length === 0 ? undefined : (this.#compiled = this.#compile(offsets));
  }

  #compile(offsets: Iterable<number>): Compiled {
    const forms: Buffer[] = [];
    const owners: Owner[] = [];
    for (const at of offsets) {
      const flags = this.#patterns[at + 8] ?? 0;
      owners.push({
        key: this.#patterns.readUInt32LE(at + 4),
        encoding: flags & 15,
        bounded: (flags & 16) !== 0,
        part: (flags & 32) !== 0,
      });
      forms.push(this.#patterns.subarray(at + headBytes, at + headBytes + this.#patterns.readUInt32LE(at)));
    }
    return { matcher: compileMatcher(forms), owners };
  }

  #scan({ matcher, owners }: Compiled, text: Buffer): ExactMatch[] {
    const matches: ExactMatch[] = [];
    let lastPart: { key: number; index: number; end: number } | undefined;
    matcher.scan(text, {
      final: true,
      onMatch: (start, end, pattern) => {
        const owner = owners[pattern];
        if (owner === undefined || (owner.bounded && !standsAlone(text, start, end))) return start + 1;
        if (owner.part && lastPart?.key === owner.key && start - lastPart.end < partGapBytes) {
          const known = matches[lastPart.index];
          if (known) matches[lastPart.index] = { ...known, end };
          lastPart.end = end;
          return end;
        }
        const encoding = encodings[owner.encoding];
        if (owner.part) lastPart = { key: owner.key, index: matches.length, end };
        const reference = this.#content.keys[owner.key]?.reference ?? '';
        matches.push({ start, end, reference, ...(encoding === '' ? {} : { encoding }) });
        return end;
      },
    });
    return matches;
  }
}

function standsAlone(text: Buffer, start: number, end: number): boolean {
  return !isWordByte(text[start - 1]) && !isWordByte(text[end]);
}

function isWordByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95)
  );
}
