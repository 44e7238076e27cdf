import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const list = defineCommand<Options>({
  configure(command) {
    addressOption(command.option('--json', 'print JSON'));
  },
  async run({ context, options }) {
    const { host } = context;
    await using connection = await connect(context, options, 'vault');
    const names = await connection.client.auth.policies.list();
    if (options.json === true) printJson(host, names);
    else
      printRows(
        host,
        ['policy'],
        names.map((name) => [name]),
      );
  },
});
