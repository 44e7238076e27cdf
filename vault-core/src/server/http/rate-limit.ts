// Token buckets: `limit` requests a second for each name, with a burst of one second.

interface Bucket {
  tokens: number;
  atMs: number;
}

const maxBuckets = 50_000;

export class RateLimit {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `limit`: requests a second; 0: none are refused. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes one request of `name`. Returns 0, or whole seconds after which to come again. */
  take(name: string): number {
    return this.takeUpTo(name, 1).seconds;
  }

  /** Takes as many requests of `name` as there are, up to `count`. `seconds`: 0, or after which to come again if there was none. */
  takeUpTo(name: string, count: number): { taken: number; seconds: number } {
    if (this.#limit === 0) return { taken: count, seconds: 0 };
    const now = this.#now();
    const bucket = this.#buckets.get(name) ?? this.#create(name, now);
    // A clock that jumps back must not take tokens away.
    bucket.tokens = Math.min(this.#limit, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1000) * this.#limit);
    bucket.atMs = now;
    if (bucket.tokens >= 1) {
      const taken = Math.min(count, Math.floor(bucket.tokens));
      bucket.tokens -= taken;
      return { taken, seconds: 0 };
    }
    return { taken: 0, seconds: Math.max(1, Math.ceil((1 - bucket.tokens) / this.#limit)) };
  }

  #create(name: string, now: number): Bucket {
    if (this.#buckets.size >= maxBuckets) this.#forgetFull(now);
    const bucket = { tokens: this.#limit, atMs: now };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /**
   * A bucket that is full again is as good as none. If few are, the oldest go too, many at once: a flood of names must not
   * fill the memory, nor cost a walk through all buckets for each name.
   */
  #forgetFull(now: number): void {
    for (const [name, { atMs }] of this.#buckets) if (now - atMs >= 1000) this.#buckets.delete(name);
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size < maxBuckets * 0.9) return;
      this.#buckets.delete(name);
    }
  }
}
