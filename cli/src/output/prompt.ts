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

/** Asks for a yes or no; no is the default. @throws INTERRUPTED when the user leaves the prompt. */
export async function promptConfirm(context: Context, question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const { host, interrupted } = context;
  const asked = { message: question, initialValue: false, input: host.stdin, output: host.stderr, signal: interrupted };
  const answer = await confirm(asked);
  if (isCancel(answer)) throw new ZvaultError('INTERRUPTED', 'interrupted');
  return answer;
}

/** A passphrase for a new way in: at a terminal typed twice, else from stdin. @throws INPUT_INVALID */
export async function promptNewPassphrase(context: Context): Promise<string> {
  const passphrase = (await readSecretText(context, 'Passphrase')).replace(/\r?\n$/, '');
  if (passphrase === '') throw new ZvaultError('INPUT_INVALID', 'the passphrase is empty');
  context.redactor.add(passphrase);
  if (isInteractive(context) && (await promptHidden(context, 'The same again')) !== passphrase) {
    throw new ZvaultError('INPUT_INVALID', 'the passphrases differ');
  }
  return passphrase;
}
