// Finds where a keyword of any rule may stand. Each keyword is known by its rarest four bytes (folded to lower case); the
// loop over the text is WebAssembly (wasm-filter.ts) or, where that is switched off, the same in JavaScript.

import type { Entry, Tables } from './tables.ts';
import { filterModule, foldMask, hashOfBitmap, hashOfGrams, layout } from './wasm-filter.ts';

/** Called for each place where a keyword stands (compared without regard to case). `position` is its first byte. */
export type KeywordHit = (entry: Entry, position: number) => void;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
/** The parts of WebAssembly in use; the type library of Node does not declare them. */
interface WebAssemblyApi {
  Memory: new (options: { initial: number }) => Memory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

type Loop = (position: number, end: number, out: number, outEnd: number) => number;

const growthBytes = 1 << 16;
/** Zero bytes after the text, so that the last four-byte read stays inside. */
const tailBytes = 16;

export class KeywordFilter {
  readonly #tables: Tables;
  readonly #memory: Memory;
  readonly #scan: Loop;
  #bytes: Buffer;
  #words: Int32Array;

  /** @param engine `js` forces the JavaScript loop: for tests, and for hosts without WebAssembly. */
  constructor(tables: Tables, engine: 'wasm' | 'js' = 'wasm') {
    this.#memory = new wasm.Memory({ initial: 18 });
    this.#bytes = Buffer.from(this.#memory.buffer);
    this.#words = new Int32Array(this.#memory.buffer);
    this.#tables = tables;
    this.#bytes.set(tables.image);
    if (engine === 'wasm') {
      const instance = new wasm.Instance(new wasm.Module(filterModule()), { env: { memory: this.#memory } });
      this.#scan = instance.exports['scan'] as Loop;
    } else {
      this.#scan = (position, end, out, outEnd) => this.#scanInJs(position, end, out, outEnd);
    }
  }

  /** Room for `count` bytes of text: write into it, then call `run`. Valid until the next call. */
  room(count: number): Buffer {
    const needed = layout.text + count + tailBytes;
    if (needed > this.#bytes.length) {
      this.#memory.grow(Math.ceil((needed - this.#bytes.length) / growthBytes));
      this.#bytes = Buffer.from(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
    }
    return this.#bytes.subarray(layout.text, layout.text + count);
  }

  /** Reports every keyword in the first `count` bytes of the room, in the order of their grams; only those with a gram in the range, if one is given. */
  run(count: number, onHit: KeywordHit, from = 0, to: number = count): void {
    const text: number = layout.text;
    const end = text + count;
    this.#bytes.fill(0, end, end + tailBytes);
    const last = text + to;
    let position = text + from;
    while (position < last) {
      position = this.#scan(position, last, layout.out, layout.outEnd);
      const outEnd = this.#words[layout.outPointer >> 2] ?? layout.out;
      for (let out = layout.out >> 2; out < outEnd >> 2; out += 2) {
        const at = this.#words[out] ?? 0;
        for (const entry of this.#tables.entries(this.#words[out + 1] ?? 0)) {
          const start = at - entry.offset;
          if (start >= text && start + entry.bytes.length <= end && this.#matches(entry.bytes, start)) {
            onHit(entry, start - text);
          }
        }
      }
    }
  }

  #matches(keyword: Uint8Array, start: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < keyword.length; i++) if (((bytes[start + i] ?? 0) | 0x20) !== keyword[i]) return false;
    return true;
  }

  #scanInJs(from: number, end: number, out: number, outEnd: number): number {
    const bytes = this.#bytes;
    const words = this.#words;
    const mask = (1 << layout.gramBits) - 1;
    let next = out;
    let gram = bytes.readInt32LE(from);
    for (let position = from; position < end; position++) {
      const folded = gram | foldMask;
      gram = (gram >>> 8) | ((bytes[position + 4] ?? 0) << 24);
      const hash = Math.imul(folded, hashOfBitmap) >>> (32 - layout.bitmapBits);
      if (((bytes[layout.bitmap + (hash >>> 3)] ?? 0) & (1 << (hash & 7))) === 0) continue;
      let slot = Math.imul(folded, hashOfGrams) >>> (32 - layout.gramBits);
      for (;;) {
        const known = words[(layout.grams >> 2) + slot];
        if (known === 0) break;
        if (known === folded) {
          words[next >> 2] = position;
          words[(next >> 2) + 1] = slot;
          next += 8;
          break;
        }
        slot = (slot + 1) & mask;
      }
      if (next >= outEnd) {
        words[layout.outPointer >> 2] = next;
        return position + 1;
      }
    }
    words[layout.outPointer >> 2] = next;
    return end;
  }
}
