// Finds any of many byte patterns in a text that may arrive in chunks. The redactor and the exact-leak search of the scanner
// stand on it: most positions of most texts must cost one table look-up, whatever the number of patterns.
//
// How: every fourth position (fewer with very short patterns) is tested with a bitmap of hashed four-byte windows from the
// beginnings of all patterns. Where it hits, the first four bytes lead to the group of patterns that begin with exactly these,
// a range of the sorted patterns, and a binary search in it tells both the longest pattern that matches here and whether the
// text ends inside one. An Aho-Corasick automaton answers the same questions, but its tables for 100,000 patterns take
// gigabytes and seconds.

import { asInt32, asUint32, joinPieces, packPieces, unpackArrays } from './packed-arrays.ts';
import { minPatternBytes, prefixAt, PrefixIndex } from './prefix-index.ts';

export interface ScanOptions {
  /** Where to begin. @default 0 */
  from?: number;
  /** No more text will come: a pattern cut off by the end of the text can no longer become a match. @default false */
  final?: boolean;
  /**
   * Gets the longest pattern that starts at each position, in order of position, and answers where to go on: `end` for
   * leftmost-longest matches without overlap, `start + 1` to see the overlapping ones too. `pattern` is an index into the
   * array given to `compileMatcher` (the first of equal patterns).
   */
  onMatch: (start: number, end: number, pattern: number) => number;
}

/**
 * Compiles byte patterns, in time near-linear in their total size. The bytes are copied.
 * @throws RangeError for a pattern shorter than `minPatternBytes`
 */
export function compileMatcher(patterns: readonly Uint8Array[]): Matcher {
  const order = sortedOrder(patterns);
  let totalBytes = 0;
  for (const pattern of patterns) totalBytes += pattern.length;
  const bytes = new Uint8Array(totalBytes);
  const starts = new Uint32Array(patterns.length + 1);
  const ids = new Uint32Array(patterns.length);
  const parents = new Int32Array(patterns.length);
  const ancestors: number[] = [];
  let count = 0;
  let shortest = Infinity;
  let previous: Uint8Array = new Uint8Array(0);
  for (const id of order) {
    const pattern = patterns[id]!;
    const shared = sharedPrefix(previous, pattern);
    if (shared === pattern.length) continue; // equal to the one before
    // Sorted order puts a pattern right behind its prefixes, so they are all on the stack.
    while (ancestors.length > 0 && lengthOf(starts, ancestors.at(-1)!) > shared) ancestors.pop();
    parents[count] = ancestors.at(-1) ?? -1;
    ancestors.push(count);
    ids[count] = id;
    bytes.set(pattern, starts[count]);
    count += 1;
    starts[count] = starts[count - 1]! + pattern.length;
    shortest = Math.min(shortest, pattern.length);
    previous = pattern;
  }
  const sorted = {
    bytes: bytes.subarray(0, starts[count]),
    starts: starts.subarray(0, count + 1),
    ids: ids.subarray(0, count),
    parents: parents.subarray(0, count),
  };
  return new Matcher(sorted, PrefixIndex.of(sorted.bytes, sorted.starts, shortest));
}

/** Uses what `Matcher.save` gave as it stands, which takes no time. @throws RangeError if it is something else */
export function loadMatcher(saved: Uint8Array): Matcher {
  const [bytes, starts, ids, parents, prefixes] = unpackArrays(saved);
  if (!bytes || !starts || !ids || !parents || !prefixes) throw new RangeError('this is no saved matcher');
  const patterns = { bytes, starts: asUint32(starts), ids: asUint32(ids), parents: asInt32(parents) };
  return new Matcher(patterns, PrefixIndex.load(prefixes));
}

interface SortedPatterns {
  /** All distinct patterns, one after the other, sorted bytewise. */
  readonly bytes: Uint8Array;
  /** Pattern `p` is `bytes[starts[p] .. starts[p + 1])`. */
  readonly starts: Uint32Array;
  /** Index of each pattern in the caller's array. */
  readonly ids: Uint32Array;
  /** The longest other pattern that this one begins with, or -1. */
  readonly parents: Int32Array;
}

export class Matcher {
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #parents: Int32Array;
  readonly #prefixes: PrefixIndex;
  readonly #longestBytes: number;

  /** Use `compileMatcher` or `loadMatcher`. */
  constructor({ bytes, starts, ids, parents }: SortedPatterns, prefixes: PrefixIndex) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#ids = ids;
    this.#parents = parents;
    this.#prefixes = prefixes;
    let longest = 0;
    for (let p = 0; p < ids.length; p += 1) longest = Math.max(longest, lengthOf(starts, p));
    this.#longestBytes = longest;
  }

  /** What `loadMatcher` reads: the patterns in plain text, and their tables. */
  save(): Uint8Array {
    return joinPieces(this.savedPieces());
  }

  /** The same in pieces, of which the large ones are views of the matcher's own memory. */
  savedPieces(): Uint8Array[] {
    return packPieces([this.#bytes, this.#starts, this.#ids, this.#parents, this.#prefixes.save()]);
  }

  /** Number of distinct patterns. */
  get size(): number {
    return this.#ids.length;
  }

  /**
   * Reports matches from left to right. Returns where the undecided rest of the text begins: all matches that start before it
   * have been reported, and it is the start of a text that could still become a match (the text's length if there is none).
   * To match over chunks, hand that rest in again with the next chunk behind it; it is shorter than the longest pattern.
   */
  scan(text: Uint8Array, options: ScanOptions): number {
    const { from = 0, final = false, onMatch } = options;
    const end = text.length;
    // Positions from here on have fewer than four bytes left, so the prefix index can't judge them.
    const wholePrefixes = Math.max(from, end - minPatternBytes + 1);
    let at = from;
    while (at < wholePrefixes) {
      at = this.#prefixes.nextCandidate(text, at, wholePrefixes);
      if (at >= wholePrefixes) break;
      const group = this.#prefixes.groupOf(text, at);
      if (group === -1) {
        at += 1;
        continue;
      }
      const above = this.#upperBound(text, at, this.#prefixes.low(group), this.#prefixes.high(group));
      if (!final && this.#continues(text, at, above)) return at;
      const match = this.#longestPrefixOf(text, at, above - 1, this.#prefixes.low(group));
      at = match === -1 ? at + 1 : onMatch(at, at + lengthOf(this.#starts, match), this.#ids[match]!);
    }
    if (final) return end;
    for (; at < end; at += 1) {
      if (this.#continues(text, at, this.#upperBound(text, at, 0, this.size))) return at;
    }
    return end;
  }

  /** The distinct patterns, sorted bytewise: views of the matcher's own memory. */
  *patterns(): Iterable<Uint8Array> {
    for (let p = 0; p < this.size; p += 1) yield this.#bytes.subarray(this.#starts[p], this.#starts[p + 1]);
  }

  /** Overwrites the patterns. The matcher must not be used afterwards. */
  clear(): void {
    this.#bytes.fill(0);
    this.#prefixes.clear();
  }

  /** The first pattern in `[low, high)` that sorts behind the text at `at`; a pattern that the text begins with does not. */
  #upperBound(text: Uint8Array, at: number, low: number, high: number): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sortsBehind(middle, text, at)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #sortsBehind(pattern: number, text: Uint8Array, at: number): boolean {
    const bytes = this.#bytes;
    const patternEnd = this.#starts[pattern + 1]!;
    for (let p = this.#starts[pattern]!, t = at; p < patternEnd; p += 1, t += 1) {
      if (t === text.length) return true;
      const difference = bytes[p]! - text[t]!;
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  /** Does `pattern`, an upper bound of the text at `at`, begin with all of the rest of the text? */
  #continues(text: Uint8Array, at: number, pattern: number): boolean {
    const rest = text.length - at;
    if (rest >= this.#longestBytes || pattern >= this.size || lengthOf(this.#starts, pattern) <= rest) return false;
    return this.#sharedWith(pattern, text, at) === rest;
  }

  /** The longest pattern that the text at `at` begins with, or -1. It is `nearest` (the last that sorts before) or its ancestor. */
  #longestPrefixOf(text: Uint8Array, at: number, nearest: number, low: number): number {
    if (nearest < low) return -1;
    const shared = this.#sharedWith(nearest, text, at);
    let pattern = nearest;
    while (pattern !== -1 && lengthOf(this.#starts, pattern) > shared) pattern = this.#parents[pattern]!;
    return pattern;
  }

  #sharedWith(pattern: number, text: Uint8Array, at: number): number {
    const start = this.#starts[pattern]!;
    const most = Math.min(this.#starts[pattern + 1]! - start, text.length - at);
    let shared = 0;
    while (shared < most && this.#bytes[start + shared] === text[at + shared]) shared += 1;
    return shared;
  }
}

function lengthOf(starts: Uint32Array, pattern: number): number {
  return starts[pattern + 1]! - starts[pattern]!;
}

function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared += 1;
  return shared;
}

/** Indexes of the patterns in bytewise order. */
function sortedOrder(patterns: readonly Uint8Array[]): Uint32Array {
  const prefixes = new Uint32Array(patterns.length);
  const order = new Uint32Array(patterns.length);
  for (const [index, pattern] of patterns.entries()) {
    if (pattern.length < minPatternBytes) {
      throw new RangeError(`a pattern has ${pattern.length} bytes, fewer than ${minPatternBytes}`);
    }
    prefixes[index] = prefixAt(pattern, 0);
    order[index] = index;
  }
  // Equal patterns keep their order: typed arrays sort stably.
  return order.sort((a, b) => prefixes[a]! - prefixes[b]! || compareBytes(patterns[a]!, patterns[b]!));
}

/** Faster than `Buffer.compare` for short arrays. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedPrefix(a, b);
  return (a[shared] ?? -1) - (b[shared] ?? -1);
}
