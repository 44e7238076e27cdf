// Finds where a keyword of any rule may stand. Each keyword is known by its rarest four bytes (folded to lower case); the
// loop over the text is WebAssembly (wasm-filter.ts) or, where that is switched off, the same in JavaScript.

import { Guards } from './guard.ts';
import type { Entry, Tables } from './tables.ts';
import { filterProgram } from '../wasm-programs.ts';
import { type Memory, instantiate, newMemory, pageBytes } from './wasm.ts';
import { entryLayout, foldMask, hashOfBitmap, hashOfGrams, layout } from './wasm-filter.ts';

/** Called for each place where a keyword stands (compared without regard to case). `position` is its first byte. */
export type KeywordHit = (entry: Entry, position: number) => void;

type Loop = (
  position: number,
  end: number,
  out: number,
  outEnd: number,
  text: number,
  textEnd: number,
  guards: number,
  bareValues: number,
) => number;

/** Room for text to begin with. */
const roomBytes = 1 << 20;
/** Zero bytes after the text, so that the last four-byte read stays inside. */
const tailBytes = 16;

export class KeywordFilter {
  readonly #tables: Tables;
  readonly #memory: Memory;
  readonly #scan: Loop;
  /** Where the text begins in the memory. */
  readonly #text: number;
  #bytes: Buffer;
  #words: Int32Array;

  /** @param engine `js` forces the JavaScript loop: for tests, and for hosts without WebAssembly. */
  constructor(tables: Tables, engine: 'wasm' | 'js' = 'wasm') {
    this.#tables = tables;
    this.#text = layout.slots + pageBytes * Math.ceil(tables.slots.length / pageBytes);
    this.#memory = newMemory(this.#text + roomBytes);
    this.#bytes = Buffer.from(this.#memory.buffer);
    this.#words = new Int32Array(this.#memory.buffer);
    this.#bytes.set(tables.image);
    this.#bytes.set(tables.slots, layout.slots);
    this.#scan =
      engine === 'wasm' ? (instantiate(filterProgram, this.#memory) as Loop) : (...args) => this.#scanInJs(...args);
  }

  /** Room for `count` bytes of text: write into it, then call `run`. Valid until the next call. */
  room(count: number): Buffer {
    const needed = this.#text + count + tailBytes;
    if (needed > this.#bytes.length) {
      this.#memory.grow(Math.ceil((needed - this.#bytes.length) / pageBytes));
      this.#bytes = Buffer.from(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
    }
    return this.#bytes.subarray(this.#text, this.#text + count);
  }

  /**
   * Reports the keywords in the first `count` bytes of the room, in the order of their grams; only those with a gram in the range, if one
   * is given.
   * @param guarded the context in which they are asked for: those of which the text around them says that they lead to nothing are left out.
   * @default all are reported
   */
  run(
    count: number,
    onHit: KeywordHit,
    from = 0,
    to: number = count,
    guarded?: { readonly bareValues: boolean },
  ): void {
    const text = this.#text;
    const guards = guarded ? this.#tables.guards : 0;
    const end = text + count;
    this.#bytes.fill(0, end, end + tailBytes);
    const last = text + to;
    let position = text + from;
    while (position < last) {
      position = this.#scan(
        position,
        last,
        layout.out,
        layout.outEnd,
        text,
        end,
        guards,
        Number(guarded?.bareValues ?? false),
      );
      const words = this.#words;
      const outEnd = words[layout.outPointer >> 2]! >> 2;
      for (let out = layout.out >> 2; out < outEnd; out += 2)
        onHit(this.#tables.entryAt(words[out + 1]!), words[out]! - text);
    }
  }

  #scanInJs(...[from, end, out, outEnd, text, textEnd, guards, bareValues]: Parameters<Loop>): number {
    const bytes = this.#bytes;
    const words = this.#words;
    const mask = (1 << layout.gramBits) - 1;
    let next = out >> 2;
    const guard = new Guards(bytes, guards, text, textEnd, bareValues !== 0);
    let gram = bytes.readInt32LE(from);
    for (let position = from; position < end; position++) {
      const folded = gram | foldMask;
      gram = (gram >>> 8) | ((bytes[position + 4] ?? 0) << 24);
      const hash = Math.imul(folded, hashOfBitmap);
      const bits = words[(layout.bitmap >> 2) + (hash >>> (32 - layout.bitmapBits + 5))]!;
      if (((bits >>> (hash & 31)) & 1) === 0) continue;
      let slot = Math.imul(folded, hashOfGrams) >>> (32 - layout.gramBits);
      for (;;) {
        const known = words[(layout.grams >> 2) + slot];
        if (known === 0 || known === folded) break;
        slot = (slot + 1) & mask;
      }
      if (words[(layout.grams >> 2) + slot] === 0) continue;
      let entry = layout.slots + (words[(layout.slots >> 2) + slot] ?? 0);
      for (let length = bytes[entry]!; length !== 0; length = bytes[entry]!) {
        const start = position - bytes[entry + entryLayout.offset]!;
        const isInside = start >= text && start + length <= textEnd;
        const record = guards === 0 ? 0 : bytes.readUInt16LE(entry + entryLayout.guard);
        if (isInside && this.#stands(entry, start) && guard.allows(record, start, start + length)) {
          words[next++] = start;
          words[next++] = entry;
        }
        entry += entryLayout.bytes + length + 2 * bytes[entry + entryLayout.meanings]!;
      }
      if (next >= outEnd >> 2) {
        words[layout.outPointer >> 2] = next << 2;
        return position + 1;
      }
    }
    words[layout.outPointer >> 2] = next << 2;
    return end;
  }

  /** True if the keyword stands at `start`. */
  #stands(entry: number, start: number): boolean {
    const bytes = this.#bytes;
    const keyword = entry + entryLayout.bytes;
    for (let i = 0; i < bytes[entry]!; i++) if ((bytes[start + i]! | 0x20) !== bytes[keyword + i]) return false;
    return true;
  }
}
