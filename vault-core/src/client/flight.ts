// One piece of work that many callers wait for. Each caller may leave by its own signal; the work itself is given up only
// when nobody waits any more.

import { abortError, joinSignals } from './abort.ts';

export class Flight<T> {
  readonly #life = joinSignals();
  readonly #work: Promise<T>;
  #waiting = 0;
  #landed = false;

  constructor(run: (signal: AbortSignal) => Promise<T>) {
    this.#work = run(this.#life.signal).finally(() => {
      this.#landed = true;
    });
    // Callers see the failure through join(); without callers it has nobody to go to.
    this.#work.catch(() => {});
  }

  /** True once the work has ended or was given up: start a new flight. */
  get over(): boolean {
    return this.#landed || this.#life.signal.aborted;
  }

  /** Waits for the result. */
  async join(signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) {
      this.#leave();
      throw abortError(signal);
    }
    this.#waiting += 1;
    let stop: (() => void) | undefined;
    try {
      if (signal === undefined) return await this.#work;
      const left = new Promise<never>((_resolve, reject) => {
        stop = () => reject(abortError(signal));
        signal.addEventListener('abort', stop, { once: true });
      });
      return await Promise.race([this.#work, left]);
    } finally {
      if (stop) signal?.removeEventListener('abort', stop);
      this.#waiting -= 1;
      this.#leave();
    }
  }

  #leave(): void {
    if (this.#waiting === 0 && !this.#landed) this.#life.abort(undefined);
  }
}
