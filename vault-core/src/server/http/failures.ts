// Failures of the server that requests run into. One that all of them run into, as while the database is away, is told once and then
// counted: else the log grows with each request that somebody sends.

const periodMs = 10_000;
/** Messages counted at a time. */
const maxMessages = 100;

export class Failures {
  readonly #warn: (message: string) => void;
  /** How often each came again since it was told. */
  #again = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  tell(message: string): void {
    const again = this.#again.get(message);
    if (again !== undefined) {
      this.#again.set(message, again + 1);
      return;
    }
    this.#warn(message);
    if (this.#again.size >= maxMessages) return;
    this.#again.set(message, 0);
    this.#timer ??= setTimeout(() => this.#flush(), periodMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    const counts = this.#again;
    this.#again = new Map();
    for (const [message, count] of counts) if (count > 0) this.#warn(`${message} (${count} more times)`);
  }
}
