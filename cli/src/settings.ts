// Which server, with which token, for which organisation, project and environment: flag, then environment, then
// `.zvault.toml`, then default. The one place that decides, so that the one rule that protects tokens holds
// everywhere: an address that came with a repository (`.zvault.toml`) gets a token only if the user saved one for
// that very address, or if it is this machine.

import { readFileSync } from 'node:fs';
import { type Host, Secret, ZvaultError, envSetting } from '@zvault/core/domain';
import { defaultAddress, isLoopbackAddress, normalizeAddress } from './address.ts';
import { fileError } from './input.ts';
import { type ProjectFile, findProjectFile, readProjectFile } from './project-file.ts';
import { readSavedToken } from './saved-tokens.ts';

/** `cloud` commands never take `VAULT_…`; `vault` commands (init, unseal, seal, status) do, after `ZVAULT_…`. */
export type Scope = 'cloud' | 'vault';

/** Flags that every command with a server has. Empty counts as unset. */
export interface SettingFlags {
  readonly url?: string | undefined;
  readonly org?: string | undefined;
  readonly project?: string | undefined;
  readonly env?: string | undefined;
}

type Origin = 'flag' | 'environment' | 'project file' | 'default';

export interface Settings {
  /** Normalized: no trailing slash. */
  readonly url: string;
  readonly urlFrom: Origin;
  readonly token: Secret | undefined;
  /** Where the token is from, for people: a variable's name, `saved token`. */
  readonly tokenFrom: string | undefined;
  readonly org: string | undefined;
  readonly project: string | undefined;
  /** Undefined: the token's environment, or `development`. */
  readonly environment: string | undefined;
  readonly projectFile: ProjectFile | undefined;
}

/** Reads `.zvault.toml`, the environment and the saved tokens. @throws CONFIG_INVALID, TOKEN_MISSING, TOKEN_INSECURE */
export async function resolveSettings(host: Host, flags: SettingFlags, scope: Scope = 'cloud'): Promise<Settings> {
  const path = findProjectFile(host);
  const projectFile = path === undefined ? undefined : await readProjectFile(path);
  return chooseSettings({
    flags,
    host,
    scope,
    projectFile,
    savedToken: (address) => readSavedToken(host, address),
    readTokenFile,
  });
}

export interface SettingSources {
  readonly flags: SettingFlags;
  readonly host: Pick<Host, 'env'>;
  readonly scope: Scope;
  readonly projectFile: ProjectFile | undefined;
  savedToken(address: string): Secret | undefined;
  /** The token in the file that `ZVAULT_TOKEN_FILE` names. */
  readTokenFile(path: string): Secret;
}

/** The rules, without the files. @throws CONFIG_INVALID, TOKEN_MISSING */
export function chooseSettings(sources: SettingSources): Settings {
  const { flags, host, projectFile } = sources;
  const address = chooseAddress(sources);
  const token = chooseToken(sources, address);
  return {
    url: address.url,
    urlFrom: address.from,
    token: token?.token,
    tokenFrom: token?.from,
    org: flags.org || envSetting(host, 'ZVAULT_ORG', 'ZVAULT_ORG_ID') || projectFile?.org,
    project: flags.project || envSetting(host, 'ZVAULT_PROJECT', 'ZVAULT_PROJECT_ID') || projectFile?.project,
    environment: flags.env || envSetting(host, 'ZVAULT_ENV') || projectFile?.environment,
    projectFile,
  };
}

interface Address {
  readonly url: string;
  readonly from: Origin;
  /** True when `VAULT_TOKEN` may go there. */
  readonly takesVaultToken: boolean;
}

function chooseAddress({ flags, host, scope, projectFile }: SettingSources): Address {
  if (flags.url) return { url: normalizeAddress(flags.url, '--url'), from: 'flag', takesVaultToken: scope === 'vault' };
  for (const name of ['ZVAULT_URL', 'ZVAULT_CLOUD_URL']) {
    const url = envSetting(host, name);
    if (url !== undefined) return { url: normalizeAddress(url, name), from: 'environment', takesVaultToken: false };
  }
  const vaultAddress = scope === 'vault' ? envSetting(host, 'VAULT_ADDR') : undefined;
  if (vaultAddress !== undefined) {
    return { url: normalizeAddress(vaultAddress, 'VAULT_ADDR'), from: 'environment', takesVaultToken: true };
  }
  if (projectFile?.address !== undefined) {
    const url = normalizeAddress(projectFile.address, projectFile.path);
    return { url, from: 'project file', takesVaultToken: scope === 'vault' && isLoopbackAddress(url) };
  }
  return { url: defaultAddress, from: 'default', takesVaultToken: scope === 'vault' };
}

function chooseToken(sources: SettingSources, address: Address): { token: Secret; from: string } | undefined {
  const { host, projectFile } = sources;
  if (address.from === 'project file' && !isLoopbackAddress(address.url)) {
    const token = sources.savedToken(address.url);
    if (token !== undefined) return { token, from: 'saved token' };
    throw new ZvaultError('TOKEN_MISSING', `${projectFile?.path} names ${address.url}, and no token is saved for it`, {
      hint: `if you trust that server, run zvault login --url ${address.url}, or set ZVAULT_URL`,
    });
  }
  const given = envSetting(host, 'ZVAULT_TOKEN')?.trim();
  if (given) return { token: new Secret(given), from: 'ZVAULT_TOKEN' };
  const file = envSetting(host, 'ZVAULT_TOKEN_FILE');
  if (file !== undefined) return { token: sources.readTokenFile(file), from: 'ZVAULT_TOKEN_FILE' };
  const vaultToken = address.takesVaultToken ? envSetting(host, 'VAULT_TOKEN')?.trim() : undefined;
  if (vaultToken) return { token: new Secret(vaultToken), from: 'VAULT_TOKEN' };
  const saved = sources.savedToken(address.url);
  return saved === undefined ? undefined : { token: saved, from: 'saved token' };
}

/** @throws TOKEN_MISSING when there is none. */
export function requireToken(settings: Settings): Secret {
  if (settings.token !== undefined) return settings.token;
  throw new ZvaultError('TOKEN_MISSING', `no token for ${settings.url}`, {
    hint: 'set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE, or run zvault login',
  });
}

function readTokenFile(path: string): Secret {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw fileError(error, 'read', `the file of ZVAULT_TOKEN_FILE, ${path}`);
  }
  if (text === '') throw new ZvaultError('TOKEN_MISSING', `the file of ZVAULT_TOKEN_FILE, ${path}, is empty`);
  return new Secret(text);
}
