// undelete and destroy: both take the versions that are meant.

import { type CommandBody, defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { type KvFlags, kvOptions, mountOf, parseVersions } from './options.ts';

interface Options extends KvFlags {
  readonly versions: readonly number[];
}

function versionsCommand(verb: 'undelete' | 'destroy', done: string, notes: string): CommandBody {
  return defineCommand<Options>({
    configure(command) {
      kvOptions(
        command
          .argument('<path>', 'path of the secret')
          .requiredOption('--versions <list>', 'version numbers, like 1,2', parseVersions),
      ).addHelpText('after', notes);
    },
    async run({ context, args, options }) {
      const [path = ''] = args;
      const { versions } = options;
      await using connection = await connect(context, options, 'vault');
      await connection.client.vault.kv[verb](path, versions, mountOf(options));
      context.log.done(`${done} ${versions.length === 1 ? 'version' : 'versions'} ${versions.join(', ')} of ${path}`);
    },
  });
}

export const undelete = versionsCommand('undelete', 'brought back', '\nAll of them, or none.');
export const destroy = versionsCommand(
  'destroy',
  'destroyed',
  '\nNobody can bring them back. All of them are destroyed, or none.',
);
