import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const read = defineCommand<Options>({
  configure(command) {
    addressOption(
      command.argument('<name>', 'name of the policy').option('--json', 'print JSON, as zvault policy write takes it'),
    );
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const policy = await connection.client.auth.policies.read(name);
    if (options.json === true) {
      printJson(host, policy);
      return;
    }
    const rows = policy.rules.map(({ path, capabilities }) => [path, capabilities.join(',')]);
    printRows(host, ['path', 'capabilities'], rows);
  },
});
