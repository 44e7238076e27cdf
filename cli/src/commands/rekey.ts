import { ZvaultError } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';
import { printJson } from '../output/table.ts';
import { readShares, shareFileOption } from '../way-in.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly shares: number;
  readonly threshold: number;
  readonly shareFile?: readonly string[];
}

export const rekey = defineCommand<Options>({
  configure(command) {
    addressOption(
      shareFileOption(
        command
          .option('--shares <n>', 'number of new shares', integerIn('--shares', 1, 10), 5)
          .option('--threshold <n>', 'new shares that unseal the vault', integerIn('--threshold', 1, 10), 3),
      ).option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    await using connection = await connect(context, options, 'vault');
    const { operator, sys } = connection.client.cloud;
    const { threshold: needed } = await sys.sealStatus();
    if (needed === 0) throw new ZvaultError('BAD_REQUEST', 'this vault has no key shares');
    const current = await readShares(context, options.shareFile, needed);
    const { shares, threshold } = options;
    const unseal_shares = current.map((share) => share.expose());
    const made = await operator.rekey({ shares, threshold, unseal_shares });
    // What is printed below is printed once, on purpose.
    for (const share of made) redactor.add(share);
    if (options.json === true) printJson(host, { unseal_shares: made });
    else for (const [index, share] of made.entries()) host.stdout.write(`unseal share ${index + 1}: ${share}\n`);
    log.done(`${threshold} of these ${made.length} shares unseal the vault; the old ones do not any more`);
  },
});

const notes = `
Takes as many present shares as unseal the vault: from --share-file, from stdin one a line, or typed
unseen. The new ones are printed once, to stdout. Needs sudo on sys/rekey. The key that encrypts the
vault stays; zvault rotate replaces it.
`;
