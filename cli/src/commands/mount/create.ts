import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

interface Options extends ConnectionFlags {
  readonly description?: string;
  readonly type?: string;
}

export const create = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<name>', 'first segment of its paths')
        .option('--description <text>', 'what it is for')
        .option('--type <engine>', 'kv, or transit for the mount of that name', 'kv'),
    ).addHelpText('after', '\nWhere something was mounted before, what it held is there again.');
  },
  async run({ context, args, options }) {
    const name = (args[0] ?? '').replace(/\/$/, '');
    const { description, type = 'kv' } = options;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.mounts.create(name, {
      engine: type,
      ...(description === undefined ? {} : { description }),
    });
    context.log.done(`mounted ${type} at ${name}/`);
  },
});
