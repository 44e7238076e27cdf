import { Secret, ZvaultError } from '@zvault/core/domain';
import { collect, defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { decodeText, readFileBytes } from '../input.ts';
import { readSecretText } from '../output/prompt.ts';
import { printJson } from '../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly reset?: true;
  readonly shareFile?: readonly string[];
}

export const unseal = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .usage('[options]')
        // Taken only to say why it is refused.
        .argument('[share...]')
        .option('--share-file <file>', 'file with shares, one a line; may be given several times', collect)
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
    let state = { sealed: true, threshold: 0, progress: 0 };
    for (const share of await readShares(context, options.shareFile)) {
      context.redactor.add(share);
      // One by one: any vault takes them so.
      state = await sys.unseal({ share: share.expose() });
      if (!state.sealed) break;
    }
    if (options.json === true) printJson(host, state);
    else if (state.sealed) log.info(`${state.progress} of ${state.threshold} shares are given`);
    else log.done(`${settings.url} is unsealed`);
  },
});

async function readShares(context: Context, files: readonly string[] | undefined): Promise<Secret[]> {
  const texts = files?.map((file) => decodeText(readFileBytes(context.host.cwd, file), file)) ?? [
    await readSecretText(context, 'Share of the unseal key'),
  ];
  const shares = texts.flatMap((text) => text.split(/\s+/)).filter((share) => share !== '');
  if (shares.length === 0) {
    throw new ZvaultError('USAGE', 'no share is given', { hint: 'give one on stdin, or with --share-file' });
  }
  return shares.map((share) => new Secret(share));
}

const notes = `
Shares are typed unseen at a terminal, else read from stdin, one a line. Each person gives their
own; when enough are there, the vault is unsealed.
`;
