import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const deleteCommand = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the policy')).addHelpText(
      'after',
      '\nTokens keep its name, and get nothing by it any more.',
    );
  },
  async run({ context, args, options }) {
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.auth.policies.delete(name);
    context.log.done(`deleted the policy ${name}`);
  },
});
