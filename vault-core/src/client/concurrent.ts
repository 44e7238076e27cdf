// Bounded parallel work, all or nothing.

import { joinSignals, throwIfAborted } from './abort.ts';

/**
 * Results of `work` for each item, in order, with at most `limit` running at once. The first failure stops the rest and is
 * thrown.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results: R[] = [];
  results.length = items.length;
  const joined = joinSignals(signal);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      throwIfAborted(joined.signal);
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T, joined.signal);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  try {
    await Promise.all(workers);
    return results;
  } catch (error) {
    joined.abort(error);
    await Promise.allSettled(workers);
    throw error;
  } finally {
    joined.release();
  }
}
