import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printLease, secondsOf } from './show.ts';

interface Options extends ConnectionFlags {
  readonly increment?: number;
  readonly json?: true;
}

export const renew = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<lease>', 'its id')
        .option('--increment <duration>', 'by how much, as 90, 15m or 12h (default: 1h)', secondsOf('--increment'))
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nThe time is added to what it has, up to a year in all.');
  },
  async run({ context: { host }, context, args, options }) {
    const { increment } = options;
    await using connection = await connect(context, options, 'vault');
    const lease = await connection.client.vault.leases.renew(args[0] ?? '', { increment });
    printLease(host, lease, options.json === true);
  },
});
