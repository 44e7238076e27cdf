// The index of the vault's values: a sieve and a matcher of their forms, compiled once and then only loaded.

import {
  type Matcher,
  asUint32,
  compileMatcher,
  joinPieces,
  loadMatcher,
  packPieces,
  unpackArrays,
} from '@zvault/core/domain';
import { classOfValue } from './classes.ts';
import type { ExactFinder, ExactMatch } from './finder.ts';
import { Sieve } from './sieve.ts';
import { variantsOf } from './variants.ts';

/** Pieces of one value no further apart than this, in bytes, are one finding. */
const partGapBytes = 4096;
export interface VaultValue {
  readonly key: string;
  readonly reference: string;
  readonly value: string;
}

const encodings = ['', 'base64', 'base64url', 'url', 'hex', 'json', 'xml', 'part'] as const;

/** What a pattern's flags say besides the number of its encoding. */
const boundedFlag = 16;
const partFlag = 32;
const encodingMask = 15;

export interface IndexContent {
  readonly keys: readonly { readonly key: string; readonly reference: string }[];
  /** Keys that take no part, with the reason. */
  readonly left: readonly { readonly key: string; readonly why: string }[];
  /** See sieve.ts. */
  readonly sieve: Uint8Array;
  /** The compiled matcher, and for each pattern the number of its key and its flags; in pieces, since it may be large. */
  readonly patterns: readonly Uint8Array[];
}

/** Builds the content of an index. */
export function buildIndex(values: readonly VaultValue[]): IndexContent {
  const keys: { key: string; reference: string }[] = [];
  const left: { key: string; why: string }[] = [];
  const forms: Buffer[] = [];
  const owners: number[] = [];
  const flags: number[] = [];
  for (const { key, reference, value } of values) {
    const kind = classOfValue(value);
    if (typeof kind === 'object') {
      left.push({ key, why: kind.left });
      continue;
    }
    keys.push({ key, reference });
    for (const variant of variantsOf(value)) {
      forms.push(variant.bytes);
      owners.push(keys.length - 1);
      flags.push(
        encodings.indexOf((variant.encoding ?? '') as (typeof encodings)[number]) |
          (kind === 'bounded' && variant.encoding === undefined ? boundedFlag : 0) |
          (variant.part === true ? partFlag : 0),
      );
    }
  }
  const sieve = Sieve.save(forms);
  const patterns = packPieces([compileMatcher(forms).savedPieces(), Uint32Array.from(owners), Uint8Array.from(flags)]);
  return { keys, left, sieve, patterns };
}

/** A matcher with the owners of its patterns. */
interface Patterns {
  readonly matcher: Matcher;
  readonly owners: Uint32Array;
  readonly flags: Uint8Array;
}

export class ValueIndex implements ExactFinder {
  readonly #content: Pick<IndexContent, 'keys' | 'patterns'>;
  readonly #sieve: Sieve;
  #loaded: Patterns | undefined;

  /** The content's `keys` and `patterns` are asked for when a text may hold a value. */
  constructor(content: Pick<IndexContent, 'keys' | 'patterns' | 'sieve'>) {
    this.#content = content;
    this.#sieve = Sieve.load(content.sieve);
  }

  find(text: Buffer): ExactMatch[] {
    return this.#sieve.mayHold(text) ? this.#scan((this.#loaded ??= load(this.#content.patterns)), text) : [];
  }

  #scan({ matcher, owners, flags }: Patterns, text: Buffer): ExactMatch[] {
    const matches: ExactMatch[] = [];
    let lastPart: { key: number; index: number; end: number } | undefined;
    matcher.scan(text, {
      final: true,
      onMatch: (start, end, pattern) => {
        const key = owners[pattern] ?? 0;
        const flag = flags[pattern] ?? 0;
        const isPart = (flag & partFlag) !== 0;
        if ((flag & boundedFlag) !== 0 && !standsAlone(text, start, end)) return start + 1;
        if (isPart && lastPart?.key === key && start - lastPart.end < partGapBytes) {
          const known = matches[lastPart.index];
          if (known) matches[lastPart.index] = { ...known, end };
          lastPart.end = end;
          return end;
        }
        const encoding = encodings[flag & encodingMask];
        if (isPart) lastPart = { key, index: matches.length, end };
        const reference = this.#content.keys[key]?.reference ?? '';
        matches.push({ start, end, reference, ...(encoding === '' ? {} : { encoding }) });
        return end;
      },
    });
    return matches;
  }
}

function load(patterns: readonly Uint8Array[]): Patterns {
  const [matcher, owners, flags] = unpackArrays(joinPieces(patterns));
  if (!matcher || !owners || !flags) throw new RangeError('this is no index of values');
  return { matcher: loadMatcher(matcher), owners: asUint32(owners), flags };
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
