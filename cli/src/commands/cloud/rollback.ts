import { defineCommand, integerIn } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';

interface Options extends ConnectionFlags {
  readonly to: number;
}

export const rollback = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .argument('<key>', 'the secret')
        .requiredOption('--to <version>', 'the version whose value is wanted', integerIn('--to', 1, 2 ** 31 - 1)),
    );
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options);
    const { version } = await connection.client.rollback(key, options.to);
    context.log.done(`${key} has the value of version ${options.to} again, as version ${version}`);
  },
});
