// The inner loop of the keyword filter as a WebAssembly module, written out opcode by opcode. It runs compiled from the
// first byte, where the same loop in JavaScript starts interpreted: in a hook that lives for 60 ms that is what counts.
//
//   scan(position, end, out, outEnd, text, textEnd, guards, bareValues) -> next position
//
// At each position it reads four bytes, folds them to lower case (`| 0x20` each), and looks the hash up in a bitmap. A set bit
// leads to an open-addressed table of the exact grams, and a gram found there to the keywords that have it: each that stands
// whole in the text (`text` to `textEnd`), and of which the guard says that a rule may match there, is emitted as (its start, its entry). The end of what was emitted is left at
// `layout.outPointer`.

import { seek } from './wasm-code.ts';
import { moduleOf, op } from './wasm.ts';
import { guardFunctions } from './wasm-guard.ts';
import { guardFunction } from './wasm-text.ts';

/** Where things stand in the module's memory, in bytes. */
export const layout = {
  bitmap: 0,
  /** 2^18 bits. */
  bitmapBits: 18,
  grams: 32_768,
  /** 2^13 slots of four bytes; 0 is empty (a folded gram never is). */
  gramBits: 13,
  outPointer: 65_536,
  out: 65_544,
  /** Here the loop hands over what it has: `mostEntries` more still fit behind it. */
  outEnd: 81_408,
  /** A word for each slot: where its entries begin, from here. Entries: see tables.ts. The text follows them. */
  slots: 81_920,
} as const;

/**
 * Where things stand in an entry: the length of the keyword, where its gram stands in it, the number of its meanings (a byte each), its
 * guard (u16, guard.ts), its bytes; behind them the meanings (u16 each).
 */
export const entryLayout = { length: 0, offset: 1, meanings: 2, guard: 3, bytes: 5 } as const;

/** The most keywords of one gram. */
export const mostEntries = (layout.slots - layout.outEnd) / 8;

/** Multipliers of the two hashes (odd, from the golden ratio and a prime of good spread). */
export const hashOfBitmap = 0x9e3779b1 | 0;
export const hashOfGrams = 0x85ebca6b | 0;
export const foldMask = 0x20202020;

/** The module's bytes. */
export function filterModule(): Uint8Array<ArrayBuffer> {
  const [position, end, out, outEnd, text, textEnd, guards, bareValues] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [word, hash, slot, entry, length, start, i] = [8, 9, 10, 11, 12, 13, 14];
  /** Whether a gram may stand `ahead` of the position: the bit of its hash. A shift takes the lowest five bits of its count. */
  const mayStand = (ahead: number): readonly number[] => [
    ...op.get(position),
    ...op.load(ahead),
    ...op.constant(foldMask),
    ...op.or,
    ...op.constant(hashOfBitmap),
    ...op.multiply,
    ...op.tee(hash),
    ...op.constant(32 - layout.bitmapBits + 5),
    ...op.shiftRightUnsigned,
    ...op.constant(4),
    ...op.multiply,
    ...op.load(layout.bitmap),
    ...op.get(hash),
    ...op.shiftRightUnsigned,
    ...op.constant(1),
    ...op.and,
  ];
  const body = [
    ...op.block,
    ...op.loop, // each position
    ...seek(position, 1, [...op.get(position), ...op.get(end), ...op.greaterOrEqualUnsigned], mayStand),
    ...op.block, // leave it for the next position
    ...op.get(position),
    ...op.load(0),
    ...op.constant(foldMask),
    ...op.or,
    ...op.set(word),
    ...op.get(word),
    ...op.constant(hashOfGrams),
    ...op.multiply,
    ...op.constant(32 - layout.gramBits),
    ...op.shiftRightUnsigned,
    ...op.set(slot),
    ...op.loop, // each slot of the probe
    ...op.get(slot),
    ...op.constant(4),
    ...op.multiply,
    ...op.load(layout.grams),
    ...op.tee(hash),
    ...op.isZero,
    ...op.brIf(1),
    ...op.get(hash),
    ...op.get(word),
    ...op.equal,
    ...op.isZero,
    ...op.if, // it is another gram
    ...op.get(slot),
    ...op.constant(1),
    ...op.add,
    ...op.constant((1 << layout.gramBits) - 1),
    ...op.and,
    ...op.set(slot),
    ...op.br(1),
    ...op.end,
    ...op.end,
    ...op.get(slot),
    ...op.constant(4),
    ...op.multiply,
    ...op.load(layout.slots),
    ...op.constant(layout.slots),
    ...op.add,
    ...op.set(entry),
    ...op.block, // leave it when the entries are done
    ...op.loop, // each entry
    ...op.get(entry),
    ...op.loadByte(0),
    ...op.tee(length),
    ...op.isZero,
    ...op.brIf(1),
    ...op.block, // leave it for the next entry
    ...op.get(position),
    ...op.get(entry),
    ...op.loadByte(entryLayout.offset),
    ...op.subtract,
    ...op.tee(start),
    ...op.get(text),
    ...op.lessUnsigned,
    ...op.brIf(0),
    ...op.get(start),
    ...op.get(length),
    ...op.add,
    ...op.get(textEnd),
    ...op.greaterUnsigned,
    ...op.brIf(0),
    ...op.constant(0),
    ...op.set(i),
    ...op.loop, // each byte
    ...op.get(start),
    ...op.get(i),
    ...op.add,
    ...op.loadByte(0),
    ...op.constant(0x20),
    ...op.or,
    ...op.get(entry),
    ...op.get(i),
    ...op.add,
    ...op.loadByte(entryLayout.bytes),
    ...op.notEqual,
    ...op.brIf(1),
    ...op.get(i),
    ...op.constant(1),
    ...op.add,
    ...op.tee(i),
    ...op.get(length),
    ...op.lessUnsigned,
    ...op.brIf(0),
    ...op.end,
    ...op.get(guards),
    ...op.if, // they are asked
    ...op.get(entry),
    ...op.loadShort(entryLayout.guard),
    ...op.get(start),
    ...op.get(start),
    ...op.get(length),
    ...op.add,
    ...op.get(text),
    ...op.get(textEnd),
    ...op.get(guards),
    ...op.get(bareValues),
    ...op.call(guardFunction.allows),
    ...op.isZero,
    ...op.brIf(1),
    ...op.end,
    ...op.get(out),
    ...op.get(start),
    ...op.store(0),
    ...op.get(out),
    ...op.get(entry),
    ...op.store(4),
    ...op.get(out),
    ...op.constant(8),
    ...op.add,
    ...op.set(out),
    ...op.end,
    ...op.get(entry),
    ...op.get(length),
    ...op.add,
    ...op.get(entry),
    ...op.loadByte(entryLayout.meanings),
    ...op.constant(2),
    ...op.multiply,
    ...op.add,
    ...op.constant(entryLayout.bytes),
    ...op.add,
    ...op.set(entry),
    ...op.br(0),
    ...op.end,
    ...op.end,
    ...op.get(out),
    ...op.get(outEnd),
    ...op.lessUnsigned,
    ...op.brIf(0),
    ...op.constant(layout.outPointer),
    ...op.get(out),
    ...op.store(0),
    ...op.get(position),
    ...op.constant(1),
    ...op.add,
    ...op.return,
    ...op.end,
    ...op.get(position),
    ...op.constant(1),
    ...op.add,
    ...op.set(position),
    ...op.br(0),
    ...op.end,
    ...op.end,
    ...op.constant(layout.outPointer),
    ...op.get(out),
    ...op.store(0),
    ...op.get(end),
  ];
  return moduleOf({ params: 8, locals: 7, body }, ...guardFunctions());
}
