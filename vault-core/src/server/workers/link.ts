// A worker's view of its parent.

import type { CipherKey } from '../crypto/cipher.ts';
import type { SealHolder } from '../seal.ts';
import type { SingleSecret } from '../seal/way-in.ts';
import type { Channel } from './channel.ts';
import type { ParentQuestions } from './questions.ts';

export class ParentLink implements SealHolder {
  readonly #channel: Channel<ParentQuestions>;

  constructor(channel: Channel<ParentQuestions>) {
    this.#channel = channel;
  }

  giveShare(share: string): Promise<CipherKey | undefined> {
    return this.#channel.ask('giveShare', share);
  }

  giveShares(shares: readonly string[]): Promise<CipherKey | undefined> {
    return this.#channel.ask('giveShares', shares);
  }

  giveSecret(way: SingleSecret): Promise<CipherKey | undefined> {
    return this.#channel.ask('giveSecret', way);
  }

  /** To be called when this worker has put a backup in the place of the vault: the others open it too. */
  replaced(root: CipherKey): Promise<void> {
    return this.#channel.ask('replaced', root);
  }

  resetShares(): Promise<void> {
    return this.#channel.ask('resetShares', undefined);
  }

  progress(): Promise<number> {
    return this.#channel.ask('progress', undefined);
  }

  /** To be called when this worker has sealed itself on request: the others follow. */
  sealed(): Promise<void> {
    return this.#channel.ask('sealed', undefined);
  }

  takeRate(wish: { readonly name: string; readonly count: number }): Promise<{ taken: number; seconds: number }> {
    return this.#channel.ask('takeRate', wish);
  }

  /** The metrics page of all workers. */
  metrics(): Promise<string> {
    return this.#channel.ask('metrics', undefined);
  }
}
