// One question to a remote store for all that is asked in one event-loop turn.

interface Turn<T> {
  readonly keys: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, T>>;
}

export class TurnBatch<T> {
  readonly #load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  #turn: Turn<T> | undefined;

  /** `load` is asked for each key once, and leaves out what does not exist. */
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
    this.#load = load;
  }

  /**
   * The answer to all that this turn asks for. The question leaves after the call, never before: an answer that is under way
   * already may be older than what the caller must see.
   */
  ask(keys: readonly string[]): Promise<ReadonlyMap<string, T>> {
    this.#turn ??= this.#open();
    for (const key of keys) this.#turn.keys.add(key);
    return this.#turn.answer;
  }

  #open(): Turn<T> {
    const keys = new Set<string>();
    const answer = new Promise<ReadonlyMap<string, T>>((resolve, reject) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#load([...keys]).then(resolve, reject);
      });
    });
    return { keys, answer };
  }
}
