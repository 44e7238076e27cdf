import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const keyInfo = defineCommand<Options>({
  configure(command) {
    addressOption(command.argument('<key>', 'its name').option('--json', 'print JSON, the public keys included'));
  },
  async run({ context: { host }, context, args, options }) {
    await using connection = await connect(context, options, 'vault');
    const key = await connection.client.vault.transit.readKey(args[0] ?? '');
    if (options.json === true) {
      printJson(host, key);
      return;
    }
    const { keys: _keys, ...settings } = key;
    printRows(
      host,
      ['setting', 'value'],
      Object.entries(settings).map(([name, value]) => [name, String(value)]),
    );
  },
});
