import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printLease } from './show.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const lookup = defineCommand<Options>({
  configure(command) {
    addressOption(command.argument('<lease>', 'its id').option('--json', 'print JSON'));
  },
  async run({ context: { host }, context, args, options }) {
    await using connection = await connect(context, options, 'vault');
    printLease(host, await connection.client.vault.leases.lookup(args[0] ?? ''), options.json === true);
  },
});
