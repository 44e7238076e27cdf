import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const secrets = defineCommand<Options>({
  configure(command) {
    environmentOptions(command.option('--json', 'print JSON'));
  },
  async run({ context: { host }, context, options }) {
    await using connection = await connect(context, options);
    const keys = await connection.client.listKeys();
    if (options.json === true) {
      printJson(host, keys);
      return;
    }
    const rows = keys.map(({ key, version, updated_at, comment }) => [key, String(version), updated_at, comment]);
    printRows(host, ['key', 'version', 'updated', 'comment'], rows);
  },
});
