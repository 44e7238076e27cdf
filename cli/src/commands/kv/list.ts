import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';
import { type KvFlags, kvOptions, mountOf } from './options.ts';

interface Options extends KvFlags {
  readonly json?: true;
}

export const list = defineCommand<Options>({
  configure(command) {
    kvOptions(
      command.argument('[folder]', 'only what is below it (default: everything)').option('--json', 'print JSON'),
    ).addHelpText(
      'after',
      '\nPaths come relative to the folder, from all levels below it. Deleted secrets are listed too.',
    );
  },
  async run({ context: { host }, context, args, options }) {
    await using connection = await connect(context, options, 'vault');
    const paths = await connection.client.vault.kv.list(args[0] ?? '', mountOf(options));
    if (options.json === true) printJson(host, paths);
    else
      printRows(
        host,
        ['path'],
        paths.map((path) => [path]),
      );
  },
});
