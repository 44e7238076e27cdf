import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { readTagged } from './message.ts';

export const rewrap = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(
      command.argument('<key>', 'the name of its key').argument('[ciphertext]', 'vault:v1:… (default: stdin)'),
    );
  },
  async run({ context, args, options }) {
    const [key = '', ciphertext] = args;
    const text = await readTagged(context, ciphertext);
    await using connection = await connect(context, options, 'vault');
    context.host.stdout.write(`${await connection.client.vault.transit.rewrap(key, text)}\n`);
  },
});
