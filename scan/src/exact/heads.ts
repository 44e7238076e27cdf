// Which patterns can be in a small text at all: those whose first eight bytes are in it. Compiling the few that remain takes a
// millisecond, where compiling all of them takes more than a hook has.

/** Bits of the map of a text's windows: for 128 KB, one in a hundred is set. */
const mapBits = 23;
const windowBytes = 8;

/** The hash of the eight bytes at `at`, as unsigned number below 2^23. */
export function headOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const second = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
  return Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) >>> (32 - mapBits);
}

/** The heads of all patterns: hash and offset, u32 each. */
export class Heads {
  readonly #words: Uint32Array;
  #map: Uint8Array | undefined;

  constructor(bytes: Buffer) {
    // A copy: the view must be aligned.
    this.#words = new Uint32Array(new Uint8Array(bytes).buffer);
  }

  /** Offsets of all patterns. */
  get offsets(): number[] {
    return Array.from({ length: this.#words.length / 2 }, (_, i) => this.#words[2 * i + 1] ?? 0);
  }

  /** Offsets of the patterns whose first eight bytes are likely in the text. */
  selectFor(text: Uint8Array): number[] {
    const map = (this.#map ??= new Uint8Array(1 << (mapBits - 3)));
    const last = text.length - windowBytes;
    for (let at = 0; at <= last; at++) {
      const hash = headOf(text, at);
      map[hash >>> 3]! |= 1 << (hash & 7);
    }
    const found: number[] = [];
    const words = this.#words;
    for (let i = 0; i < words.length; i += 2) {
      const hash = words[i]!;
      if ((map[hash >>> 3]! & (1 << (hash & 7))) !== 0) found.push(words[i + 1]!);
    }
    map.fill(0);
    return found;
  }
}
