// `#mayAssign` of the guards (guard.ts) as a function of the filter's WebAssembly module.

import { maxName, mostBlank, mostClosers, mostSpace } from './assignment.ts';
import { kind } from './characters.ts';
import { closedPairs, code, getterCodes, isPair, most, wordPairs } from './guard.ts';
import {
  type Code,
  all,
  answer,
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
  not,
  plus,
  set,
  when,
  yes,
} from './wasm-code.ts';
import { asking, call } from './wasm-text.ts';
import { type WasmFunction, op } from './wasm.ts';

/** mayAssign(record, at, end, text, textEnd, table, bareValues) */
export function mayAssign(): WasmFunction {
  const [record, at, end, text, textEnd, table, bareValues] = [0, 1, 2, 3, 4, 5, 6];
  const [nameStart, nameEnd, closed, next, value, isQuoted, scratch] = [7, 8, 9, 10, 11, 12, 13];
  const { is, isAny, isPairOf, skipBlanks } = asking(table, scratch);
  const first = get(next);
  const second = plus(get(next), 1);
  const isPlain = equal(get(closed), get(nameEnd));
  const mayTake = (place: Code): Code =>
    call('mayTake', get(record), place, ...[nameStart, text, textEnd, table, bareValues].map(get));
  const mayHold = (place: Code): Code => call('mayHold', get(record), no, place, get(textEnd), get(table));
  const body = [
    ...set(nameStart, get(at)),
    ...loop(
      all(
        less(get(text), get(nameStart)),
        less(minus(get(at), get(nameStart)), constant(maxName)),
        is(plus(get(nameStart), -1), kind.name),
      ),
      move(nameStart, -1),
    ),
    ...set(nameEnd, get(end)),
    ...loop(all(less(get(at), get(nameEnd)), not(is(plus(get(nameEnd), -1), kind.name))), move(nameEnd, -1)),
    ...loop(
      all(
        less(get(nameEnd), get(textEnd)),
        less(minus(get(nameEnd), get(at)), constant(maxName)),
        is(get(nameEnd), kind.name),
      ),
      move(nameEnd, 1),
    ),
    ...when(less(get(text), get(nameStart)), [
      ...when(isAny(plus(get(nameStart), -1), code.slash), answer(no)),
      ...when(
        isAny(plus(get(nameStart), -1), code.brace, code.lessThan, code.greaterThan, code.questionMark, code.ampersand),
        answer(yes),
      ),
    ]),
    ...set(closed, get(nameEnd)),
    ...Array.from({ length: mostClosers }, () => [
      ...get(closed),
      ...is(get(closed), kind.quote | kind.bracket),
      ...all(isAny(get(closed), code.backslash), is(plus(get(closed), 1), kind.quote)),
      ...constant(2),
      ...op.multiply,
      ...op.add,
      ...op.add,
      ...op.set(closed),
    ]).flat(),
    ...set(next, get(closed)),
    ...loop(
      all(
        less(minus(get(next), get(closed)), constant(mostSpace)),
        any(is(get(next), kind.space), isAny(get(next), code.noBreakSpace)),
      ),
      move(next, 1),
    ),
    ...set(isQuoted, all(less(get(nameEnd), get(closed)), is(plus(get(closed), -1), kind.quote))),
    ...when(any(isAny(first, code.brace, code.backslash), isPairOf(first, wordPairs)), answer(yes)),
    ...when(all(not(isPlain), isPairOf(first, closedPairs)), answer(yes)),
    ...when(isAny(first, code.equals, code.colon), [
      ...operatorEnd(next, end, asking(table, scratch)),
      ...skipBlanks(value, get(end), most.operatorSpace),
      ...when(all(isPlain, isAny(first, code.colon)), when(call('isType', get(value), get(table)), answer(yes))),
      ...answer(mayTake(get(value))),
    ]),
    ...when(isPairOf(first, [isPair]), [
      ...skipBlanks(value, [...plus(first, 2), ...isAny(plus(first, 2), code.colon), ...op.add], most.argumentSpace),
      ...when(mayTake(get(value)), answer(yes)),
    ]),
    ...when(is(first, kind.quote), [
      ...when(isPairOf(second, wordPairs), answer(yes)),
      ...when(isPlain, answer(mayHold(first))),
      ...answer(no),
    ]),
    ...when(all(get(isQuoted), isAny(first, code.bar)), answer(yes)),
    ...when(all(is(first, kind.operator), is(second, kind.second)), [
      ...isAny(second, ...getterCodes),
      ...op.if,
      ...when(not(isPlain), answer(yes)),
      ...op.else,
      ...skipBlanks(value, plus(first, 2), most.operatorSpace),
      ...when(mayTake(get(value)), answer(yes)),
      ...when(isAny(plus(first, 2), code.equals), [
        ...skipBlanks(value, plus(first, 3), most.operatorSpace),
        ...when(mayTake(get(value)), answer(yes)),
      ]),
      ...op.end,
    ]),
    ...when(
      all(
        isAny(first, code.bracket),
        any(isAny(second, code.closingBracket), less(plus(byte(second), -code.zero), constant(10))),
      ),
      answer(yes),
    ),
    ...when(all(isAny(first, code.star), isAny(second, code.s, code.bracket)), answer(yes)),
    ...when(isAny(first, code.comma), [
      ...skipBlanks(value, second, most.argumentSpace),
      ...when(
        any(
          get(isQuoted),
          all(less(get(text), get(nameStart)), isAny(plus(get(nameStart), -1), code.parenthesis, code.colon)),
        ),
        when(mayHold(get(value)), answer(yes)),
      ),
      ...set(value, second),
      ...loop(all(less(minus(get(value), first), constant(mostSpace)), is(get(value), kind.space)), move(value, 1)),
      ...set(value, [...get(value), ...isAny(get(value), code.backslash), ...op.add]),
      ...set(value, [...get(value), ...is(get(value), kind.quote), ...op.add]),
      ...when(isPairOf(get(value), wordPairs), answer(yes)),
    ]),
    ...when(
      all(get(isQuoted), any(isAny(first, code.v), isAny(plus(get(nameStart), -2), code.equals, code.backslash))),
      answer(yes),
    ),
    ...when(isAny(get(nameEnd), code.parenthesis), [
      ...set(value, plus(get(nameEnd), 1)),
      ...loop(
        all(less(minus(get(value), get(nameEnd)), constant(most.callSpace + 1)), is(get(value), kind.space)),
        move(value, 1),
      ),
      ...answer(mayHold(get(value))),
    ]),
    ...skipBlanks(value, get(nameEnd), mostBlank),
    ...when(equal(get(value), get(nameEnd)), answer(no)),
    ...when(
      not(
        any(
          isAny(get(nameStart), code.dash),
          all(
            less(get(text), get(nameStart)),
            is(plus(get(nameStart), -1), kind.space),
            call('leads', ...[nameStart, text, table].map(get)),
          ),
        ),
      ),
      answer(no),
    ),
    ...mayTake(get(value)),
  ];
  return { params: 7, locals: 7, body };
}

/** `#operatorEnd` of what begins at the local `at`, in the local `end`. */
function operatorEnd(at: number, end: number, { isAny }: ReturnType<typeof asking>): Code {
  const isSame = (offset: number): Code => equal(byte(get(at), offset), byte(get(at)));
  return [
    // One more for each that is the same, of at most three.
    ...set(end, plus(get(at), 1)),
    ...when(isSame(1), [...move(end, 1), ...when(isSame(2), move(end, 1))]),
    ...isAny(get(at), code.equals),
    ...op.if,
    ...when(isAny(plus(get(at), 1), code.greaterThan), set(end, plus(get(at), 2))),
    ...op.else,
    ...isAny(get(end), code.equals),
    ...op.if,
    ...move(end, 1),
    ...op.else,
    ...set(end, plus(get(at), 1)),
    ...op.end,
    ...op.end,
  ];
}
