import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const roleId = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the role'));
  },
  async run({ context, args, options }) {
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    context.host.stdout.write(`${await connection.client.auth.appRoles.roleId(name)}\n`);
  },
});
