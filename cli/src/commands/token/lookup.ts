import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { readOtherToken, refuseTokenArgument } from '../../other-token.ts';
import { printToken } from '../../token-facts.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly stdin?: true;
}

export const lookup = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .usage('[options]')
        // Taken only to say why it is refused.
        .argument('[token...]')
        .option('--stdin', 'another token: typed unseen at a terminal, else read from stdin')
        .option('--json', 'print JSON'),
    );
  },
  async run({ context, args, options }) {
    refuseTokenArgument(args);
    const token = options.stdin === true ? await readOtherToken(context) : undefined;
    await using connection = await connect(context, options, 'vault');
    printToken(context.host, await connection.client.auth.tokens.lookup(token), options.json === true);
  },
});
