// What the main step leaves for the post step. Paths and ids only: the runner shows state in debug mode.

import * as core from '@actions/core';
import type { VaultProcess } from './ephemeral.ts';

interface State {
  /** The action's private folder. */
  readonly folder: string;
  /** The file with the token to revoke, and the vault that it is from: later steps may have set another. */
  readonly minted: { readonly file: string; readonly url: string };
  /** A file of values outside of the folder. */
  readonly secretsFile: string;
  readonly vault: VaultProcess;
}

export function saveState<K extends keyof State>(name: K, value: State[K]): void {
  core.saveState(name, JSON.stringify(value));
}

export function readState<K extends keyof State>(name: K): State[K] | undefined {
  const text = core.getState(name);
  return text === '' ? undefined : (JSON.parse(text) as State[K]);
}
