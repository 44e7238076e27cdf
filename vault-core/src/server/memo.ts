// Remembers what was computed from the store, for as long as none of the entries that were read for it has changed. One
// question to the store (`revisions`) proves that, whatever the number of entries; other servers' writes count too.

import type { Entry, Reader, ScanRange, Store } from './store/store.ts';

interface Remembered<T> {
  readonly value: T;
  readonly keys: readonly string[];
  readonly revisions: readonly number[];
  readonly weight: number;
}

/** Reads from the store and notes what it read. What stands on a range can't be proven by revisions, so it is not kept. */
class NotingReader implements Reader {
  scanned = false;
  readonly #store: Reader;
  readonly #seen = new Map<string, number>();

  constructor(store: Reader) {
    this.#store = store;
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#store.get(key);
    // The first revision seen counts: if the key changed between two reads, the result must not be kept.
    if (!this.#seen.has(key)) this.#seen.set(key, entry?.revision ?? 0);
    return entry;
  }

  scan(range: ScanRange): Promise<Entry[]> {
    this.scanned = true;
    return this.#store.scan(range);
  }

  get keys(): readonly string[] {
    return [...this.#seen.keys()];
  }

  get revisions(): readonly number[] {
    return [...this.#seen.values()];
  }
}

export interface MemoOptions<T> {
  /** Bound for the sum of the values' weights; the oldest go first. */
  readonly maxWeight: number;
  /** 1 for each value when left out. */
  readonly weigh?: (value: T) => number;
}

export class Memo<T> {
  readonly #store: Store;
  readonly #options: MemoOptions<T>;
  readonly #entries = new Map<string, Remembered<T>>();
  #weight = 0;

  constructor(store: Store, options: MemoOptions<T>) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * The remembered value of `name` if it still holds, else what `load` computes. A load that throws is not remembered.
   * What `load` reads must go through its reader, or change only together with something that does.
   */
  async get(name: string, load: (reader: Reader) => Promise<T>): Promise<T> {
    const found = this.#entries.get(name);
    if (found) {
      const asked = this.#store.revisions(found.keys);
      const revisions = asked instanceof Promise ? await asked : asked;
      if (same(revisions, found.revisions)) return found.value;
      this.#drop(name);
    }
    const reader = new NotingReader(this.#store);
    const value = await load(reader);
    if (!reader.scanned) this.#keep(name, value, reader);
    return value;
  }

  /** Forgets everything; `dispose` sees each value, to overwrite what must not stay in memory. */
  clear(dispose?: (value: T) => void): void {
    if (dispose) for (const { value } of this.#entries.values()) dispose(value);
    this.#entries.clear();
    this.#weight = 0;
  }

  #keep(name: string, value: T, { keys, revisions }: NotingReader): void {
    const weight = this.#options.weigh?.(value) ?? 1;
    // One value may take a quarter at most: else a single large answer would push out all others.
    if (weight > this.#options.maxWeight / 4) return;
    this.#drop(name);
    this.#entries.set(name, { value, keys, revisions, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#options.maxWeight) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const found = this.#entries.get(name);
    if (!found) return;
    this.#weight -= found.weight;
    this.#entries.delete(name);
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((revision, index) => revision === b[index]);
}
