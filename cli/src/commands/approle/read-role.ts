import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const readRole = defineCommand<Options>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the role').option('--json', 'print JSON'));
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const role = await connection.client.auth.appRoles.read(name);
    if (options.json === true) {
      printJson(host, role);
      return;
    }
    const { secret_id_num_uses: uses, secret_id_ttl_secs: secretTtl } = role;
    const rows = [
      ['name', role.name],
      ['role id', role.role_id],
      ['policies', role.policies.join(',')],
      ['token ttl', `${role.token_ttl_secs}s`],
      ['token max ttl', `${role.token_max_ttl_secs}s`],
      ['secret id', role.bind_secret_id ? 'needed' : 'not needed'],
      ['secret id uses', uses === 0 ? 'any number' : String(uses)],
      ['secret id ttl', secretTtl === 0 ? 'for ever' : `${secretTtl}s`],
    ];
    printRows(host, ['field', 'value'], rows);
  },
});
