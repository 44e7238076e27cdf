import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const deleteMount = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'where it is mounted')).addHelpText(
      'after',
      '\nIts leases end. Its secrets stay, encrypted, and are there again when it is mounted again.',
    );
  },
  async run({ context, args, options }) {
    const name = (args[0] ?? '').replace(/\/$/, '');
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.mounts.delete(name);
    context.log.done(`unmounted ${name}/`);
  },
});
