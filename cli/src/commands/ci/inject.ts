import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Format, ciError, emit, encodePlan, formats, setsVariables } from '@zvault/core/ci';
import { ZvaultError, messageOf, shellQuote } from '@zvault/core/domain';
import { ciFailure } from '../../ci-failure.ts';
import { type CiFlags, type CiJob, ciFlags, readJob } from '../../ci-job.ts';
import { defineCommand, oneOf } from '../../command.ts';
import type { Context } from '../../context.ts';
import { privateMode, writeFileAtomic } from '../../staged-file.ts';

type Options = CiFlags & {
  readonly format?: Format;
  readonly output?: string;
  readonly selfDelete?: true;
};

export const inject = defineCommand<Options>({
  configure(command) {
    ciFlags(
      command
        .option('--format <format>', `${formats.join(', ')} (default: sh)`, oneOf('--format', formats))
        .option('--output <file>', 'write to this file, for its owner alone; - is stdout')
        .option('--self-delete', 'the file of --format sh removes itself when it is sourced'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    const format = options.format ?? 'sh';
    const { output } = options;
    checkUse(context, format, options);
    // A file is read by somebody else, whose variables are not known here.
    const environment = ['sh', 'powershell', 'github'].includes(format) ? host.env : undefined;
    const use = environment === undefined ? (setsVariables(format) ? 'names' : 'data') : 'environment';
    const job = await readJob(context, options, { use, environment });
    try {
      const encoding = { format, environment, randomBytes: host.randomBytes };
      if (format === 'github') toRunner(context, job, encoding);
      else {
        const text = encodePlan(job.plan, encoding);
        if (output === undefined || output === '-') host.stdout.write(text);
        else writeOut(context, resolve(host.cwd, output), text, options.selfDelete === true);
      }
    } catch (error) {
      throw ciFailure(error);
    }
    const count = job.plan.variables.length;
    log.done(`${count} ${count === 1 ? 'secret' : 'secrets'} for ${job.platform.title}`);
    if (job.platform.maskNotice !== undefined) log.info(job.platform.maskNotice);
    else if (format !== 'github') log.info('nothing is masked: only the action and --format github mask values');
  },
});

function checkUse({ host }: Context, format: Format, { output, selfDelete }: Options): void {
  if (selfDelete === true && (format !== 'sh' || output === undefined || output === '-')) {
    throw ciError('ZVCI-100', '--self-delete goes with --format sh and --output FILE');
  }
  if (format === 'github') {
    if (host.env['GITHUB_ACTIONS'] !== 'true')
      throw ciError('ZVCI-150', '--format github works in GitHub Actions only');
    if (!host.env['GITHUB_ENV']) throw ciError('ZVCI-150', 'GITHUB_ENV is not set');
    if (output !== undefined)
      throw ciError('ZVCI-100', '--output does not go with --format github, which has a file of its own');
  } else if (output === undefined && host.stdout.isTTY === true) {
    throw new ZvaultError('USAGE', 'this would show every value on the terminal', {
      hint: 'add --output FILE, or --output - if that is meant',
    });
  }
}

/** Masks on stdout, where the runner reads them; then the variables, in one write to its file. */
function toRunner({ host }: Context, { plan }: CiJob, encoding: Parameters<typeof encodePlan>[1]): void {
  const file = host.env['GITHUB_ENV'] ?? '';
  try {
    statSync(file);
  } catch (error) {
    throw ciError('ZVCI-150', `the file of GITHUB_ENV is not there: ${messageOf(error)}`, { cause: error });
  }
  const newline = host.platform === 'win32' ? '\r\n' : '\n';
  emit(
    plan,
    { ...encoding, newline },
    {
      mask: (text) => void host.stdout.write(`::add-mask::${escapeCommand(text)}\n`),
      write: (text) => appendFileSync(file, text),
    },
  );
}

/** Source: actions/runner, ActionCommand.cs. */
function escapeCommand(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function writeOut({ host }: Context, path: string, text: string, selfDelete: boolean): void {
  const header = selfDelete ? `rm -f -- ${shellQuote(path)}\n` : '';
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(host, path, header + text, { mode: privateMode });
  } catch (error) {
    throw ciError('ZVCI-151', messageOf(error), { cause: error });
  }
}

const notes = `
Settings are those of every command (ZVAULT_URL, ZVAULT_TOKEN, ZVAULT_ENV …). Each option can also be
given as a variable: --on-missing as ZVAULT_CI_ON_MISSING. With --role (or ZVAULT_ROLE) and without a
token, the job logs in with the identity token of its platform; that log-in is ended afterwards.

Variables of the job that are zvault:// references are resolved under their names. Without an
environment and keys they are all that is read.

stdout has only data: sh is lines to be sourced, json one flat object. github appends to GITHUB_ENV
and prints masks. Errors begin with a code, ZVCI-…, that docs/reference/ci-errors.md explains.

Examples:
  zvault ci inject --env production --format sh > secrets.sh
  zvault ci inject --env production --keys 'DB_*,!DB_ROOT' --format json --output secrets.json
`;
