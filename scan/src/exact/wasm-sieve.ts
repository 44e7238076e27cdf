// The loop of the sieve (sieve.ts) as a WebAssembly module.
//
//   scan(at, last, windowShift, heads, headShift, mask) -> 1 if one of the forms may stand there, else 0
//
// `at` is the first position, of four bytes, that is looked up in the bitmap at the memory's start; `last` the last one at which a form
// can begin. `heads` is where the table of heads stands (sieve.ts), `mask` its number of slots less one.

import { seek } from '../engine/wasm-code.ts';
import { moduleOf, op } from '../engine/wasm.ts';

/** Windows of four bytes are looked up at every fourth position: of a form's first seven bytes one is at such a place. */
export const stride = 4;
export const windowMultiplier = 0x9e3779b1 | 0;
/** The second of a window's two bits in its word of the bitmap: the five bits of the hash from this one on, which say nothing of the word. */
export const secondBit = 6;
export const headMultiplier = 0x85ebca6b | 0;

export function sieveModule(): Uint8Array<ArrayBuffer> {
  const [at, last, windowShift, heads, headShift, mask] = [0, 1, 2, 3, 4, 5];
  const [bit, start, hash, slot, known, entry] = [6, 7, 8, 9, 10, 11];
  const step = (local: number, by: number): number[] => [
    ...op.get(local),
    ...op.constant(by),
    ...op.add,
    ...op.set(local),
  ];
  /** Whether the window `ahead` of the position is one of a form: its two bits. */
  const mayStand = (ahead: number): readonly number[] => [
    ...op.get(at),
    ...op.load(ahead),
    ...op.constant(windowMultiplier),
    ...op.multiply,
    ...op.tee(hash),
    ...op.get(windowShift),
    ...op.shiftRightUnsigned,
    ...op.tee(bit),
    ...op.constant(5),
    ...op.shiftRightUnsigned,
    ...op.constant(4),
    ...op.multiply,
    ...op.load(0),
    ...op.tee(known),
    ...op.get(bit), // shift counts are taken modulo 32
    ...op.shiftRightUnsigned,
    ...op.get(known),
    ...op.get(hash),
    ...op.constant(secondBit),
    ...op.shiftRightUnsigned,
    ...op.shiftRightUnsigned,
    ...op.and,
    ...op.constant(1),
    ...op.and,
  ];
  const isDone = [...op.get(at), ...op.get(last), ...op.constant(stride), ...op.add, ...op.greaterOrEqualUnsigned];
  const body = [
    ...op.block, // leave it when the text is done
    ...op.loop, // each window
    ...seek(at, stride, isDone, mayStand),
    ...op.block, // leave it for the next window
    ...op.get(at),
    ...op.constant(1 - stride),
    ...op.add,
    ...op.set(start),
    ...op.loop, // each place at which a form with this window can begin
    ...op.get(start),
    ...op.load(0),
    ...op.constant(windowMultiplier),
    ...op.multiply,
    ...op.get(start),
    ...op.load(4),
    ...op.exclusiveOr,
    ...op.constant(headMultiplier),
    ...op.multiply,
    ...op.tee(hash),
    ...op.get(hash),
    ...op.constant(15),
    ...op.shiftRightUnsigned,
    ...op.exclusiveOr,
    ...op.tee(hash),
    ...op.isZero,
    ...op.if,
    ...op.constant(1),
    ...op.set(hash),
    ...op.end,
    ...op.get(hash),
    ...op.get(headShift),
    ...op.shiftRightUnsigned,
    ...op.set(slot),
    ...op.block, // leave it at a free slot
    ...op.loop, // each slot of the probe
    ...op.get(heads),
    ...op.get(slot),
    ...op.constant(8),
    ...op.multiply,
    ...op.add,
    ...op.tee(entry),
    ...op.load(0),
    ...op.tee(known),
    ...op.isZero,
    ...op.brIf(1),
    ...op.get(known),
    ...op.get(hash),
    ...op.equal,
    ...op.get(entry),
    ...op.load(4),
    ...op.get(start),
    ...op.load(4),
    ...op.equal,
    ...op.and,
    ...op.if,
    ...op.constant(1),
    ...op.return,
    ...op.end,
    ...step(slot, 1),
    ...op.get(slot),
    ...op.get(mask),
    ...op.and,
    ...op.set(slot),
    ...op.br(0),
    ...op.end,
    ...op.end,
    ...op.get(start),
    ...op.get(at),
    ...op.lessUnsigned,
    ...op.get(start),
    ...op.get(last),
    ...op.lessUnsigned,
    ...op.and,
    ...step(start, 1),
    ...op.brIf(0),
    ...op.end,
    ...op.end,
    ...step(at, stride),
    ...op.br(0),
    ...op.end,
    ...op.end,
    ...op.constant(0),
  ];
  return moduleOf({ params: 6, locals: 6, body });
}
