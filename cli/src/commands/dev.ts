import { resolve } from 'node:path';
import { defineCommand, integerIn } from '../command.ts';
import { readJwtIssuers } from '../jwt-issuers.ts';
import { serveUntilStopped } from '../serving.ts';
import { type VaultFlags, auditDevices, vaultOptions } from '../vault-options.ts';
import { ZvaultError } from '@zvault/core/domain';

interface Options extends VaultFlags {
  readonly envFile?: string;
  readonly json?: true;
  readonly port?: number;
  readonly seed?: string;
}

/** Settings that would send the child to another vault, or with another token, than the one started for it. */
const foreignSettings = ['ZVAULT_CLOUD_URL', 'ZVAULT_TOKEN_FILE', 'ZVAULT_ALLOW_HTTP'];

export const dev = defineCommand<Options>({
  configure(command) {
    vaultOptions(
      command
        .usage('[options] [-- cmd args...]')
        .argument('[command...]')
        .passThroughOptions()
        .option('--seed <file>', 'YAML or JSON file with secrets to start with')
        .option('--env-file <file>', 'a .env file with secrets for the environment "development"')
        .option('--port <n>', 'port to listen on (default: any free one)', integerIn('--port', 0, 65_535))
        .option('--json', 'print the variables as one line of JSON'),
      'off',
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log, redactor } = context;
    const [command, ...rest] = args;
    if (command !== undefined && options.json === true) {
      throw new ZvaultError('USAGE', '--json goes without a command');
    }
    const { startEphemeralServer } = await import('@zvault/core/testing');
    const { auditFsync, envFile, jwtIssuers, listValues, port, rateLimit, seed } = options;
    const audit = auditDevices(host, options);
    await using vault = await startEphemeralServer({
      host,
      warn: (message) => log.warn(message),
      ...(audit === undefined ? {} : { audit }),
      ...(auditFsync === undefined ? {} : { auditFsync }),
      ...(envFile === undefined ? {} : { envFile: resolve(host.cwd, envFile) }),
      ...(jwtIssuers === undefined ? {} : { jwtIssuers: await readJwtIssuers(host.cwd, jwtIssuers) }),
      ...(listValues === undefined ? {} : { listValues }),
      ...(port === undefined ? {} : { port }),
      ...(rateLimit === undefined ? {} : { rateLimit }),
      ...(seed === undefined ? {} : { seed: resolve(host.cwd, seed) }),
    });
    for (const token of [vault.rootToken, vault.serviceToken]) redactor.add(token);
    if (command !== undefined) {
      const { runChild } = await import('../child.ts');
      const env = { ...definedOnly(host.env), ...vault.env };
      for (const name of foreignSettings) delete env[name];
      return await runChild(context, { command, args: rest, env, redactor: undefined });
    }
    const { formatShellExports } = await import('@zvault/core/domain');
    const variables = Object.entries(vault.env).map(([key, value]) => ({ key, value }));
    host.stdout.write(options.json === true ? `${JSON.stringify(vault.env)}\n` : formatShellExports(variables));
    return await serveUntilStopped(context, () => vault.stop());
  },
});

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

const notes = `
The vault is in memory, on loopback only, with organisation "dev", project "app" and environments
"development", "staging" and "production". With CMD, it runs CMD with ZVAULT_URL, ZVAULT_TOKEN
(root), ZVAULT_SERVICE_TOKEN (read and write on the project), ZVAULT_ORG, ZVAULT_ORG_ID,
ZVAULT_PROJECT, ZVAULT_PROJECT_ID and ZVAULT_ENV set, forwards signals, stops the vault afterwards
and exits with the code of CMD. Without, it prints these variables and serves until it is stopped.

A seed is a map of keys to values for "development", or: projects: {<project>: {<environment>:
{KEY: value}}}

Examples:
  zvault dev -- npm test
  zvault dev --env-file .env -- zvault run -- npm start
  zvault dev --json
`;
