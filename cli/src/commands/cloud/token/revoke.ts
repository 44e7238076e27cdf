import { defineCommand } from '../../../command.ts';
import { type ConnectionFlags, connect, projectOptions } from '../../../connection.ts';

export const revoke = defineCommand<ConnectionFlags>({
  configure(command) {
    projectOptions(command.argument('<id>', 'id of the token, as zvault cloud token list shows it'));
  },
  async run({ context, args, options }) {
    const [id = ''] = args;
    await using connection = await connect(context, options);
    const { client } = connection;
    const { org, project } = await client.ownProject();
    await client.cloud.tokens.revoke(org, project, id);
    context.log.done(`revoked ${id}`);
  },
});
