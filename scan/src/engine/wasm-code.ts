// Pieces of WebAssembly code as expressions, for functions that are too long to be written out opcode by opcode.

import { op } from './wasm.ts';

/** Opcodes. */
export type Code = readonly number[];

export const get = op.get;
export const constant = op.constant;
export const plus = (a: Code, by: number): Code => [...a, ...constant(by), ...op.add];
export const minus = (a: Code, b: Code): Code => [...a, ...b, ...op.subtract];
export const set = (local: number, value: Code): Code => [...value, ...op.set(local)];
export const move = (local: number, by: number): Code => set(local, plus(get(local), by));
export const byte = (address: Code, offset = 0): Code => [...address, ...op.loadByte(offset)];
export const short = (address: Code, offset = 0): Code => [...address, ...op.loadShort(offset)];
export const equal = (a: Code, b: Code): Code => [...a, ...b, ...op.equal];
export const less = (a: Code, b: Code): Code => [...a, ...b, ...op.lessUnsigned];
export const not = (a: Code): Code => [...a, ...op.isZero];
/** Of truths that are 0 or 1; all of them are looked at. */
export const all = (...truths: readonly Code[]): Code =>
  truths.flatMap((one, i) => (i === 0 ? one : [...one, ...op.and]));
export const any = (...truths: readonly Code[]): Code =>
  truths.flatMap((one, i) => (i === 0 ? one : [...one, ...op.or]));
export const when = (condition: Code, body: Code): Code => [...condition, ...op.if, ...body, ...op.end];
export const loop = (condition: Code, body: Code): Code => [
  ...op.block,
  ...op.loop,
  ...not(condition),
  ...op.brIf(1),
  ...body,
  ...op.br(0),
  ...op.end,
  ...op.end,
];
export const answer = (value: Code): Code => [...value, ...op.return];
export const no = constant(0);
export const yes = constant(1);

/** Places that `seek` looks at in one go. */
const unrolled = 4;

/**
 * Moves the local `at` on, `stride` bytes at a time, to the next place where something may stand; leaves the block around the loop that this
 * is in when all is done. `mayStand` looks so many bytes ahead of the local, past the end of the text for up to three strides.
 */
export const seek = (at: number, stride: number, isDone: Code, mayStand: (ahead: number) => Code): Code => {
  const places = [...Array(unrolled).keys()];
  return [
    ...places.flatMap(() => op.block),
    ...op.loop,
    ...isDone,
    ...op.brIf(unrolled + 2),
    ...places.flatMap((place) => [...mayStand(place * stride), ...op.brIf(unrolled - place)]),
    ...move(at, unrolled * stride),
    ...op.br(0),
    ...op.end,
    // Leaving a block further out passes fewer of these.
    ...places.slice(1).flatMap(() => [...op.end, ...move(at, stride)]),
    ...op.end,
    ...isDone,
    ...op.brIf(1),
  ];
};
