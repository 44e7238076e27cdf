import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';

export const restore = defineCommand<ConnectionFlags>({
  configure(command) {
    environmentOptions(command.argument('<key>', 'the secret'));
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options);
    const { version } = await connection.client.restore(key);
    context.log.done(`restored ${key} as version ${version}`);
  },
});
