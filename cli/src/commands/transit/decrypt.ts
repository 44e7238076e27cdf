import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { readTagged } from './message.ts';

export const decrypt = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(
      command.argument('<key>', 'the name of its key').argument('[ciphertext]', 'vault:v1:… (default: stdin)'),
    ).addHelpText('after', '\nPrints the bytes as they are.');
  },
  async run({ context, args, options }) {
    const [key = '', ciphertext] = args;
    const text = await readTagged(context, ciphertext);
    await using connection = await connect(context, options, 'vault');
    context.host.stdout.write(await connection.client.vault.transit.decrypt(key, text));
  },
});
