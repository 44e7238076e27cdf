import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const listKeys = defineCommand<Options>({
  configure(command) {
    addressOption(command.option('--json', 'print JSON'));
  },
  async run({ context: { host }, context, options }) {
    await using connection = await connect(context, options, 'vault');
    const names = await connection.client.vault.transit.listKeys();
    if (options.json === true) printJson(host, names);
    else
      printRows(
        host,
        ['key'],
        names.map((name) => [name]),
      );
  },
});
