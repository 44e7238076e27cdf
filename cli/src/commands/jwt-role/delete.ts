import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const deleteCommand = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the role')).addHelpText(
      'after',
      '\nTokens that it gave stay valid until they end.',
    );
  },
  async run({ context, args, options }) {
    const [name = ''] = args;
    await using connection = await connect(context, options);
    await connection.client.auth.jwtRoles.delete(name);
    context.log.done(`deleted the role ${name}`);
  },
});
