// When each token was last used. Kept apart from the token's record, so that using a token does not change it, and written
// in the background.

import { messageOf } from '../../domain/errors.ts';
import { keys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

const flushIntervalMs = 5000;

export class TokenUse {
  readonly #store: Store;
  readonly #warn: (message: string) => void;
  #used = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, warn: (message: string) => void) {
    this.#store = store;
    this.#warn = warn;
  }

  /** `nowMs`: since the epoch. */
  note(tokenId: string, nowMs: number): void {
    this.#used.set(tokenId, nowMs);
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.flush().catch((error: unknown) => this.#warn(`can't store when tokens were used: ${messageOf(error)}`));
    }, flushIntervalMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    try {
      await this.#store.transaction(async (transaction) => {
        for (const [id, at] of used) await transaction.put(keys.tokenUse(id), String(at));
      });
    } catch (error) {
      // For the next attempt, beneath what was noted since.
      this.#used = new Map([...used, ...this.#used]);
      throw error;
    }
  }
}
