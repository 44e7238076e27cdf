// What a command is: data for the lists and the help, and a body that is loaded when the command is used. `run` and
// `dev` start fast because nothing of the others is touched.

import type { Command } from 'commander';
import { ZvaultError } from '@zvault/core/domain';
import type { Context } from './context.ts';

export interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** It reads its arguments itself: all that follow its name are its operands. Options are declared for the help alone. */
  readonly ownArguments?: true;
  load(): Promise<CommandBody>;
}

export interface Invocation<Options> {
  readonly context: Context;
  /** The operands, those after `--` included. */
  readonly args: readonly string[];
  readonly options: Options;
  /** The whole tree of commands, everything loaded. */
  readonly tree: () => Promise<Command>;
}

/** A command with subcommands, or one that does something. */
export interface CommandBody {
  /** Sorted. */
  readonly subcommands?: readonly CommandEntry[];
  /** Options, arguments and help text. */
  configure?(command: Command): void;
  /** Answers the exit code; 0 when it answers nothing. */
  run?(invocation: Invocation<Readonly<Record<string, unknown>>>): Promise<number | void>;
}

/** Gives `run` the type of its options, which `configure` declares. */
export function defineCommand<Options extends object>(body: {
  configure(command: Command): void;
  run(invocation: Invocation<Options>): Promise<number | void>;
}): CommandBody {
  return {
    configure: (command) => body.configure(command),
    run: (invocation) => body.run(invocation as unknown as Invocation<Options>),
  };
}

/** Option values that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** A parser that knows the words which it takes: completion offers them. */
export interface WordParser<T extends string> {
  (value: string): T;
  readonly words: readonly T[];
}

/** A parser for an option that takes one of a few words. */
export function oneOf<const T extends string>(flag: string, words: readonly T[]): WordParser<T> {
  const parse = (value: string): T => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw new ZvaultError('USAGE', `${flag} takes one of: ${words.join(', ')}`);
    return word;
  };
  return Object.assign(parse, { words });
}

/** A parser for an option that takes a whole number in a range, limits included. */
export function integerIn(flag: string, minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= minimum && number <= maximum)) {
      throw new ZvaultError('USAGE', `${flag} takes a whole number from ${minimum} to ${maximum}`);
    }
    return number;
  };
}
