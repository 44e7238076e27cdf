// Memory for audit lines between their write and their way into the table. Lines are written into large buffers that are used
// again: a buffer for each write would be tens of megabytes a second for the garbage collector.

const slabBytes = 1_048_576;
/** Free slabs kept; more than a second's worth of records is an exception. */
const maxFree = 32;

export class Slabs {
  #current: Buffer = Buffer.alloc(0);
  #used = 0;
  #full: Buffer[] = [];
  #free: Buffer[] = [];

  /** Room for `mostBytes` in one piece. What is written there stays until `release`. */
  reserve(mostBytes: number): { slab: Buffer; start: number } {
    if (this.#current.length - this.#used < mostBytes) this.#next(mostBytes);
    return { slab: this.#current, start: this.#used };
  }

  /** Keeps what was written up to `end` in the reserved piece. */
  keep(end: number): void {
    this.#used = end;
  }

  /** What was written so far, to be released when it is no longer needed. */
  take(): Buffer[] {
    const taken = [...this.#full, this.#current];
    this.#full = [];
    this.#current = Buffer.alloc(0);
    this.#used = 0;
    return taken;
  }

  /** Makes slabs free that `take` gave: nobody may look at their bytes any more. */
  release(slabs: readonly Buffer[]): void {
    for (const slab of slabs) if (slab.length === slabBytes && this.#free.length < maxFree) this.#free.push(slab);
  }

  #next(mostBytes: number): void {
    if (this.#used > 0) this.#full.push(this.#current);
    this.#current =
      mostBytes > slabBytes
        ? Buffer.allocUnsafeSlow(mostBytes)
        : (this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes));
    this.#used = 0;
  }
}
