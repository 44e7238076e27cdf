// What workers and their parent ask each other.

import type { CipherKey } from '../crypto/cipher.ts';
import type { ServerOptions } from '../options.ts';
import type { SingleSecret } from '../seal/way-in.ts';

/** What a worker is started with. The root key is there while the vault is unsealed. */
export interface WorkerStart {
  readonly options: Omit<ServerOptions, 'unseal' | 'warn'>;
  readonly root: CipherKey | undefined;
}

/** Asked of the parent: it alone takes shares and counts rates, so that all workers are one server. */
export type ParentQuestions = {
  giveShare: (share: string) => Promise<CipherKey | undefined>;
  giveShares: (shares: readonly string[]) => Promise<CipherKey | undefined>;
  giveSecret: (way: SingleSecret) => Promise<CipherKey | undefined>;
  /** The asking worker has put a backup in the place of the vault, and opened it. */
  replaced: (root: CipherKey) => Promise<void>;
  resetShares: (nothing: undefined) => Promise<void>;
  /** Shares given so far. */
  progress: (nothing: undefined) => Promise<number>;
  /** The asking worker has sealed itself, and the others must. */
  sealed: (nothing: undefined) => Promise<void>;
  /** Up to `count` requests of `name`. `seconds`: when to come again, if none was given. */
  takeRate: (wish: { readonly name: string; readonly count: number }) => Promise<{ taken: number; seconds: number }>;
  /** The metrics of all workers as one page. */
  metrics: (nothing: undefined) => Promise<string>;
};

/** Asked of a worker. */
export type WorkerQuestions = {
  /** Answers when it listens. */
  start: (start: WorkerStart) => Promise<{ readonly url: string; readonly port: number }>;
  unseal: (root: CipherKey) => Promise<void>;
  /** Answers when the open requests have ended and the keys are gone. */
  lock: (nothing: undefined) => Promise<void>;
  metrics: (nothing: undefined) => Promise<string>;
  stop: (nothing: undefined) => Promise<void>;
};
