import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson } from '../../output/table.ts';

export const read = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the role')).addHelpText(
      'after',
      '\nPrints JSON, as zvault jwt-role write takes it.',
    );
  },
  async run({ context, args, options }) {
    const [name = ''] = args;
    await using connection = await connect(context, options);
    printJson(context.host, await connection.client.auth.jwtRoles.read(name));
  },
});
