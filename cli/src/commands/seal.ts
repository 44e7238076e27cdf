import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';

export const seal = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command).addHelpText(
      'after',
      '\nNeeds the root token. Afterwards zvault unseal, or a restart with an unseal key, opens the vault again.',
    );
  },
  async run({ context, options }) {
    await using connection = await connect(context, options, 'vault');
    await connection.client.cloud.sys.seal();
    context.log.done(`${connection.settings.url} is sealed`);
  },
});
