import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const history = defineCommand<Options>({
  configure(command) {
    environmentOptions(command.argument('<key>', 'the secret').option('--json', 'print JSON'));
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [key = ''] = args;
    await using connection = await connect(context, options);
    const versions = await connection.client.versions(key);
    if (options.json === true) {
      printJson(host, versions);
      return;
    }
    const rows = versions.map(({ version, created_at, created_by, comment }) => [
      String(version),
      created_at,
      `${created_by.type} ${created_by.id}`,
      comment,
    ]);
    printRows(host, ['version', 'written', 'by', 'comment'], rows);
  },
});
