// The inputs of the action, read once. What the action shares with the command is parsed by the core.

import { readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import {
  type CiOptions,
  type Format,
  type Target,
  ciError,
  formats,
  parseBoolean,
  parseCiOptions,
  parseList,
} from '@zvault/core/ci';
import { Secret, messageOf } from '@zvault/core/domain';

type Environment = Readonly<Record<string, string | undefined>>;

const destinations = ['env', 'outputs', 'file', 'none'] as const;
type Destination = (typeof destinations)[number];

export interface ActionInputs {
  readonly options: CiOptions;
  readonly target: Target;
  readonly destinations: ReadonlySet<Destination>;
  /** Absolute; undefined when nothing is written to a file of the user's choice. */
  readonly file: string | undefined;
  readonly fileFormat: Format;
  readonly summary: boolean;
  readonly cleanup: boolean;
  readonly revoke: boolean;
  readonly failOnUntrustedEvent: boolean;
  readonly installCli: boolean;
  readonly cliVersion: string | undefined;
  readonly cliSha256: string | undefined;
  readonly cliUrl: string | undefined;
  readonly ephemeral: boolean;
  /** Absolute. */
  readonly ephemeralSeed: string | undefined;
  readonly ephemeralPort: number;
}

const defaultUrl = 'http://127.0.0.1:8200';

/** @throws ZVCI-100, ZVCI-151 */
export function readInputs(read: (name: string) => string, env: Environment): ActionInputs {
  const text = (name: string): string | undefined => read(name).trim() || undefined;
  const flag = (name: string, fallback: boolean): boolean => parseBoolean(name, text(name), fallback);
  const setting = (name: string, ...variables: string[]): string | undefined =>
    text(name) ?? variables.map((variable) => env[variable]?.trim()).find(Boolean);
  const file = text('file');
  return {
    options: parseCiOptions((name) => read(name)),
    target: {
      url: setting('url', 'ZVAULT_URL') ?? defaultUrl,
      token: tokenOf(setting('token', 'ZVAULT_TOKEN'), env['ZVAULT_TOKEN_FILE']),
      org: setting('org', 'ZVAULT_ORG', 'ZVAULT_ORG_ID'),
      project: setting('project', 'ZVAULT_PROJECT', 'ZVAULT_PROJECT_ID'),
      environment: setting('env', 'ZVAULT_ENV'),
    },
    destinations: readDestinations(text('export') ?? (file === undefined ? 'env' : 'env,file')),
    file: file === undefined ? undefined : resolveFile(file, env),
    fileFormat: readFormat(text('file-format') ?? 'dotenv'),
    summary: flag('summary', true),
    cleanup: flag('cleanup', true),
    revoke: flag('revoke', true),
    failOnUntrustedEvent: flag('fail-on-untrusted-event', false),
    installCli: flag('install-cli', true),
    cliVersion: text('cli-version'),
    cliSha256: text('cli-sha256')?.toLowerCase(),
    cliUrl: text('cli-url'),
    ephemeral: flag('ephemeral', false),
    ephemeralSeed: ((seed) => (seed === undefined ? undefined : resolve(env['GITHUB_WORKSPACE'] ?? '.', seed)))(
      text('ephemeral-seed'),
    ),
    ephemeralPort: readPort(text('ephemeral-port') ?? '0'),
  };
}

function tokenOf(token: string | undefined, file: string | undefined): Secret | undefined {
  if (token !== undefined) return new Secret(token);
  if (!file) return undefined;
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? undefined : new Secret(text);
  } catch (error) {
    throw ciError('ZVCI-151', `the file of ZVAULT_TOKEN_FILE cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function readDestinations(text: string): Set<Destination> {
  const wanted = parseList(text).map((word) => {
    const known = destinations.find((one) => one === word);
    if (known === undefined) throw ciError('ZVCI-100', `"export" takes: ${destinations.join(', ')}`);
    return known;
  });
  if (wanted.includes('none') && wanted.length > 1) throw ciError('ZVCI-100', '"export: none" stands alone');
  return new Set(wanted);
}

/** Relative to the runner's temporary folder, which it must not leave. @throws ZVCI-100 */
function resolveFile(file: string, env: Environment): string {
  if (isAbsolute(file)) return file;
  const base = env['RUNNER_TEMP'] ?? '.';
  const path = resolve(base, file);
  const inside = relative(base, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
    throw ciError('ZVCI-100', '"file" leaves RUNNER_TEMP', { hint: 'give an absolute path if that is meant' });
  }
  return path;
}

function readFormat(text: string): Format {
  const known = formats.find((format) => format === text && format !== 'github');
  if (known === undefined) {
    throw ciError('ZVCI-100', `"file-format" takes: ${formats.filter((format) => format !== 'github').join(', ')}`);
  }
  return known;
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw ciError('ZVCI-100', '"ephemeral-port" takes 0 to 65535');
  return Number(text);
}
