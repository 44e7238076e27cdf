import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../../command.ts';
import { type ConnectionFlags, connect, projectOptions } from '../../../connection.ts';
import { printJson } from '../../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly ttl?: string;
}

const permissions = ['read', 'write'] as const;
type Permission = (typeof permissions)[number];

export const create = defineCommand<Options>({
  configure(command) {
    projectOptions(
      command
        .requiredOption('--name <name>', 'what it is for')
        // Not `environmentOptions`: the default is the whole project, not the environment of the settings.
        .option('--env <environment>', 'environment that it is limited to (default: all of the project)')
        .option('--ttl <duration>', 'how long it is valid, as 12h, 90d or 1y (default: until it is revoked)')
        .option('--permissions <list>', 'read, write or read,write', parsePermissions, ['read'])
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nThe token is printed once, to stdout. Nobody can read it again.');
  },
  async run({ context, options }) {
    const { host, log } = context;
    const { env, name, ttl } = options;
    await using connection = await connect(context, { ...options, env: undefined });
    const { client } = connection;
    const { org, project } = await client.ownProject();
    const { token, plaintext } = await client.cloud.tokens.create(org, project, {
      name,
      permissions: options.permissions,
      ...(env ? { environment: env } : {}),
      ...(ttl ? { ttl } : {}),
    });
    if (plaintext === undefined) throw new ZvaultError('BAD_ANSWER', 'the server did not tell the token');
    if (options.json === true) {
      printJson(host, { ...token, token: plaintext.expose() });
      return;
    }
    host.stdout.write(`${plaintext.expose()}\n`);
    const scope = token.environment ?? (token.environment_id === null ? 'all environments' : token.environment_id);
    log.info(`token ${token.id}: ${token.permissions.join(' and ')} in ${scope}, ${until(token.expires_at)}`);
  },
});

function parsePermissions(text: string): Permission[] {
  const words = text.split(',').map((word) => word.trim());
  const known = permissions.filter((permission) => words.includes(permission));
  if (known.length === 0 || words.some((word) => !permissions.some((permission) => permission === word))) {
    throw new ZvaultError('USAGE', '--permissions takes read, write or read,write');
  }
  return known;
}

function until(expiresAt: string | null): string {
  return expiresAt === null ? 'until it is revoked' : `until ${expiresAt}`;
}
