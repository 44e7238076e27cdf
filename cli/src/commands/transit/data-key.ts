import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson } from '../../output/table.ts';

export const dataKey = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<key>', 'the key that encrypts it')).addHelpText(
      'after',
      '\nPrints JSON: "plaintext" (32 bytes, base64) and "ciphertext". Keep the ciphertext beside what the\nkey encrypts, and the plaintext nowhere.',
    );
  },
  async run({ context: { host }, context, args, options }) {
    await using connection = await connect(context, options, 'vault');
    const { plaintext, ciphertext } = await connection.client.vault.transit.dataKey(args[0] ?? '');
    printJson(host, { plaintext: plaintext.expose(), ciphertext });
  },
});
