// Tokens that a command is about, other than the one it comes with. Never from the arguments.

import { Secret, ZvaultError } from '@zvault/core/domain';
import type { Context } from './context.ts';
import { readSecretText } from './output/prompt.ts';

/** Typed unseen, or read from stdin. @throws USAGE when there is none */
export async function readOtherToken(context: Context): Promise<Secret> {
  const text = (await readSecretText(context, 'Token')).trim();
  if (text === '')
    throw new ZvaultError('USAGE', 'no token is given', { hint: 'type it when asked, or give it on stdin' });
  const token = new Secret(text);
  context.redactor.add(token);
  return token;
}

/** @throws USAGE when a command that takes none has arguments */
export function refuseTokenArgument(args: readonly string[]): void {
  if (args.length === 0) return;
  throw new ZvaultError('USAGE', 'a token is not taken from the arguments: other users of this machine can read them', {
    hint: 'give it on stdin, with --stdin where the command is about your own otherwise',
  });
}
