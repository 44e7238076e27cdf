import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { readOtherToken, refuseTokenArgument } from '../../other-token.ts';
import { printToken } from '../../token-facts.ts';

interface Options extends ConnectionFlags {
  readonly increment?: string;
  readonly json?: true;
  readonly stdin?: true;
}

export const renew = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .usage('[options]')
        // Taken only to say why it is refused.
        .argument('[token...]')
        .option('--increment <duration>', 'how long it is valid from now on (default: 1h)')
        .option('--stdin', 'another token: typed unseen at a terminal, else read from stdin')
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nThe end is set to that time from now, earlier or later than it was.');
  },
  async run({ context, args, options }) {
    refuseTokenArgument(args);
    const token = options.stdin === true ? await readOtherToken(context) : undefined;
    await using connection = await connect(context, options, 'vault');
    const { increment } = options;
    const facts = await connection.client.auth.tokens.renew(token, { increment });
    printToken(context.host, facts, options.json === true);
  },
});
