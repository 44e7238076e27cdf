// The guards of keywords (guard.ts) as functions of the filter's WebAssembly module. Each does what the method of its name does there.

import { kind } from './characters.ts';
import {
  code,
  directiveEnds,
  guardKind,
  guardLayout,
  loginEnds,
  most,
  prefixPairs,
  typeCodes,
  yamlPairs,
} from './guard.ts';
import { unlimited } from './opening.ts';
import { mayAssign } from './wasm-assignment.ts';
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
  short,
  when,
  yes,
} from './wasm-code.ts';
import { asking, call } from './wasm-text.ts';
import { type WasmFunction, op } from './wasm.ts';

/** In the order of `guardFunction`. */
export function guardFunctions(): readonly WasmFunction[] {
  return [
    allows(),
    runs(),
    opens(),
    mayAssign(),
    mayTake(),
    mayHold(),
    leads(),
    followsPair(),
    isType(),
    goesOnBelow(),
    isPrefix(),
    isInside(),
  ];
}

/** allows(record, at, end, text, textEnd, table, bareValues) */
function allows(): WasmFunction {
  const [record, at, end, text, textEnd, table, bareValues] = [0, 1, 2, 3, 4, 5, 6];
  const body = [
    ...when(not(get(record)), answer(yes)),
    ...when(
      equal(byte([...get(table), ...get(record), ...op.add]), constant(guardKind.assignment)),
      answer(call('mayAssign', ...[record, at, end, text, textEnd, table, bareValues].map(get))),
    ),
    ...call('opens', ...[record, at, text, textEnd, table].map(get)),
  ];
  return { params: 7, locals: 0, body };
}

/** runs(record, at, textEnd, table) */
function runs(): WasmFunction {
  const [record, at, textEnd, table] = [0, 1, 2, 3];
  const [step, steps, count, cut, scratch] = [4, 5, 6, 7, 8];
  const { inClass } = asking(table, scratch);
  const body = [
    ...set(cut, plus(get(at), most.opening)),
    ...when(less(get(cut), get(textEnd)), set(textEnd, get(cut))),
    ...set(step, [...get(table), ...get(record), ...op.add]),
    ...set(steps, byte(get(step), guardLayout.steps)),
    ...move(step, guardLayout.firstStep),
    ...loop(get(steps), [
      ...set(count, no),
      ...op.block, // leave it when the run ends
      ...op.loop,
      ...not(
        any(
          less(get(count), byte(get(step), guardLayout.most)),
          equal(byte(get(step), guardLayout.most), constant(unlimited)),
        ),
      ),
      ...op.brIf(1),
      ...not(less(get(at), get(textEnd))),
      ...op.brIf(1),
      ...not(inClass(short(get(step)), get(at))),
      ...op.brIf(1),
      ...move(at, 1),
      ...move(count, 1),
      ...op.br(0),
      ...op.end,
      ...op.end,
      ...when(equal(get(at), get(cut)), answer(yes)),
      ...when(less(get(count), byte(get(step), guardLayout.least)), answer(no)),
      ...move(step, guardLayout.stepBytes),
      ...move(steps, -1),
    ]),
    ...yes,
  ];
  return { params: 4, locals: 5, body };
}

/** opens(record, at, text, textEnd, table) */
function opens(): WasmFunction {
  const [record, at, text, textEnd, table] = [0, 1, 2, 3, 4];
  const [left, scratch] = [5, 6];
  const { isAny, inClass } = asking(table, scratch);
  const body = [
    ...set(left, short([...get(table), ...get(record), ...op.add], guardLayout.left)),
    ...when(
      all(not(equal(get(left), constant(guardLayout.noClass))), less(get(text), get(at))),
      when(
        inClass(get(left), plus(get(at), -1)),
        when(not(any(isAny(plus(get(at), -2), code.backslash), isAny(plus(get(at), -3), code.percent))), answer(no)),
      ),
    ),
    ...call('runs', ...[record, at, textEnd, table].map(get)),
  ];
  return { params: 5, locals: 2, body };
}

/** mayTake(record, at, nameStart, text, textEnd, table, bareValues) */
function mayTake(): WasmFunction {
  const [record, at, nameStart, text, textEnd, table, bareValues] = [0, 1, 2, 3, 4, 5, 6];
  const bare = 7;
  const mayHold = (other: number): Code => call('mayHold', ...[record, other, at, textEnd, table].map(get));
  const body = [
    ...when(call('goesOnBelow', get(at), get(table)), answer(yes)),
    ...set(bare, get(record)),
    ...when(not(get(bareValues)), set(bare, short([...get(table), ...get(record), ...op.add], guardLayout.bare))),
    ...when(mayHold(bare), answer(yes)),
    ...when(
      not(equal(get(bare), get(record))),
      when(call('followsPair', ...[nameStart, text, table].map(get)), answer(mayHold(record))),
    ),
    ...no,
  ];
  return { params: 7, locals: 1, body };
}

/** mayHold(record, bare, at, textEnd, table) */
function mayHold(): WasmFunction {
  const [record, bare, at, textEnd, table] = [0, 1, 2, 3, 4];
  const [quote, scratch] = [5, 6];
  const { is, isAny } = asking(table, scratch);
  const body = [
    ...when(is(get(at), kind.prefix), when(call('isPrefix', get(at), get(table)), answer(yes))),
    ...set(quote, [...get(at), ...isAny(get(at), code.backslash), ...op.add]),
    ...when(is(get(quote), kind.quote), [
      ...when(isAny(plus(get(quote), 1), code.backslash), answer(yes)),
      ...when(not(is(plus(get(quote), 1), kind.quote)), [
        ...when(call('runs', get(record), plus(get(quote), 1), get(textEnd), get(table)), [
          ...answer(call('isInside', ...[record, quote, textEnd, table].map(get))),
        ]),
        ...answer(no),
      ]),
      ...answer(any(not(equal(byte(get(quote), 1), byte(get(quote)))), equal(byte(get(quote), 2), byte(get(quote))))),
    ]),
    ...when(any(isAny(get(at), code.backslash), not(get(bare))), answer(no)),
    ...call('runs', ...[bare, at, textEnd, table].map(get)),
  ];
  return { params: 5, locals: 2, body };
}

/** leads(nameStart, text, table) */
function leads(): WasmFunction {
  const [nameStart, text, table] = [0, 1, 2];
  const [end, word, scratch] = [3, 4, 5];
  const { is, isAny, endsIn } = asking(table, scratch);
  /** Moves a local back over what is white space, or what is none. */
  const back = (local: number, from: number, isSpace: boolean): Code => {
    const truth = is(plus(get(local), -1), kind.space);
    const goesOn = all(less(minus(get(from), get(local)), constant(most.words)), less(get(text), get(local)));
    return loop(all(goesOn, isSpace ? truth : not(truth)), move(local, -1));
  };
  const body = [
    ...set(end, get(nameStart)),
    ...back(end, nameStart, true),
    ...when(endsIn(get(end), directiveEnds), answer(yes)),
    ...set(word, get(end)),
    ...back(word, end, false),
    ...when(isAny(get(word), code.dash), answer(yes)),
    ...back(word, end, true),
    ...endsIn(get(word), loginEnds),
  ];
  return { params: 3, locals: 3, body };
}

/** followsPair(nameStart, text, table) */
function followsPair(): WasmFunction {
  const [nameStart, text, table] = [0, 1, 2];
  const [at, scratch] = [3, 4];
  const { is, isAny } = asking(table, scratch);
  const body = [
    ...when(not(less(get(text), get(nameStart))), answer(no)),
    ...set(at, plus(get(nameStart), -1)),
    ...when(not(isAny(get(at), code.space)), answer(no)),
    ...loop(
      all(
        less(minus(get(nameStart), get(at)), constant(most.words)),
        less(get(text), get(at)),
        not(is(plus(get(at), -1), kind.space)),
      ),
      [...when(isAny(plus(get(at), -1), code.equals), answer(yes)), ...move(at, -1)],
    ),
    ...no,
  ];
  return { params: 3, locals: 2, body };
}

/** isType(at, table) */
function isType(): WasmFunction {
  const [at, table] = [0, 1];
  const [end, start, scratch] = [2, 3, 4];
  const { is, isAny } = asking(table, scratch);
  const upTo = (limit: number): Code => less(minus(get(end), get(start)), constant(limit));
  const skipSpace = [
    ...set(start, get(end)),
    ...loop(all(upTo(most.typeSpace), is(get(end), kind.space)), move(end, 1)),
  ];
  const body = [
    ...set(end, get(at)),
    ...skipSpace,
    ...set(end, [...get(end), ...isAny(get(end), code.ampersand), ...op.add]),
    ...set(start, get(end)),
    ...loop(all(upTo(most.type), any(is(get(end), kind.name), isAny(get(end), ...typeCodes))), move(end, 1)),
    ...skipSpace,
    ...isAny(get(end), code.equals),
  ];
  return { params: 2, locals: 3, body };
}

/** goesOnBelow(at, table) */
function goesOnBelow(): WasmFunction {
  const [at, table] = [0, 1];
  const [end, start, isBlock, isBelow, scratch] = [2, 3, 4, 5, 6];
  const { is, isAny, isPairOf } = asking(table, scratch);
  const body = [
    ...set(isBlock, isAny(get(at), code.bar, code.greaterThan)),
    ...set(end, [...get(at), ...any(isAny(get(at), code.parenthesis), get(isBlock)), ...op.add]),
    ...when(get(isBlock), set(end, [...get(end), ...isAny(get(end), code.plus, code.dash), ...op.add])),
    ...set(start, get(end)),
    ...loop(all(less(minus(get(end), get(start)), constant(most.words)), is(get(end), kind.space)), [
      ...when(isAny(get(end), code.newline), set(isBelow, yes)),
      ...move(end, 1),
    ]),
    ...all(get(isBelow), any(get(isBlock), is(get(end), kind.quote), isPairOf(get(end), yamlPairs))),
  ];
  return { params: 2, locals: 5, body };
}

/** isPrefix(at, table) */
function isPrefix(): WasmFunction {
  const [at, table] = [0, 1];
  const [i, scratch] = [2, 3];
  const { is, isAny, isPairOf } = asking(table, scratch);
  const here = [...get(at), ...get(i), ...op.add];
  const body = [
    ...[1, 2].flatMap((ahead) =>
      when(any(is(plus(get(at), ahead), kind.quote), isAny(plus(get(at), ahead), code.backslash)), answer(yes)),
    ),
    ...when(not(any(isAny(get(at), code.ampersand), isPairOf(get(at), prefixPairs))), answer(no)),
    ...set(i, yes),
    ...loop(all(less(get(i), constant(most.prefix)), not(isAny(here, code.newline))), [
      ...when(is(here, kind.quote), answer(yes)),
      ...move(i, 1),
    ]),
    ...no,
  ];
  return { params: 2, locals: 2, body };
}

/** isInside(record, quote, textEnd, table) */
function isInside(): WasmFunction {
  const [record, quote, textEnd, table] = [0, 1, 2, 3];
  const [inside, at, scratch] = [4, 5, 6];
  const { isAny, inClass } = asking(table, scratch);
  const body = [
    ...set(inside, short([...get(table), ...get(record), ...op.add], guardLayout.inside)),
    ...set(at, plus(get(quote), 1)),
    ...loop(all(less(minus(get(at), get(quote)), constant(most.opening)), less(get(at), get(textEnd))), [
      ...when(any(equal(byte(get(at)), byte(get(quote))), isAny(get(at), code.backslash)), answer(yes)),
      ...when(not(inClass(get(inside), get(at))), answer(no)),
      ...move(at, 1),
    ]),
    ...yes,
  ];
  return { params: 4, locals: 3, body };
}
