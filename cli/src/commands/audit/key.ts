import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const key = defineCommand<Options>({
  configure(command) {
    addressOption(command.option('--json', 'print JSON')).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host } = context;
    await using connection = await connect(context, options, 'vault');
    const found = await connection.client.cloud.sys.auditKey();
    if (options.json === true) printJson(host, found);
    else host.stdout.write(found.public_key);
  },
});

const notes = `
An auditor who has it needs no vault: zvault audit verify --public-key FILE …

Needs a token with "read" on sys/audit-log.

Example:
  zvault audit key > audit.pem
`;
