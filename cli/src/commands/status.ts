import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import { withProgress } from '../output/progress.ts';
import { printJson, printRows } from '../output/table.ts';
import { errorTable } from '@zvault/core/domain';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const status = defineCommand<Options>({
  configure(command) {
    addressOption(command)
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        '\nExits with 0 when the vault is unsealed, with 6 when it is sealed, not initialized or away.',
      );
  },
  async run({ context, options }) {
    const { host } = context;
    const settings = await settingsOf(context, options, 'vault');
    await using connection = await connectWith(context, settings);
    const work = (): Promise<SealState> => connection.client.cloud.sys.health();
    const state = await withProgress(host, `asking ${settings.url}`, work);
    const { initialized, sealed, shares, threshold, progress } = state;
    if (options.json === true) {
      printJson(host, { url: settings.url, initialized, sealed, shares, threshold, progress });
    } else {
      printRows(
        host,
        ['setting', 'value'],
        [
          ['address', settings.url],
          ['initialized', String(initialized)],
          ['sealed', String(sealed)],
          ['shares', String(shares)],
          ['threshold', String(threshold)],
          ['progress', String(progress)],
        ],
      );
    }
    return initialized && !sealed ? 0 : errorTable.SEALED.exit;
  },
});

interface SealState {
  readonly initialized: boolean;
  readonly sealed: boolean;
  readonly shares: number;
  readonly threshold: number;
  readonly progress: number;
}
