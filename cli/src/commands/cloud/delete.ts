import { defineCommand, integerIn } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';

interface Options extends ConnectionFlags {
  readonly cas?: number;
}

export const deleteSecret = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .argument('<key>', 'the secret')
        .option('--cas <n>', 'only if this is the current version', integerIn('--cas', 1, 2 ** 31 - 1)),
    ).addHelpText('after', '\nzvault cloud restore brings it back while the server keeps deleted secrets.');
  },
  async run({ context, args, options }) {
    const [key = ''] = args;
    await using connection = await connect(context, options);
    const { cas } = options;
    await connection.client.delete(key, undefined, cas === undefined ? {} : { cas });
    context.log.done(`deleted ${key}`);
  },
});
