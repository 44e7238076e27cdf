// What commander says about arguments that it does not take, as our errors. What stands in arguments may be a secret
// that was put in the wrong place, so it is not repeated.

import type { CommanderError } from 'commander';
import { ZvaultError } from '@zvault/core/domain';

/** Options whose value would be a secret: why they do not exist, and what to use instead. */
const secretFlags: Readonly<Record<string, string>> = {
  '--token': 'set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE, or run zvault login',
  '--share': 'run zvault unseal and type the share, or give it on stdin or with --share-file',
  '--secret-id': 'type the secret id when asked, or give it on stdin',
  '--value': 'give the value on stdin',
  '--secret': 'give the value on stdin',
  '--password': 'give the value on stdin',
  '--passphrase': 'set ZVAULT_UNSEAL_PASSPHRASE',
};

export function usageError(error: CommanderError): ZvaultError {
  if (error.code === 'commander.help') return new ZvaultError('USAGE', 'a command is missing');
  if (error.code === 'commander.unknownOption') {
    const flag = /'(--[\w-]+|-\w)/.exec(error.message)?.[1] ?? '-';
    const hint = secretFlags[flag];
    if (hint !== undefined) {
      return new ZvaultError('USAGE', `there is no ${flag}: other users of this machine can read arguments`, { hint });
    }
    return new ZvaultError('USAGE', `unknown option ${flag}`, { hint: suggestion(error) });
  }
  const [first = ''] = error.message.replace(/^error: /, '').split('\n', 1);
  return new ZvaultError('USAGE', first.slice(0, 1).toLowerCase() + first.slice(1), { hint: suggestion(error) });
}

function suggestion({ message }: CommanderError): string {
  const similar = /\(Did you mean (?:one of )?(.+)\?\)/.exec(message)?.[1];
  return similar === undefined ? 'see zvault help' : `did you mean ${similar}?`;
}
