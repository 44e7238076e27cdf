// From flags to a client: the options that every command with a server has, and the client made of the settings. The
// client sees no setting of the environment that `settings.ts` has not let through.

import type { Command } from 'commander';
import type { VaultClient } from '@zvault/core/client';
import type { Context } from './context.ts';
import { type Scope, type SettingFlags, type Settings, requireToken, resolveSettings } from './settings.ts';

export interface ConnectionFlags extends SettingFlags {
  /** What the flag was called before. */
  readonly addr?: string;
}

/** `--url`, and `--addr` as its older name. */
export function addressOption(command: Command): Command {
  return command
    .option('--url <address>', 'address of the vault')
    .addOption(command.createOption('--addr <address>').hideHelp());
}

/** `--url`, `--org`, `--project`. */
export function projectOptions(command: Command): Command {
  return addressOption(command)
    .option('--org <org>', 'organisation, by slug or id')
    .option('--project <project>', 'project, by slug or id');
}

/** `--url`, `--org`, `--project`, `--env`. */
export function environmentOptions(command: Command): Command {
  return projectOptions(command).option('--env <environment>', 'environment, by slug or id');
}

export interface Connection extends AsyncDisposable {
  readonly settings: Settings;
  readonly client: VaultClient;
}

/** The settings of `flags`. @throws CONFIG_INVALID, TOKEN_MISSING, TOKEN_INSECURE */
export function settingsOf(context: Context, flags: ConnectionFlags, scope: Scope = 'cloud'): Promise<Settings> {
  return resolveSettings(context.host, { ...flags, url: flags.url || flags.addr }, scope);
}

/**
 * A client for these flags, with a token.
 * @throws TOKEN_MISSING, TOKEN_INSECURE, CONFIG_INVALID
 */
export async function connect(context: Context, flags: ConnectionFlags, scope: Scope = 'cloud'): Promise<Connection> {
  const settings = await settingsOf(context, flags, scope);
  requireToken(settings);
  return connectWith(context, settings);
}

/** A client for these settings, with the token that they have, if any. */
export async function connectWith(context: Context, settings: Settings): Promise<Connection> {
  const { createClient } = await import('@zvault/core/client');
  const { host, interrupted, redactor } = context;
  if (settings.token !== undefined) redactor.add(settings.token);
  const client = createClient({
    url: settings.url,
    token: settings.token?.expose(),
    org: settings.org,
    project: settings.project,
    environment: settings.environment,
    env: withoutSettings(host.env),
    host,
    signal: interrupted,
    onValue: (value) => void redactor.add(value),
  });
  return { settings, client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

/** The environment without what `settings.ts` decides: a token must not come in by another way. */
function withoutSettings(env: Context['host']['env']): Record<string, string | undefined> {
  const rest = { ...env };
  for (const name of [
    'ZVAULT_URL',
    'ZVAULT_CLOUD_URL',
    'ZVAULT_TOKEN',
    'ZVAULT_TOKEN_FILE',
    'ZVAULT_ORG',
    'ZVAULT_ORG_ID',
    'ZVAULT_PROJECT',
    'ZVAULT_PROJECT_ID',
    'ZVAULT_ENV',
  ]) {
    delete rest[name];
  }
  return rest;
}
