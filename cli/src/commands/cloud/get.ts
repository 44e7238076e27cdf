import { defineCommand, integerIn } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly version?: number;
}

export const get = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .argument('<key>', 'the secret')
        .option('--version <n>', 'an older version', integerIn('--version', 1, 2 ** 31 - 1))
        .option('--json', 'print JSON, the value included'),
    ).addHelpText('after', '\nPrints the value byte for byte; at a terminal a line break follows it.');
  },
  async run({ context, args, options }) {
    const { host } = context;
    await using connection = await connect(context, options);
    const [key = ''] = args;
    const { version } = options;
    const value = await connection.client.get(key, version === undefined ? {} : { version });
    if (options.json === true) host.stdout.write(`${JSON.stringify({ key, value })}\n`);
    else host.stdout.write(host.stdout.isTTY === true ? `${value}\n` : value);
  },
});
