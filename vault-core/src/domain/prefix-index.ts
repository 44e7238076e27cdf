// Answers where in a text a pattern may start, and which patterns those are: the part of the matcher that sees every byte.

import { asInt32, packArrays, unpackArrays } from './packed-arrays.ts';

/** Patterns may not be shorter, in bytes: the window that is hashed. */
export const minPatternBytes = 4;

// Knuth's multiplicative hash: the high bits depend on all four bytes.
const multiplier = 0x9e3779b1;
/** Larger strides gain little and fill the filter. */
const maxStride = 4;

interface PrefixTables {
  /** One position in so many is tested. A pattern has a whole window at each of its first `stride` positions. */
  readonly stride: number;
  /** One bit for each hash of a window: about 3 % are set. A small set of patterns stays within the L1 cache. */
  readonly filter: Int32Array;
  /** Open addressing, group number + 1 (0: free). */
  readonly slots: Int32Array;
  readonly groupPrefix: Int32Array;
  /** Group `g` holds the patterns `[groupLow[g], groupLow[g + 1])`. */
  readonly groupLow: Int32Array;
}

/** Maps the first four bytes of patterns to the range of sorted patterns that begin with them. */
export class PrefixIndex {
  readonly #stride: number;
  readonly #filter: Int32Array;
  readonly #filterShift: number;
  readonly #slots: Int32Array;
  readonly #slotShift: number;
  readonly #groupPrefix: Int32Array;
  readonly #groupLow: Int32Array;

  private constructor(tables: PrefixTables) {
    this.#stride = tables.stride;
    this.#filter = tables.filter;
    this.#filterShift = 32 - Math.log2(tables.filter.length) - 5;
    this.#slots = tables.slots;
    this.#slotShift = 32 - Math.log2(tables.slots.length);
    this.#groupPrefix = tables.groupPrefix;
    this.#groupLow = tables.groupLow;
  }

  /** Pattern `p` is `bytes[starts[p] .. starts[p + 1])`; they are sorted, and none is shorter than `shortestBytes`. */
  static of(bytes: Uint8Array, starts: Uint32Array, shortestBytes: number): PrefixIndex {
    const count = starts.length - 1;
    const prefixes: number[] = [];
    const lows: number[] = [];
    for (let p = 0; p < count; p += 1) {
      const prefix = prefixAt(bytes, starts[p]!);
      if (prefix === prefixes.at(-1)) continue;
      prefixes.push(prefix);
      lows.push(p);
    }
    lows.push(count);
    const stride = Math.min(shortestBytes - minPatternBytes + 1, maxStride);
    const windows = stride === 1 ? prefixes.length : count * stride;
    const filterBits = clamp(Math.ceil(Math.log2(windows + 1)) + 4, 10, 24);
    const slotBits = Math.ceil(Math.log2(prefixes.length + 1)) + 1;
    const index = new PrefixIndex({
      stride,
      filter: new Int32Array(1 << (filterBits - 5)),
      slots: new Int32Array(1 << slotBits),
      groupPrefix: Int32Array.from(prefixes),
      groupLow: Int32Array.from(lows),
    });
    for (const [group, prefix] of prefixes.entries()) index.#insert(prefix, group);
    for (let p = 0; p < count; p += 1) {
      for (let offset = 0; offset < stride; offset += 1) {
        const bit = Math.imul(prefixAt(bytes, starts[p]! + offset), multiplier) >>> index.#filterShift;
        index.#filter[bit >>> 5]! |= 1 << bit;
      }
    }
    return index;
  }

  /** What `load` reads. */
  save(): Uint8Array {
    return packArrays([Int32Array.of(this.#stride), this.#filter, this.#slots, this.#groupPrefix, this.#groupLow]);
  }

  /** Uses the bytes as they stand. @throws RangeError if `save` did not make them */
  static load(saved: Uint8Array): PrefixIndex {
    const [stride, filter, slots, groupPrefix, groupLow] = unpackArrays(saved).map(asInt32);
    if (!stride || !filter || !slots || !groupPrefix || !groupLow)
      throw new RangeError('this is no saved prefix index');
    return new PrefixIndex({ stride: stride[0] ?? 1, filter, slots, groupPrefix, groupLow });
  }

  #insert(prefix: number, group: number): void {
    const mask = this.#slots.length - 1;
    let slot = Math.imul(prefix, multiplier) >>> this.#slotShift;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = group + 1;
  }

  /** A position in `[from, end)` before which no pattern starts, or `end`. Up to `end + 3` bytes of the text are read. */
  nextCandidate(text: Uint8Array, from: number, end: number): number {
    const filter = this.#filter;
    const shift = this.#filterShift;
    const stride = this.#stride;
    const before = stride - 1;
    let at = from + before;
    for (; at < end; at += stride) {
      const window = (text[at]! << 24) | (text[at + 1]! << 16) | (text[at + 2]! << 8) | text[at + 3]!;
      const bit = Math.imul(window, multiplier) >>> shift;
      // Shift counts are taken modulo 32.
      if (((filter[bit >>> 5]! >>> bit) & 1) !== 0) return at - before;
    }
    return Math.min(at - before, end);
  }

  /** The group whose patterns begin with the four bytes at `at`, or -1. */
  groupOf(text: Uint8Array, at: number): number {
    const prefix = prefixAt(text, at);
    const mask = this.#slots.length - 1;
    let slot = Math.imul(prefix, multiplier) >>> this.#slotShift;
    for (;;) {
      const group = this.#slots[slot]! - 1;
      if (group === -1 || this.#groupPrefix[group] === prefix) return group;
      slot = (slot + 1) & mask;
    }
  }

  low(group: number): number {
    return this.#groupLow[group]!;
  }

  high(group: number): number {
    return this.#groupLow[group + 1]!;
  }

  clear(): void {
    this.#filter.fill(0);
    this.#groupPrefix.fill(0);
  }
}

/** Four bytes as a signed 32-bit number, big end first. */
export function prefixAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
