// Work that goes on for as long as the server is merely away: watches outlive restarts and outages.

import { sleep, throwIfAborted } from './abort.ts';
import { detailsOf, isAway } from './failures.ts';
import type { Requester } from './requester.ts';

const firstPauseMs = 1000;
export const maxPauseMs = 30_000;
/** The longest pause that a server can ask for. */
const maxRetryAfterMs = 300_000;

/** Tries until it works. @throws what waiting does not mend */
export async function patiently<T>(requester: Requester, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      const { permanent, retryAfterMs = 0 } = detailsOf(error);
      if (!isAway(error) || permanent || signal.aborted) throw error;
      const limitMs = Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      await sleep(Math.min(retryAfterMs, maxRetryAfterMs) + limitMs * requester.random(), signal);
    }
  }
}
