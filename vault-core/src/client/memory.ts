// What the client remembers of one environment, in memory only: all its secrets and single ones, how old they are, and what a
// write of this client changed about them.

import type { Entries } from './bulk.ts';
import type { Entry } from './decode.ts';

export interface MemoryLimits {
  /** How long values are used without asking; 0: nothing is remembered. */
  readonly ttlMs: number;
  /** How long they may serve while the server is away. */
  readonly staleLimitMs: number;
}

/** Values and the time at which the server last confirmed them. */
export interface Remembered<T> {
  readonly value: T;
  readonly checkedAtMs: number;
  /** Fresh only while nothing was written since. */
  readonly generation: number;
}

/** After a failed request the last-known values serve for this long before the server is asked again. */
const maxQuietMs = 10_000;

export class EnvironmentMemory {
  readonly #limits: MemoryLimits;
  #all: (Remembered<Entries> & { readonly etag: string | undefined }) | undefined;
  #quietUntilMs = 0;
  #generation = 0;
  readonly #ones = new Map<string, Remembered<Entry>>();

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** Grows with each write: an answer to a question from before it is not remembered. */
  get generation(): number {
    return this.#generation;
  }

  /** All secrets, if they need no question to the server. */
  freshAll(nowMs: number): Remembered<Entries> | undefined {
    return this.#isFresh(this.#all, nowMs) ? this.#all : undefined;
  }

  freshOne(key: string, nowMs: number): Remembered<Entry> | undefined {
    const all = this.freshAll(nowMs);
    const entry = all?.value.get(key);
    if (all !== undefined && entry !== undefined) return { ...all, value: entry };
    const one = this.#ones.get(key);
    return this.#isFresh(one, nowMs) ? one : undefined;
  }

  /** The last-known secrets, if they may serve while the server is away. */
  lastAll(nowMs: number): Remembered<Entries> | undefined {
    return this.#maySpeak(this.#all, nowMs) ? this.#all : undefined;
  }

  lastOne(key: string, nowMs: number): Remembered<Entry> | undefined {
    const all = this.lastAll(nowMs);
    const entry = all?.value.get(key);
    const one = this.#ones.get(key);
    const single = this.#maySpeak(one, nowMs) ? one : undefined;
    if (all === undefined || entry === undefined) return single;
    if (single !== undefined && single.checkedAtMs > all.checkedAtMs) return single;
    return { ...all, value: entry };
  }

  /** For a conditional request. */
  known(): { readonly entries: Entries; readonly etag: string | undefined } | undefined {
    return this.#all === undefined ? undefined : { entries: this.#all.value, etag: this.#all.etag };
  }

  store(entries: Entries, etag: string | undefined, generation: number, nowMs: number): void {
    if (this.#limits.ttlMs === 0 || generation !== this.#generation) return;
    this.#all = { value: entries, etag, checkedAtMs: nowMs, generation };
    this.#quietUntilMs = 0;
    this.#ones.clear();
  }

  /** The server said that nothing changed. */
  confirm(generation: number, nowMs: number): void {
    if (this.#all !== undefined) this.store(this.#all.value, this.#all.etag, generation, nowMs);
  }

  storeOne(entry: Entry, generation: number, nowMs: number): void {
    if (this.#limits.ttlMs === 0 || generation !== this.#generation) return;
    this.#ones.set(entry.key, { value: entry, checkedAtMs: nowMs, generation });
  }

  /** The server failed: leave it in peace for a moment. */
  quiet(nowMs: number): void {
    this.#quietUntilMs = nowMs + Math.min(maxQuietMs, this.#limits.ttlMs);
  }

  isQuiet(nowMs: number): boolean {
    return nowMs < this.#quietUntilMs;
  }

  /** Writes of this client: the entries that stand now, `undefined` for deleted ones. The next read asks the server. */
  wrote(changes: ReadonlyMap<string, Entry | undefined>, nowMs: number): void {
    this.expire();
    const entries = new Map(this.#all?.value);
    for (const [key, entry] of changes) {
      this.#ones.delete(key);
      if (entry === undefined) entries.delete(key);
      else entries.set(key, entry);
      if (entry !== undefined) this.storeOne(entry, this.#generation, nowMs);
    }
    if (this.#all !== undefined) this.#all = { ...this.#all, value: entries, etag: undefined };
  }

  /** Something changed: ask before using anything again, but keep it for when the server is away. */
  expire(): void {
    this.#generation += 1;
    this.#quietUntilMs = 0;
  }

  /** The token may not read it any more, or it is gone: nothing stays. */
  forget(key?: string): void {
    if (key !== undefined) {
      this.#ones.delete(key);
      if (this.#all?.value.has(key)) {
        const entries = new Map(this.#all.value);
        entries.delete(key);
        this.#all = { ...this.#all, value: entries, etag: undefined };
      }
      return;
    }
    this.#generation += 1;
    this.#all = undefined;
    this.#ones.clear();
  }

  #isFresh(held: Remembered<unknown> | undefined, nowMs: number): boolean {
    if (held === undefined || held.generation !== this.#generation) return false;
    const ageMs = nowMs - held.checkedAtMs;
    // A clock that was set back must not make values fresh for longer.
    return ageMs >= 0 && ageMs < this.#limits.ttlMs;
  }

  #maySpeak(held: Remembered<unknown> | undefined, nowMs: number): boolean {
    return held !== undefined && nowMs - held.checkedAtMs <= this.#limits.staleLimitMs;
  }
}
