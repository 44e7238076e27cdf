// Ready-made answers that hold values: remembered with the revisions of what they were made from (memo.ts), bounded in number of
// bytes, overwritten on seal.

import { Memo } from './memo.ts';
import type { Soon } from './soon.ts';
import type { Reader, Store } from './store/store.ts';

/** What an answer costs beside its bytes. */
const overheadBytes = 200;

/** `bytes`: where an answer's values stand in it. */
export class Bodies<T> {
  readonly #memo: Memo<T>;
  readonly #bytes: (body: T) => Buffer;

  constructor(store: Store, options: { readonly maxBytes: number; readonly bytes: (body: T) => Buffer }) {
    this.#bytes = options.bytes;
    this.#memo = new Memo<T>(store, {
      maxWeight: options.maxBytes,
      weigh: (body) => options.bytes(body).length + overheadBytes,
    });
  }

  /** See `Memo.get`. */
  get(group: string, name: string, make: (reader: Reader) => Promise<T>): Soon<T> {
    return this.#memo.get(group, name, make);
  }

  /** See `Memo.peek`. */
  peek(group: string, name: string): T | undefined {
    return this.#memo.peek(group, name);
  }

  /** Overwrites every body. */
  clear(): void {
    this.#memo.clear((body) => this.#bytes(body).fill(0));
  }
}
