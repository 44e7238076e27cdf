// The secrets of an environment in the caller's hands: readable by key, unreadable to anything that prints objects.

const redacted = '[redacted]';

export interface SecretsFacts {
  /** When the server last said that these are the values, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
  /** True for last-known values while the server is away. */
  readonly stale: boolean;
}

/** Reads like a `Map`; `toObject` gives a plain object. */
export class Secrets implements Iterable<[string, string]> {
  readonly #entries: ReadonlyMap<string, { readonly value: string }>;
  readonly fetchedAtMs: number;
  readonly stale: boolean;

  constructor(entries: ReadonlyMap<string, { readonly value: string }>, facts: SecretsFacts) {
    this.#entries = entries;
    this.fetchedAtMs = facts.fetchedAtMs;
    this.stale = facts.stale;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  *values(): IterableIterator<string> {
    for (const { value } of this.#entries.values()) yield value;
  }

  *entries(): IterableIterator<[string, string]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** All values under their keys. Without a prototype, so that a secret may be called `__proto__`. */
  toObject(): Record<string, string> {
    const object = Object.create(null) as Record<string, string>;
    for (const [key, value] of this) object[key] = value;
    return object;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Secrets(${this.size}) ${redacted}`;
  }
}
