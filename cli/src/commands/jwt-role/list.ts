import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const list = defineCommand<Options>({
  configure(command) {
    addressOption(command.option('--json', 'print JSON'));
  },
  async run({ context, options }) {
    const { host } = context;
    await using connection = await connect(context, options);
    const roles = await connection.client.auth.jwtRoles.list();
    if (options.json === true) {
      printJson(host, roles);
      return;
    }
    const rows = roles.map(({ name, preset, issuer, org, project, environment, permissions, ttl }) => [
      name,
      preset ?? issuer,
      `${org}/${project}/${environment ?? '*'}`,
      permissions.join(','),
      ttl,
    ]);
    printRows(host, ['role', 'platform', 'place', 'permissions', 'ttl'], rows);
  },
});
