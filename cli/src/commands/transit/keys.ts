// create-key, rotate-key, min-version.

import { defineCommand, integerIn, oneOf } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

const types = ['aes256-gcm96', 'ed25519'] as const;

export const createKey = defineCommand<ConnectionFlags & { readonly type?: (typeof types)[number] }>({
  configure(command) {
    addressOption(
      command
        .argument('<key>', 'its name')
        .option(
          '--type <type>',
          'aes256-gcm96 to encrypt, ed25519 to sign (default: aes256-gcm96)',
          oneOf('--type', types),
        ),
    );
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.transit.createKey(key, { type: options.type });
    context.log.done(`made the key ${key}`);
  },
});

export const rotateKey = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<key>', 'its name')).addHelpText('after', '\nOlder versions go on decrypting.');
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const version = await connection.client.vault.transit.rotateKey(key);
    context.log.done(`version ${version} of ${key} is the newest`);
  },
});

export const minVersion = defineCommand<ConnectionFlags & { readonly version: number }>({
  configure(command) {
    addressOption(
      command
        .argument('<key>', 'its name')
        .requiredOption('--version <n>', 'the oldest version', integerIn('--version', 1, 2 ** 31 - 1)),
    );
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.transit.setMinimumVersion(key, options.version);
    context.log.done(`${key} decrypts and verifies from version ${options.version} on`);
  },
});
