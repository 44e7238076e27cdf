import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import { printJson } from '../output/table.ts';
import { type WayIn, readShares, readWayIn, shareFileOption } from '../way-in.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly recoveryCode?: true;
  readonly revokeOthers?: true;
  readonly shareFile?: readonly string[];
}

export const generateRoot = defineCommand<Options>({
  configure(command) {
    addressOption(
      shareFileOption(command)
        .option('--recovery-code', 'give a recovery code, from stdin or a prompt, instead of shares')
        .option('--revoke-others', 'revoke every other root token')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const settings = await settingsOf(context, options, 'vault');
    await using connection = await connectWith(context, settings);
    const { operator, sys } = connection.client.cloud;
    const { threshold } = await sys.sealStatus();
    const way: WayIn =
      options.recoveryCode === true || threshold === 0
        ? await readWayIn(context, { ...options, recoveryCode: true })
        : { kind: 'shares', shares: await readShares(context, options.shareFile, threshold) };
    const made = await operator.generateRoot({
      ...given(way),
      ...(options.revokeOthers === true ? { revoke_others: true } : {}),
    });
    // Printed once, on purpose.
    redactor.add(made.root_token);
    if (options.json === true) printJson(host, made);
    else host.stdout.write(`root token: ${made.root_token}\n`);
    if (options.revokeOthers === true) log.done(`${made.revoked} other root tokens are revoked`);
  },
});

function given(way: WayIn): { shares: string[] } | { recovery_code: string } {
  if (way.kind === 'shares') return { shares: way.shares.map((share) => share.expose()) };
  if (way.kind !== 'recovery_code') throw new ZvaultError('USAGE', 'give shares or a recovery code');
  return { recovery_code: way.secret.expose() };
}

const notes = `
Makes a root token for those who can open the vault, without any token: as many shares as unseal it,
from --share-file, from stdin one a line, or typed unseen; or a recovery code. The vault must be
unsealed. The token is printed once, to stdout.
`;
