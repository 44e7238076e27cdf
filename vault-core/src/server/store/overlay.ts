// The writes of a transaction that the database has not seen yet, in layers: one for each open savepoint. They go out together
// before the commit, so that a transaction costs a few round trips whatever it writes.

export class Overlay {
  /** Oldest first; `null`: deleted. */
  #layers: Map<string, Buffer | null>[] = [new Map()];

  put(key: string, value: Buffer): void {
    this.#top.set(key, value);
  }

  delete(key: string): void {
    this.#top.set(key, null);
  }

  /** What was written under the key; `null` when it was deleted, `undefined` when it was left alone. */
  find(key: string): Buffer | null | undefined {
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const found = this.#layers[index]?.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** All writes, each key once. */
  all(): Map<string, Buffer | null> {
    const [only, ...further] = this.#layers;
    if (only && further.length === 0) return only;
    return new Map(this.#layers.flatMap((layer) => [...layer]));
  }

  /** Forgets all writes: they have left. */
  clear(): void {
    this.#layers = [new Map()];
  }

  /** Runs `work`; what it wrote goes when it throws. */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const layer = new Map<string, Buffer | null>();
    const depth = this.#layers.push(layer);
    try {
      const result = await work();
      this.#layers.length = depth - 1;
      for (const [key, value] of layer) this.#top.set(key, value);
      return result;
    } catch (error) {
      this.#layers.length = depth - 1;
      throw error;
    }
  }

  get #top(): Map<string, Buffer | null> {
    const top = this.#layers.at(-1);
    if (!top) throw new Error('an overlay has a layer');
    return top;
  }
}
