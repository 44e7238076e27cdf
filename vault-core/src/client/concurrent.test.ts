import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mapConcurrent } from './concurrent.ts';

test('results are in order, and no more than the limit run at once', async () => {
  let running = 0;
  let most = 0;
  const results = await mapConcurrent([30, 5, 20, 1, 10], 2, async (ms) => {
    running += 1;
    most = Math.max(most, running);
    await wait(ms);
    running -= 1;
    return ms * 2;
  });
  expect(results).toEqual([60, 10, 40, 2, 20]);
  expect(most).toBe(2);
  expect(await mapConcurrent([], 3, () => Promise.resolve(1))).toEqual([]);
});

test('the first failure is thrown, stops the others, and starts nothing more', async () => {
  const started: number[] = [];
  const stopped: number[] = [];
  const failing = mapConcurrent([0, 1, 2, 3, 4], 3, async (item, signal) => {
    started.push(item);
    if (item === 1) throw new RangeError('first');
    await wait(5000, undefined, { signal }).catch(() => stopped.push(item));
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(started).toEqual([0, 1, 2]);
  expect(stopped).toEqual([0, 2]);
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  const running = mapConcurrent([1, 2, 3], 1, () => wait(10), controller.signal);
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
