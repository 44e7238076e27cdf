import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printLease, secondsOf } from './show.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly renewable?: boolean;
  readonly ttl?: number;
}

export const create = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<path>', 'what it is for, as in policies: secret/data/app')
        .option('--ttl <duration>', 'how long it lasts, as 90, 15m, 12h or 30d (default: 1h)', secondsOf('--ttl'))
        .option('--no-renewable', 'it cannot be lengthened')
        .option('--json', 'print JSON'),
    );
  },
  async run({ context: { host }, context, args, options }) {
    const [path = ''] = args;
    const { ttl, renewable } = options;
    await using connection = await connect(context, options, 'vault');
    const lease = await connection.client.vault.leases.create({
      engine_path: path,
      ...(ttl === undefined ? {} : { ttl_secs: ttl }),
      ...(renewable === undefined ? {} : { renewable }),
    });
    printLease(host, lease, options.json === true);
  },
});
