// Says of a text that none of the vault's values is in it, without the values: from hashes of how their forms begin. Nearly every text
// is done with so, and the patterns themselves stay sealed until one is not.

import { asUint32, packArrays, unpackArrays } from '@zvault/core/domain';

/** Every form has so many bytes at least. */
const headBytes = 8;
/** Windows of four bytes are looked up at every fourth position: of a form's first seven bytes one is at such a place. */
const stride = 4;
const windowMultiplier = 0x9e3779b1;

export class Sieve {
  /** One bit for each hash of a window. */
  readonly #windows: Uint32Array;
  readonly #windowShift: number;
  /** Hashes of the first eight bytes, open addressing, 0 is free. */
  readonly #heads: Uint32Array;
  readonly #headShift: number;

  private constructor(windows: Uint32Array, heads: Uint32Array) {
    this.#windows = windows;
    this.#windowShift = 32 - Math.log2(windows.length) - 5;
    this.#heads = heads;
    this.#headShift = 32 - Math.log2(heads.length);
  }

  /** @param forms each of `headBytes` bytes or more */
  static of(forms: readonly Uint8Array[]): Sieve {
    const bits = Math.min(24, Math.max(10, Math.ceil(Math.log2(forms.length * stride + 1)) + 4));
    const slots = 2 ** (Math.ceil(Math.log2(forms.length + 1)) + 1);
    const sieve = new Sieve(new Uint32Array(2 ** (bits - 5)), new Uint32Array(slots));
    for (const form of forms) sieve.#add(form);
    return sieve;
  }

  save(): Uint8Array {
    return packArrays([this.#windows, this.#heads]);
  }

  /** Uses the bytes as they stand. @throws RangeError if `save` did not make them */
  static load(saved: Uint8Array): Sieve {
    const [windows, heads] = unpackArrays(saved).map(asUint32);
    if (!windows || !heads) throw new RangeError('this is no saved sieve');
    return new Sieve(windows, heads);
  }

  #add(form: Uint8Array): void {
    for (let offset = 0; offset < stride; offset += 1) {
      const bit = Math.imul(wordAt(form, offset), windowMultiplier) >>> this.#windowShift;
      this.#windows[bit >>> 5]! |= 1 << bit;
    }
    const heads = this.#heads;
    const hash = headAt(form, 0);
    let slot = hash >>> this.#headShift;
    while (heads[slot] !== 0 && heads[slot] !== hash) slot = (slot + 1) & (heads.length - 1);
    heads[slot] = hash;
  }

  /** False if no form is in the text. True is nearly always right. */
  mayHold(text: Uint8Array): boolean {
    const windows = this.#windows;
    const shift = this.#windowShift;
    const last = text.length - headBytes;
    // A form at `start` has a window at the one of `start … start + 3` that is a multiple of the stride, less one.
    for (let at = stride - 1; at < last + stride; at += stride) {
      const bit = Math.imul(wordAt(text, at), windowMultiplier) >>> shift;
      // Shift counts are taken modulo 32.
      if (((windows[bit >>> 5]! >>> bit) & 1) === 0) continue;
      for (let start = at - stride + 1; start <= Math.min(at, last); start += 1)
        if (this.#isHead(text, start)) return true;
    }
    return false;
  }

  #isHead(text: Uint8Array, start: number): boolean {
    const heads = this.#heads;
    const hash = headAt(text, start);
    for (let slot = hash >>> this.#headShift; heads[slot] !== 0; slot = (slot + 1) & (heads.length - 1))
      if (heads[slot] === hash) return true;
    return false;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** A hash of eight bytes; never 0. */
function headAt(bytes: Uint8Array, at: number): number {
  const mixed = Math.imul(Math.imul(wordAt(bytes, at), 0x9e3779b1) ^ wordAt(bytes, at + 4), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0 || 1;
}
