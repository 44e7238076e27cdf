// What the runner offers to an action, as this one uses it: files of its own for variables, masks, and a private folder.

import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as core from '@actions/core';
import { ciError, maskPlan } from '@zvault/core/ci';
import { messageOf } from '@zvault/core/domain';

type Environment = Readonly<Record<string, string | undefined>>;

/** Values and credentials shorter than this are not masked where nobody has said otherwise. */
const credentialMask = { minLength: 4 };

/**
 * The toolkit prints what it cannot write to a file, values too: without the files nothing begins.
 * @throws ZVCI-150
 */
export function requireRunnerFiles(env: Environment): void {
  for (const name of ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_PATH', 'RUNNER_TEMP']) {
    const path = env[name];
    if (!path) throw ciError('ZVCI-150', `${name} is not set`);
    try {
      statSync(path);
    } catch (error) {
      throw ciError('ZVCI-150', `what ${name} names is not there`, { cause: error });
    }
  }
}

/** Hides a token or a key in every form, before it is used. */
export function maskCredential(credential: string): void {
  for (const mask of maskPlan(credential, credentialMask)) core.setSecret(mask);
}

/** A folder of the action's own, for its owner alone; the post step removes it. */
export function makePrivateFolder(env: Environment): string {
  return mkdtempSync(join(env['RUNNER_TEMP'] ?? '', 'zvault-'));
}

/** Hands variables to the steps that follow, by one write. */
export function appendToEnv(env: Environment, text: string): void {
  appendFileSync(env['GITHUB_ENV'] ?? '', text);
}

/** Writes a file for its owner alone; it appears whole or not at all. @throws ZVCI-151 */
export function writePrivate(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const staged = mkdtempSync(join(dirname(path), '.zvault-'));
    const beside = join(staged, 'file');
    try {
      writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
      renameSync(beside, path);
    } finally {
      removeFolder(staged);
    }
  } catch (error) {
    throw ciError('ZVCI-151', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** Removes a folder with what is in it; one that is gone is fine. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
