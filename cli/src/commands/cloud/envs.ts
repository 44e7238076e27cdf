import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, projectOptions } from '../../connection.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const envs = defineCommand<Options>({
  configure(command) {
    projectOptions(command.option('--json', 'print JSON'));
  },
  async run({ context, options }) {
    const { host } = context;
    await using connection = await connect(context, options);
    const { client, settings } = connection;
    const { org, project } = await client.ownProject();
    const environments = await client.cloud.environments.list(org, project);
    if (options.json === true) {
      printJson(host, environments);
      return;
    }
    const chosen = settings.environment ?? 'development';
    const rows = environments.map(({ id, slug, name, secret_count }) => [
      slug,
      name,
      String(secret_count ?? ''),
      slug === chosen || id === chosen ? 'default' : '',
    ]);
    printRows(host, ['environment', 'name', 'secrets', ''], rows);
  },
});
