import { defineCommand } from '../../../command.ts';
import { type ConnectionFlags, connect, projectOptions } from '../../../connection.ts';
import { printJson, printRows } from '../../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const list = defineCommand<Options>({
  configure(command) {
    projectOptions(command.option('--json', 'print JSON'));
  },
  async run({ context, options }) {
    const { host } = context;
    await using connection = await connect(context, options);
    const { client } = connection;
    const { org, project } = await client.ownProject();
    const tokens = await client.cloud.tokens.list(org, project);
    if (options.json === true) {
      printJson(host, tokens);
      return;
    }
    const rows = tokens.map((token) => [
      token.id,
      token.name,
      token.environment ?? token.environment_id ?? '*',
      token.permissions.join(','),
      stateOf(token, host.now()),
      token.last_used_at ?? '-',
    ]);
    printRows(host, ['id', 'name', 'environment', 'permissions', 'state', 'last used'], rows);
  },
});

function stateOf(token: { revoked_at: string | null; expires_at: string | null }, nowMs: number): string {
  if (token.revoked_at !== null) return `revoked ${token.revoked_at}`;
  if (token.expires_at === null) return 'valid';
  return `${Date.parse(token.expires_at) <= nowMs ? 'expired' : 'valid until'} ${token.expires_at}`;
}
