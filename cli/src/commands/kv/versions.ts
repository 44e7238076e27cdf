// undelete and destroy: both take the versions that are meant.

import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { type KvFlags, kvOptions, mountOf, parseVersions } from './options.ts';

export const undelete = defineCommand<KvFlags & { readonly versions: readonly number[] }>({
  configure(command) {
    kvOptions(
      command
        .argument('<path>', 'path of the secret')
        .requiredOption('--versions <list>', 'version numbers, like 1,2', parseVersions),
    ).addHelpText('after', '\nAll of them, or none.');
  },
  async run({ context, args, options }) {
    const [path = ''] = args;
    const { versions } = options;
    await using connection = await connect(context, options, 'vault');
    await connection.client.vault.kv.undelete(path, versions, mountOf(options));
    context.log.done(`brought back ${named(versions)} of ${path}`);
  },
});

export const destroy = defineCommand<KvFlags & { readonly all?: true; readonly versions?: readonly number[] }>({
  configure(command) {
    kvOptions(
      command
        .argument('<path>', 'path of the secret')
        .option('--versions <list>', 'version numbers, like 1,2', parseVersions)
        .option('--all', 'all versions, and the path with them'),
    ).addHelpText('after', '\nNobody can bring them back. All of them are destroyed, or none.');
  },
  async run({ context, args, options }) {
    const [path = ''] = args;
    const { all, versions } = options;
    if ((all === undefined) === (versions === undefined))
      throw new ZvaultError('USAGE', 'give --versions, or --all for the whole secret');
    await using connection = await connect(context, options, 'vault');
    const { kv } = connection.client.vault;
    if (versions === undefined) await kv.erase(path, mountOf(options));
    else await kv.destroy(path, versions, mountOf(options));
    context.log.done(versions === undefined ? `erased ${path}` : `destroyed ${named(versions)} of ${path}`);
  },
});

function named(versions: readonly number[]): string {
  return `${versions.length === 1 ? 'version' : 'versions'} ${versions.join(', ')}`;
}
