import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { type KvFlags, kvOptions, mountOf } from './options.ts';

export const deleteKv = defineCommand<KvFlags>({
  configure(command) {
    kvOptions(command.argument('<path>', 'path of the secret')).addHelpText(
      'after',
      '\nOlder versions stay readable with --version; zvault kv undelete brings the deleted one back.',
    );
  },
  async run({ context, args, options }) {
    const [path = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.kv.delete(path, mountOf(options));
    context.log.done(`deleted ${path}`);
  },
});
