import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson } from '../../output/table.ts';
import { printLeases } from './show.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const list = defineCommand<Options>({
  configure(command) {
    addressOption(command.option('--json', 'print JSON'));
  },
  async run({ context: { host }, context, options }) {
    await using connection = await connect(context, options, 'vault');
    const { leases: api } = connection.client.vault;
    let page = await api.list();
    const leases = [...page.leases];
    while (page.next !== null) {
      page = await api.list({ after: page.next });
      leases.push(...page.leases);
    }
    if (options.json === true) printJson(host, leases);
    else printLeases(host, leases);
  },
});
