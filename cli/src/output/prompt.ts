// Questions to a person at a terminal. Where nobody can answer, a command says what to give instead; it never waits
// for an answer that cannot come.

import { ZvaultError } from '@zvault/core/domain';
import type { Context } from '../context.ts';
import { readInput } from '../input.ts';

/** True when a person can answer: both the keyboard and the screen are there. */
export function isInteractive(context: Context): boolean {
  return context.host.stdin.isTTY === true && context.host.stderr.isTTY === true;
}

/**
 * Asks for a value without showing it.
 * @throws INTERRUPTED when the user leaves the prompt.
 */
export async function promptHidden(context: Context, question: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const { host, interrupted } = context;
  const answer = await password({ message: question, input: host.stdin, output: host.stderr, signal: interrupted });
  if (isCancel(answer)) throw new ZvaultError('INTERRUPTED', 'interrupted');
  return answer;
}

/** A secret from stdin: typed unseen at a terminal, else everything that the pipe or file holds, byte for byte. */
export async function readSecretText(context: Context, question: string): Promise<string> {
  return isInteractive(context) ? promptHidden(context, question) : readInput(context);
}
