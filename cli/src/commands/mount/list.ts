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
  async run({ context: { host }, context, options }) {
    await using connection = await connect(context, options, 'vault');
    const mounts = await connection.client.vault.mounts.list();
    if (options.json === true) {
      printJson(host, mounts);
      return;
    }
    const rows = mounts.map(({ path, engine_type, description }) => [path, engine_type, description]);
    printRows(host, ['path', 'engine', 'description'], rows);
  },
});
