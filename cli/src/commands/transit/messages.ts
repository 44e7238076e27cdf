// encrypt, sign, hmac: bytes in, one tagged text out.

import { type CommandBody, defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { type MessageFlags, messageOptions, readMessage } from './message.ts';

function messageCommand(verb: 'encrypt' | 'sign' | 'hmac', notes: string): CommandBody {
  return defineCommand<MessageFlags>({
    configure(command) {
      messageOptions(command).addHelpText('after', notes);
    },
    async run({ context, args, options }) {
      const { key, bytes } = await readMessage(context, args, options);
      await using connection = await connect(context, options, 'vault');
      context.host.stdout.write(`${await connection.client.vault.transit[verb](key, bytes)}\n`);
    },
  });
}

export const encrypt = messageCommand(
  'encrypt',
  '\nThe bytes are taken as they are: echo adds a line break, printf %s does not.',
);
export const sign = messageCommand('sign', '\nTakes a key of type ed25519.');
export const hmac = messageCommand('hmac', '\nHMAC-SHA-256. Any key will do.');
