// What the functions of wasm-guard.ts and wasm-assignment.ts ask of the text, and how they call each other.

import { code, guardLayout } from './guard.ts';
import {
  type Code,
  all,
  any,
  byte,
  constant,
  equal,
  get,
  less,
  loop,
  minus,
  move,
  no,
  plus,
  set,
  short,
} from './wasm-code.ts';
import { op } from './wasm.ts';

/** The places of the functions in the module; `scan` is the first. */
export const guardFunction = {
  allows: 1,
  runs: 2,
  opens: 3,
  mayAssign: 4,
  mayTake: 5,
  mayHold: 6,
  leads: 7,
  followsPair: 8,
  isType: 9,
  goesOnBelow: 10,
  isPrefix: 11,
  isInside: 12,
} as const;
export const call = (name: keyof typeof guardFunction, ...values: readonly Code[]): Code => [
  ...values.flat(),
  ...op.call(guardFunction[name]),
];

/** What asks for characters, where `table` is the local that has the table and `scratch` one that is free. */
export function asking(
  table: number,
  scratch: number,
): {
  is: (address: Code, bit: number) => Code;
  isAny: (address: Code, ...codes: readonly number[]) => Code;
  inClass: (index: Code, address: Code) => Code;
  isPairOf: (address: Code, pairs: readonly number[]) => Code;
  endsIn: (end: Code, triples: readonly number[]) => Code;
  skipBlanks: (local: number, from: Code, limit: number) => Code;
} {
  const isOneOf = (value: Code, values: readonly number[]): Code => [
    ...set(scratch, value),
    ...any(...values.map((one) => equal(get(scratch), constant(one)))),
  ];
  const is = (address: Code, bit: number): Code => [
    ...get(table),
    ...byte(address),
    ...op.add,
    ...op.loadByte(0),
    ...constant(bit),
    ...op.and,
    ...no,
    ...op.notEqual,
  ];
  const isAny = (address: Code, ...codes: readonly number[]): Code => isOneOf(byte(address), codes);
  const pairAt = (address: Code): Code => [
    ...byte(address),
    ...constant(256),
    ...op.multiply,
    ...byte(address, 1),
    ...op.or,
    ...constant(0x2020),
    ...op.or,
  ];
  return {
    is,
    isAny,
    inClass: (index, address) => [
      ...byte(address),
      ...op.tee(scratch),
      ...constant(3),
      ...op.shiftRightUnsigned,
      ...index,
      ...constant(guardLayout.classBytes),
      ...op.multiply,
      ...op.add,
      ...get(table),
      ...op.add,
      ...op.loadByte(guardLayout.classes),
      ...get(scratch),
      ...constant(7),
      ...op.and,
      ...op.shiftRightUnsigned,
      ...constant(1),
      ...op.and,
    ],
    isPairOf: (address, pairs) => isOneOf(pairAt(address), pairs),
    endsIn: (end, triples) => {
      const first = plus(end, -3);
      const value = [...short(first), ...byte(first, 2), ...constant(1 << 16), ...op.multiply, ...op.or];
      return isOneOf([...value, ...constant(0x202020), ...op.or], triples);
    },
    skipBlanks: (local, from, limit) => [
      ...set(local, from),
      ...loop(
        all(less(minus(get(local), from), constant(limit)), isAny(get(local), code.space, code.tab)),
        move(local, 1),
      ),
    ],
  };
}
