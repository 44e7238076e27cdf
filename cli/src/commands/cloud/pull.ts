import { resolve } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { collect, defineCommand, oneOf } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import { withProgress } from '../../output/progress.ts';
import { type PullFormat, formatPull, pullFormats } from '../../pull-format.ts';
import { privateMode, writeFileAtomic } from '../../staged-file.ts';

interface Options extends ConnectionFlags {
  readonly allowName?: readonly string[];
  readonly format: PullFormat;
  readonly meta?: true;
  readonly output?: string;
}

export const pull = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .option('--format <format>', 'env, json, yaml or shell', oneOf('--format', pullFormats), 'env')
        .option('--output <file>', 'write to this file, for its owner alone; - is stdout')
        .option('--meta', 'say in the output where the values are from')
        .option('--allow-name <name>', 'export this name although it is reserved; may be given several times', collect),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    const { output } = options;
    if (output === undefined && host.stdout.isTTY === true) {
      throw new ZvaultError('USAGE', 'this would show every value on the terminal', {
        hint: 'add --output FILE, or --output - if that is meant',
      });
    }
    await using connection = await connect(context, options);
    const { client, settings } = connection;
    const secrets = await withProgress(host, `reading secrets from ${settings.url}`, () => client.getAll());
    const { org, project, environment } = settings;
    const meta = Object.entries({ server: settings.url, org, project, environment }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const text = await formatPull(new Map(secrets), {
      format: options.format,
      meta: options.meta === true ? Object.fromEntries(meta) : undefined,
      allowed: new Set(options.allowName),
    });
    if (output === undefined || output === '-') {
      host.stdout.write(text);
      return;
    }
    writeFileAtomic(host, resolve(host.cwd, output), text, { mode: privateMode });
    log.done(`wrote ${secrets.size} ${secrets.size === 1 ? 'secret' : 'secrets'} to ${output}`);
  },
});

const notes = `
What each format gives back is exactly what the vault holds; a name or value that a format cannot
express is an error. The shell format is "export NAME='value'" lines, safe to source. References
in stored values are not resolved.

Examples:
  zvault cloud pull --env production --output .env.production
  zvault cloud pull --format json | jq -r .DATABASE_URL
`;
