// Says of a text that none of the vault's values is in it, without the values: from hashes of how their forms begin. Nearly every text
// is done with so, and the patterns themselves stay sealed until one is not.

import { packArrays, unpackArrays } from '@zvault/core/domain';
import { type Memory, instantiate, newMemory, pageBytes } from '../engine/wasm.ts';
import { sieveProgram } from '../wasm-programs.ts';
import { headMultiplier, secondBit, stride, windowMultiplier } from './wasm-sieve.ts';

/** Slots of the table of heads for each form, at least. */
const leastRoom = 1.5;
/** Every form has so many bytes at least. */
const headBytes = 8;
/** The loop looks at so many bytes behind the text (`seek`). */
const tailBytes = 16;
type Loop = (at: number, last: number, windowShift: number, heads: number, headShift: number, mask: number) => number;

export class Sieve {
  readonly #memory: Memory;
  readonly #scan: Loop;
  /**
   * The bitmap stands first, two bits of a word for each hash of a window; then what forms begin with, open addressing: a hash of the first
   * eight bytes (0 is free) and the last four of them, so that the two together tell all eight; then the text.
   */
  readonly #windowBytes: number;
  readonly #headCount: number;
  readonly #text: number;
  #bytes: Uint8Array;

  private constructor(windows: Uint8Array, heads: Uint8Array) {
    this.#windowBytes = windows.length;
    this.#headCount = heads.length / 8;
    this.#text = windows.length + heads.length;
    this.#memory = newMemory(this.#text + pageBytes);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#bytes.set(windows);
    this.#bytes.set(heads, windows.length);
    this.#scan = instantiate(sieveProgram, this.#memory) as Loop;
  }

  /** What `load` takes. @param forms each of `headBytes` bytes or more */
  static save(forms: readonly Uint8Array[]): Uint8Array {
    const bits = Math.min(24, Math.max(10, Math.ceil(Math.log2(forms.length * stride + 1)) + 3));
    const windows = new Uint32Array(2 ** (bits - 5));
    const heads = new Uint32Array(2 * 2 ** Math.ceil(Math.log2(forms.length * leastRoom + 1)));
    const mask = heads.length / 2 - 1;
    for (const form of forms) {
      for (let offset = 0; offset < stride; offset += 1) {
        const hash = Math.imul(wordAt(form, offset), windowMultiplier);
        const bit = hash >>> shiftOf(windows.length * 32);
        windows[bit >>> 5]! |= (1 << bit) | (1 << (hash >>> secondBit));
      }
      const hash = headOf(form);
      const tail = wordAt(form, 4) >>> 0;
      let slot = hash >>> shiftOf(mask + 1);
      while (heads[2 * slot] !== 0 && (heads[2 * slot] !== hash || heads[2 * slot + 1] !== tail))
        slot = (slot + 1) & mask;
      heads[2 * slot] = hash;
      heads[2 * slot + 1] = tail;
    }
    return packArrays([windows, heads]);
  }

  /** @throws RangeError if `save` did not make it */
  static load(saved: Uint8Array): Sieve {
    const [windows, heads] = unpackArrays(saved);
    if (!windows || !heads) throw new RangeError('this is no saved sieve');
    return new Sieve(windows, heads);
  }

  /** False if no form is in the text. True says that the first eight bytes of one are. */
  mayHold(text: Uint8Array): boolean {
    const needed = this.#text + text.length;
    if (needed + tailBytes > this.#bytes.length) {
      this.#memory.grow(Math.ceil((needed + tailBytes - this.#bytes.length) / pageBytes));
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#bytes.set(text, this.#text);
    // A form at `start` has a window at the one of `start … start + 3` that is a multiple of the stride, less one.
    const [at, last] = [this.#text + stride - 1, needed - headBytes];
    const windowShift = shiftOf(this.#windowBytes * 8);
    const count = this.#headCount;
    return this.#scan(at, last, windowShift, this.#windowBytes, shiftOf(count), count - 1) === 1;
  }
}

/** How far to shift a hash so that as many values are left. */
function shiftOf(count: number): number {
  return Math.clz32(count) + 1;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** A hash of the first eight bytes; never 0. */
function headOf(bytes: Uint8Array): number {
  const mixed = Math.imul(Math.imul(wordAt(bytes, 0), windowMultiplier) ^ wordAt(bytes, 4), headMultiplier);
  return (mixed ^ (mixed >>> 15)) >>> 0 || 1;
}
