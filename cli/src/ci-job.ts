// What `ci inject` and `ci exec` share: options from flags and `ZVAULT_CI_…` variables, the log-in, the read, the plan, and the end of a
// token that was made for the job.

import { execFile } from 'node:child_process';
import type { Command } from 'commander';
import {
  type CiOptionName,
  type CiOptions,
  type CiWorld,
  type Plan,
  type PlanUse,
  type Platform,
  type Session,
  type Target,
  ciOptions,
  contextOf,
  detectPlatform,
  fetchValues,
  makePlan,
  openSession,
  parseCiOptions,
  referencesOf,
  revoke,
} from '@zvault/core/ci';
import { type Secret, messageOf } from '@zvault/core/domain';
import { type ConnectionFlags, environmentOptions, settingsOf } from './connection.ts';
import type { Context } from './context.ts';
import { ciFailure } from './ci-failure.ts';

/** Values of flags by their camel-case names, as commander gives them. */
export type CiFlags = ConnectionFlags & Readonly<Record<string, string | undefined>>;

/** `--url`, `--env` and so on, and the flags of every CI option. */
export function ciFlags(command: Command): Command {
  environmentOptions(command);
  for (const [name, option] of Object.entries(ciOptions)) {
    const { summary, choices, default: fallback } = option as { summary: string; choices?: string[]; default?: string };
    const takes = choices === undefined ? '' : `: ${choices.join(', ')}`;
    command.option(
      `--${name} <${valueName(name, choices)}>`,
      `${summary}${takes}${fallback === undefined ? '' : ` (default: ${fallback})`}`,
    );
  }
  return command;
}

const valueNames: Readonly<Partial<Record<string, string>>> = {
  'allow-reserved': 'names',
  'min-mask-length': 'n',
  'parse-json': 'keys',
  'timeout-ms': 'n',
  exclude: 'globs',
  keys: 'globs',
  map: 'entries',
  prefix: 'text',
  retries: 'n',
  unmask: 'globs',
};

function valueName(name: string, choices: unknown): string {
  if (choices !== undefined) return 'word';
  return /^(?:ca|client)-/.test(name) ? 'file' : (valueNames[name] ?? name);
}

export interface CiJob {
  readonly options: CiOptions;
  readonly platform: Platform;
  readonly plan: Plan;
  /** What the vault was asked with: masked with the values. */
  readonly token: Secret;
}

export interface JobUse {
  readonly use: PlanUse;
  /** Collisions count against it. Undefined where nothing is set yet. */
  readonly environment: Context['host']['env'] | undefined;
}

/** Reads what the job asks for, and ends the log-in. @throws errors with a code of the catalogue */
export async function readJob(context: Context, flags: CiFlags, { use, environment }: JobUse): Promise<CiJob> {
  const { host, log } = context;
  try {
    const options = parseCiOptions((name) => flagOrVariable(context, flags, name));
    const platform = detectPlatform(host.env);
    const target = await targetOf(context, flags);
    const world = worldOf(context, options);
    await using session = await openSession(target, options, platform, world);
    try {
      const references = referencesOf(host.env);
      const wantsAll = target.environment !== undefined || options.select.keys.length > 0 || references.size === 0;
      const fetched = await fetchValues(session, references, wantsAll, contextOf(target, options));
      const plan = makePlan({ ...fetched, environment, options, use, windows: host.platform === 'win32' });
      for (const warning of plan.warnings) log.warn(warning);
      if (plan.kept.length > 0) log.info(`kept as they were: ${plan.kept.join(', ')}`);
      return { options, platform, plan, token: session.token };
    } finally {
      await endSession(context, session, { target, options, world });
    }
  } catch (error) {
    throw ciFailure(error);
  }
}

async function endSession(
  { log }: Context,
  session: Session,
  { target, options, world }: { target: Target; options: CiOptions; world: CiWorld },
): Promise<void> {
  if (!session.minted) return;
  try {
    await revoke(target, session.token, options, world);
  } catch (error) {
    log.warn(
      `the token of this log-in was not revoked and ends at ${session.expiresAt ?? 'its time'}: ${messageOf(error)}`,
    );
  }
}

/**
 * Settings as everywhere. `ZVAULT_CI_URL` and so on come before the variables without `CI`: a step's own, where a job has others. The
 * token may stand in a variable that `ZVAULT_CI_TOKEN_VAR` names; when that is empty there is none.
 */
async function targetOf(context: Context, flags: CiFlags): Promise<Target> {
  const { host, redactor } = context;
  const variable = host.env['ZVAULT_CI_TOKEN_VAR'] || 'ZVAULT_TOKEN';
  const env =
    variable === 'ZVAULT_TOKEN'
      ? host.env
      : { ...host.env, ZVAULT_TOKEN: host.env[variable] ?? '', ZVAULT_TOKEN_FILE: '' };
  const own = (name: 'url' | 'org' | 'project' | 'env'): string | undefined =>
    flags[name] || env[`ZVAULT_CI_${name.toUpperCase()}`];
  const settings = await settingsOf(
    { ...context, host: Object.create(host, { env: { value: env } }) as typeof host },
    { ...flags, url: own('url'), org: own('org'), project: own('project'), env: own('env') },
  );
  if (settings.token !== undefined) redactor.add(settings.token);
  const { url, token, org, project, environment } = settings;
  return { url, token, org, project, environment };
}

function worldOf({ host, interrupted, redactor }: Context, { timeoutMs }: CiOptions): CiWorld {
  return {
    env: host.env,
    now: () => host.now(),
    randomBytes: (count) => host.randomBytes(count),
    run: (program, args) => runQuietly(program, args, host.env),
    onCredential: (credential) => void redactor.add(credential),
    onValue: (value) => void redactor.add(value),
    signal: AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)]),
  };
}

/** Answers 127 for a program that is not there, as shells do. */
function runQuietly(
  program: string,
  args: readonly string[],
  env: Context['host']['env'],
): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...env }, encoding: 'utf8', timeout: 30_000 }, (error, stdout) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
      resolve({ code, stdout });
    });
  });
}

function flagOrVariable({ host }: Context, flags: CiFlags, name: CiOptionName): string | undefined {
  const flag = flags[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
  return flag || host.env[`ZVAULT_CI_${name.toUpperCase().replaceAll('-', '_')}`] || alias(host.env, name);
}

/** What is a setting of the log-in and not of one step has a name without `CI` too. */
function alias(env: Context['host']['env'], name: CiOptionName): string | undefined {
  return name === 'role' || name === 'audience' ? env[`ZVAULT_${name.toUpperCase()}`] : undefined;
}
