// Remembers what was computed from the store, for as long as none of the entries that were read for it has changed. One
// question to the store (`revisions`) proves that, whatever the number of entries; other servers' writes count too.

import { type Soon, soon } from './soon.ts';
import type { Entry, Reader, ScanRange, Store } from './store/store.ts';

interface Remembered<T> {
  readonly value: T;
  readonly keys: readonly string[];
  readonly revisions: readonly number[];
  readonly weight: number;
  /** The store's generation when this was last proven to hold. */
  generation: number | undefined;
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
  /**
   * By group, then name. Two short texts that their owners keep are looked up faster than one that is put together for each
   * look-up and must be hashed anew.
   */
  readonly #groups = new Map<string, Map<string, Remembered<T>>>();
  #weight = 0;

  constructor(store: Store, options: MemoOptions<T>) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * The remembered value of `name` in `group` if it still holds, else what `load` computes. A load that throws is not
   * remembered. What `load` reads must go through its reader, or change only together with something that does.
   */
  get(group: string, name: string, load: (reader: Reader) => Promise<T>): Soon<T> {
    const found = this.#groups.get(group)?.get(name);
    if (!found) return this.#load(group, name, load);
    const generation = this.#store.generation();
    if (generation !== undefined && generation === found.generation) return found.value;
    return soon(this.#store.revisions(found.keys), (revisions): Soon<T> => {
      if (same(revisions, found.revisions)) {
        found.generation = generation;
        return found.value;
      }
      if (this.#groups.get(group)?.get(name) === found) this.#drop(group, name);
      return this.#load(group, name, load);
    });
  }

  /** The remembered value if the store's generation alone proves that it holds: nothing is asked, nothing made. */
  peek(group: string, name: string): T | undefined {
    const found = this.#groups.get(group)?.get(name);
    if (!found || found.generation === undefined || found.generation !== this.#store.generation()) return undefined;
    return found.value;
  }

  /** Forgets everything; `dispose` sees each value, to overwrite what must not stay in memory. */
  clear(dispose?: (value: T) => void): void {
    if (dispose) for (const group of this.#groups.values()) for (const { value } of group.values()) dispose(value);
    this.#groups.clear();
    this.#weight = 0;
  }

  async #load(group: string, name: string, load: (reader: Reader) => Promise<T>): Promise<T> {
    const reader = new NotingReader(this.#store);
    const value = await load(reader);
    if (!reader.scanned) this.#keep(group, name, value, reader);
    return value;
  }

  #keep(group: string, name: string, value: T, { keys, revisions }: NotingReader): void {
    const weight = this.#options.weigh?.(value) ?? 1;
    // One value may take a quarter at most: else a single large answer would push out all others.
    if (weight > this.#options.maxWeight / 4) return;
    this.#drop(group, name);
    let entries = this.#groups.get(group);
    if (!entries) this.#groups.set(group, (entries = new Map()));
    entries.set(name, { value, keys, revisions, weight, generation: undefined });
    this.#weight += weight;
    while (this.#weight > this.#options.maxWeight) this.#dropOldest();
  }

  /** The oldest value of the oldest group. */
  #dropOldest(): void {
    for (const [group, entries] of this.#groups) {
      for (const name of entries.keys()) {
        this.#drop(group, name);
        return;
      }
    }
  }

  #drop(group: string, name: string): void {
    const entries = this.#groups.get(group);
    const found = entries?.get(name);
    if (!entries || !found) return;
    this.#weight -= found.weight;
    entries.delete(name);
    if (entries.size === 0) this.#groups.delete(group);
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((revision, index) => revision === b[index]);
}
