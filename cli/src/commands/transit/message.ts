// What transit works on: bytes from stdin or a file, never from the arguments; and tagged texts, which are no secrets.

import type { Command } from 'commander';
import { ZvaultError } from '@zvault/core/domain';
import { type ConnectionFlags, addressOption } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { readFileBytes, readInput, readInputBytes } from '../../input.ts';

export interface MessageFlags extends ConnectionFlags {
  readonly file?: string;
}

/** `<key>`, `--file`, `--url`. */
export function messageOptions(command: Command): Command {
  return addressOption(
    command
      .usage('[options] <key>')
      // A second argument is taken only to say why it is refused.
      .argument('<key...>')
      .option('--file <file>', 'take the bytes from this file (default: stdin)'),
  );
}

/** The key's name, and the bytes. @throws USAGE */
export async function readMessage(
  context: Context,
  args: readonly string[],
  { file }: MessageFlags,
): Promise<{ key: string; bytes: Buffer }> {
  const [key = '', ...others] = args;
  if (others.length > 0) {
    throw new ZvaultError(
      'USAGE',
      'a message is not taken from the arguments: other users of this machine can read them',
      {
        hint: 'give it on stdin, or with --file',
      },
    );
  }
  const bytes = file === undefined ? await readInputBytes(context) : readFileBytes(context.host.cwd, file);
  return { key, bytes };
}

/** The tagged text of the arguments, else of stdin. */
export async function readTagged(context: Context, argument: string | undefined): Promise<string> {
  const text = (argument ?? (await readInput(context))).trim();
  if (text === '') throw new ZvaultError('USAGE', 'no ciphertext is given', { hint: 'give it on stdin' });
  return text;
}
