// Wakes event streams. A commit of this process wakes them at once; those of other processes are found by asking for the
// environment's revision each second, so correctness never depends on being woken.

import type { Store } from '../store/store.ts';
import { type EnvironmentState, readState } from './environments.ts';
import { type StoredEvent, eventsAfter } from './event-log.ts';

const pollIntervalMs = 1000;
const batch = 500;

export class EventHub {
  readonly #store: Store;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** One for all streams: what they then ask the store, they ask in the same turn, in one question. */
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get closed(): boolean {
    return this.#closed;
  }

  wake(environmentId: string): void {
    for (const wake of this.#waiting.get(environmentId) ?? []) wake();
  }

  wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
  }

  close(): void {
    this.#closed = true;
    this.wakeAll();
  }

  state(environmentId: string): Promise<EnvironmentState> {
    return readState(this.#store, environmentId);
  }

  /** Events after the revision, oldest first, at most a batch. */
  read(environmentId: string, revision: number): Promise<StoredEvent[]> {
    return eventsAfter(this.#store, environmentId, revision, batch);
  }

  /** Resolves when something may have happened: at a commit, after a second, or when the signal fires. */
  wait(environmentId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || signal.aborted) {
        resolve();
        return;
      }
      const waiting = this.#waiting.get(environmentId) ?? new Set();
      this.#waiting.set(environmentId, waiting);
      const done = (): void => {
        signal.removeEventListener('abort', done);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(environmentId);
        if (this.#waiting.size === 0) this.#stopPolling();
        resolve();
      };
      this.#poll ??= setInterval(() => this.wakeAll(), pollIntervalMs);
      signal.addEventListener('abort', done);
      waiting.add(done);
    });
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }
}
