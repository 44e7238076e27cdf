import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { readOtherToken, refuseTokenArgument } from '../../other-token.ts';

interface Options extends ConnectionFlags {
  readonly self?: true;
}

export const revoke = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .usage('[options]')
        // Taken only to say why it is refused.
        .argument('[token...]')
        .option('--self', 'your own token'),
    ).addHelpText(
      'after',
      '\nThe token is typed unseen at a terminal, else read from stdin. All tokens that were made with it end too.',
    );
  },
  async run({ context, args, options }) {
    refuseTokenArgument(args);
    const token = options.self === true ? undefined : await readOtherToken(context);
    await using connection = await connect(context, options, 'vault');
    await connection.client.auth.tokens.revoke(token);
    context.log.done(token === undefined ? 'revoked your own token' : 'revoked the token');
  },
});
