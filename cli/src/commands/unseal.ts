import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import { printJson } from '../output/table.ts';
import { type WayInFlags, readWayIn, unsealWith, wayInOptions } from '../way-in.ts';

interface Options extends ConnectionFlags, WayInFlags {
  readonly json?: true;
  readonly reset?: true;
}

export const unseal = defineCommand<Options>({
  configure(command) {
    addressOption(
      wayInOptions(
        command
          .usage('[options]')
          // Taken only to say why it is refused.
          .argument('[share...]'),
      )
        .option('--reset', 'forget the shares given so far')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log } = context;
    if (args.length > 0) {
      throw new ZvaultError(
        'USAGE',
        'a share is not taken from the arguments: other users of this machine can read them',
        {
          hint: 'type it when asked, or give it on stdin or with --share-file',
        },
      );
    }
    const settings = await settingsOf(context, options, 'vault');
    await using connection = await connectWith(context, settings);
    const { sys } = connection.client.cloud;
    if (options.reset === true) {
      const state = await sys.unseal({ reset: true });
      if (options.json === true) printJson(host, state);
      else log.done('the shares given so far are forgotten');
      return;
    }
    const state = await unsealWith(connection.client, await readWayIn(context, options));
    if (options.json === true) printJson(host, state);
    else if (state.sealed) log.info(`${state.progress} of ${state.threshold} shares are given`);
    else log.done(`${settings.url} is unsealed`);
  },
});

const notes = `
Shares are typed unseen at a terminal, else read from stdin, one a line. Each person gives their
own; when enough are there, the vault is unsealed.
`;
