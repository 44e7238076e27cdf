// One question to a remote store for all that is asked in one event-loop turn, or, while enough questions are under way, until
// one of them is answered: the busier the server, the larger its questions, and the fewer.

interface Turn<T> {
  readonly keys: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, T>>;
}

type Load<T> = (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;

export class TurnBatch<T> {
  readonly #load: Load<T>;
  readonly #atOnce: number;
  #turn: Turn<T> | undefined;
  #underWay = 0;
  /** Sends the question that waits for another one's answer. */
  #next: (() => void) | undefined;

  /** `load` is asked for each key once, and leaves out what does not exist. `atOnce`: most questions under way. */
  constructor(atOnce: number, load: Load<T>) {
    this.#atOnce = atOnce;
    this.#load = load;
  }

  /**
   * The answer to all that is asked together. The question leaves after the call, never before: an answer that is under way
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
      const send = (): void => {
        this.#turn = undefined;
        this.#underWay += 1;
        this.#load([...keys])
          .then(resolve, reject)
          .finally(() => this.#answered());
      };
      setImmediate(() => {
        if (this.#underWay < this.#atOnce) send();
        else this.#next = send;
      });
    });
    return { keys, answer };
  }

  #answered(): void {
    this.#underWay -= 1;
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }
}
