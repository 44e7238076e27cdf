import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const revoke = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<lease>', 'its id'));
  },
  async run({ context, args, options }) {
    const [id = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.leases.revoke(id);
    context.log.done(`the lease ${id} has ended`);
  },
});
