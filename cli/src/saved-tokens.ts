// Tokens that `login` keeps: one file for each address, in a folder that only its owner enters.

import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, Secret, ZvaultError } from '@zvault/core/domain';
import { fileError } from './input.ts';
import { privateMode, writeFileAtomic } from './staged-file.ts';

type Place = Pick<Host, 'homeDir' | 'platform'>;

/**
 * The token saved for `address` (normalized), if there is one.
 * @throws TOKEN_INSECURE when others can read the file.
 */
export function readSavedToken(host: Place, address: string): Secret | undefined {
  const path = tokenPath(host, address);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, 'read', path);
  }
  if (host.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new ZvaultError('TOKEN_INSECURE', `${path} can be read by others`, {
      hint: 'run chmod 600 on it, and replace the token if others use this machine',
    });
  }
  return text === '' ? undefined : new Secret(text);
}

/** Saves the token for `address` (normalized); returns the file's path. */
export function saveToken(host: Place & Pick<Host, 'randomBytes'>, address: string, token: Secret): string {
  const path = tokenPath(host, address);
  for (const folder of [join(host.homeDir, '.zvault'), tokenFolder(host)]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    } catch (error) {
      throw fileError(error, 'create', folder);
    }
  }
  writeFileAtomic(host, path, `${token.expose()}\n`, { mode: privateMode });
  return path;
}

/** Forgets the token of `address`; says whether there was one. */
export function removeSavedToken(host: Place, address: string): boolean {
  const path = tokenPath(host, address);
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw fileError(error, 'remove', path);
  }
}

/** The addresses that have a saved token, sorted. */
export function savedAddresses(host: Place): string[] {
  try {
    return readdirSync(tokenFolder(host))
      .filter((name) => !name.startsWith('.'))
      .map(decodeURIComponent)
      .sort();
  } catch {
    return [];
  }
}

function tokenFolder(host: Place): string {
  return join(host.homeDir, '.zvault', 'tokens');
}

function tokenPath(host: Place, address: string): string {
  return join(tokenFolder(host), encodeURIComponent(address));
}
