import { ZvaultError, isReference } from '@zvault/core/domain';
import type { VaultClient } from '@zvault/core/client';
import { childEnvironment } from '../child-environment.ts';
import { collect, defineCommand } from '../command.ts';
import { type ConnectionFlags, connectWith, environmentOptions, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { readEnvFiles } from '../env-file.ts';
import { withProgress } from '../output/progress.ts';
import { type Settings, requireToken } from '../settings.ts';

interface Options extends ConnectionFlags {
  readonly allowName?: readonly string[];
  readonly envFile?: readonly string[];
  readonly keepToken?: true;
  /** False with `--no-redact`. */
  readonly redact?: boolean;
}

export const run = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .usage('[options] -- cmd [args...]')
        .argument('<command...>')
        .passThroughOptions()
        .option(
          '--env-file <file>',
          'variables and references (default: .env.zvault, else .env); may be given several times',
          collect,
        )
        .option('--no-redact', 'give CMD our own output, unredacted: the terminal, if there is one')
        .option('--keep-token', 'hand ZVAULT_TOKEN, ZVAULT_TOKEN_FILE and ZVAULT_UNSEAL_… on to CMD')
        .option(
          '--allow-name <name>',
          'set this variable although it is reserved or unusual; may be given several times',
          collect,
        ),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, redactor } = context;
    const [command = '', ...rest] = args;
    const file = readEnvFiles(host, options.envFile);
    const settings = await settingsOf(context, options);
    const fetching = fetchValues(context, settings, file);
    // Loaded while the server thinks.
    const loading = import('../child.ts');
    const values = await fetching;
    const env = childEnvironment({
      inherited: host.env,
      values: [values.secrets, values.file],
      allowed: new Set(options.allowName),
      keepToken: options.keepToken === true,
      platform: host.platform,
    });
    for (const value of values.file.values()) redactor.add(value);
    context.interrupted.throwIfAborted();
    const { runChild } = await loading;
    return runChild(context, { command, args: rest, env, redactor: options.redact === false ? undefined : redactor });
  },
});

interface Values {
  /** Of the environment. */
  readonly secrets: Iterable<readonly [string, string]>;
  /** Of the file, its references resolved. */
  readonly file: ReadonlyMap<string, string>;
}

/** All or nothing: one reference that cannot be resolved fails the whole. */
async function fetchValues(context: Context, settings: Settings, file: ReadonlyMap<string, string>): Promise<Values> {
  const references = [...file].filter(([, value]) => isReference(value));
  const token = settings.token?.expose();
  // A service token knows its project; for other tokens somebody has to name it.
  const hasProject = settings.project !== undefined || token?.startsWith('zvt_') === true;
  if (references.length === 0 && !hasProject) {
    if (file.size === 0) {
      if (token === undefined) requireToken(settings);
      throw new ZvaultError(
        'CONFIG_INVALID',
        'nothing says which secrets to use: no project is set, and there is no .env file',
        {
          hint: 'add --project, set ZVAULT_PROJECT, or run zvault cloud init',
        },
      );
    }
    context.log.info('no project is set: the variables of the file are all');
    return { secrets: [], file };
  }
  requireToken(settings);
  const { host } = context;
  return withProgress(host, `reading secrets from ${settings.url}`, async () => {
    await using connection = await connectWith(context, settings);
    const secrets = hasProject ? await connection.client.getAll() : [];
    return { secrets: Array.from(secrets), file: await resolveReferences(connection.client, file, references) };
  });
}

async function resolveReferences(
  client: VaultClient,
  file: ReadonlyMap<string, string>,
  references: readonly (readonly [string, string])[],
): Promise<ReadonlyMap<string, string>> {
  if (references.length === 0) return file;
  const resolved = await client.resolveAll(references.map(([, reference]) => reference));
  return new Map(Array.from(file, ([name, value]) => [name, resolved.get(value) ?? value]));
}

const notes = `
CMD gets the inherited environment, then the secrets of the environment, then the variables of the
file, with zvault:// references resolved; the later wins. If one of them cannot be read, nothing
is run.

The output of CMD passes through a redactor, so CMD sees pipes instead of a terminal (no colours,
no prompts that need one), and programs that open /dev/stdout themselves fail. --no-redact gives
CMD our own output. Very short values are not redacted.

Signals go to CMD, and zvault exits with its code: 128 and the signal's number when a signal
killed it, 4 when CMD is not found. When CMD is gone, background processes that still hold its
output are left behind after a second of silence.

Examples:
  zvault run -- npm start
  zvault run --env staging -- node server.js
`;
