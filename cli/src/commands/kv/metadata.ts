import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';
import { type KvFlags, kvOptions, mountOf } from './options.ts';

interface Options extends KvFlags {
  readonly json?: true;
}

export const metadata = defineCommand<Options>({
  configure(command) {
    kvOptions(command.argument('<path>', 'path of the secret').option('--json', 'print JSON'));
  },
  async run({ context: { host }, context, args, options }) {
    const [path = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const found = await connection.client.vault.kv.metadata(path, mountOf(options));
    if (options.json === true) {
      printJson(host, found);
      return;
    }
    // Servers of other makes tell no versions.
    const versions = Object.entries((found as Partial<typeof found>).versions ?? {}).toReversed();
    const rows = versions.map(([version, { created_time, created_by, deletion_time, destroyed }]) => [
      version,
      created_time,
      `${created_by.type} ${created_by.id}`,
      destroyed ? 'destroyed' : deletion_time === null ? '' : `deleted ${deletion_time}`,
    ]);
    const only = [[String(found.current_version), found.updated_at, '', '']];
    printRows(host, ['version', 'written', 'by', 'state'], versions.length === 0 ? only : rows);
  },
});
