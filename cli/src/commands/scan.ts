// The scanner's command line under our name. Its arguments go to it as they stand; what the command line knows of the vault
// (.zvault.toml, saved tokens) it gets as the environment, which is all that it reads.

import type { Command, Option } from 'commander';
import { type OptionSpec, runScan, scanOptions } from '@zvault/scan';
import type { Host } from '@zvault/core/domain';
import { type CommandBody, oneOf } from '../command.ts';
import { type ConnectionFlags, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { requireToken } from '../settings.ts';

export const scan: CommandBody = {
  configure(command) {
    command.usage('[options] [path...]').argument('[path...]').addHelpText('after', notes);
    const optionTerm = ({ flags }: Option): string => flags.replace(/ (\[)(.+\])$/, '$1=$2');
    command.configureHelp({ ...command.configureHelp(), optionTerm });
    for (const spec of scanOptions) if (spec.name !== 'help') command.addOption(optionOf(command, spec));
  },
  async run({ context, args, options }) {
    const host = asksForVault(args) ? await withVault(context, options) : context.host;
    return Promise.race([runScan(args, host), interruption(context.interrupted)]);
  },
};

/** For help and completion: the scanner reads its options itself. */
function optionOf(command: Command, spec: OptionSpec): Option {
  const value = spec.value?.toLowerCase();
  const argument = value === undefined ? '' : spec.optionalValue ? ` [${value}]` : ` <${value}>`;
  const listed = spec.choices !== undefined && spec.optionalValue === undefined ? `: ${spec.choices.join(', ')}` : '';
  const option = command.createOption(`--${spec.name}${argument}`, spec.help + listed);
  return spec.choices === undefined ? option : option.argParser(oneOf(`--${spec.name}`, spec.choices));
}

function asksForVault(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).some((word) => /^--(?:vault|explain-index)(?:=|$)/.test(word));
}

/** @throws CONFIG_INVALID, TOKEN_MISSING, TOKEN_INSECURE */
async function withVault(context: Context, flags: ConnectionFlags): Promise<Host> {
  const settings = await settingsOf(context, flags);
  const token = requireToken(settings);
  context.redactor.add(token);
  const env = {
    ...context.host.env,
    ZVAULT_URL: settings.url,
    ZVAULT_TOKEN: token.expose(),
    ZVAULT_ORG: settings.org,
    ZVAULT_PROJECT: settings.project,
    ZVAULT_ENV: settings.environment,
  };
  return Object.create(context.host, { env: { value: env } }) as Host;
}

/** Rejects when the user interrupts. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

const notes = `
Finds secrets in files (path, default: the current folder; "-": standard input), in what is staged
or in history: by the shapes that tokens and keys have and, with --vault, by the values of the
environment, in plain text and encoded. --vault and --fix take a value only behind "=".

"zvault scan install [--pre-push]" adds the scan to the hooks of the repository.

A comment zvault:allow or zvault:allow[rule] on the line, or above it, allows a finding; settings
are read from .zvault-scan.toml.

Exits with 0 when nothing is found, 7 when secrets are, 3 when the token is refused, 6 when the
vault is required but away or, with --strict, when something was passed over.

Examples:
  zvault scan --staged --vault
  zvault scan --range origin/main..HEAD --format sarif --output scan.sarif
`;
