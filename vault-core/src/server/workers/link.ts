// A worker's view of its parent.

import type { SealHolder } from '../seal.ts';
import type { Channel } from './channel.ts';
import type { ParentQuestions } from './questions.ts';

export class ParentLink implements SealHolder {
  readonly #channel: Channel<ParentQuestions>;

  constructor(channel: Channel<ParentQuestions>) {
    this.#channel = channel;
  }

  giveShare(share: string): Promise<void> {
    return this.#channel.ask('giveShare', share);
  }

  giveShares(shares: readonly string[]): Promise<void> {
    return this.#channel.ask('giveShares', shares);
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
