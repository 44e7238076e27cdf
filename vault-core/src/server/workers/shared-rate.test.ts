import { expect, test } from 'vitest';
import { RateLimit } from '../http/rate-limit.ts';
import { SharedRate } from './shared-rate.ts';

const limit = 100;

/** Workers of one parent, with a clock that the test moves. */
function startWorkers(count: number) {
  const clock = { ms: 0 };
  const messages: number[] = [];
  const rate = new RateLimit(limit, () => clock.ms);
  const workers = Array.from(
    { length: count },
    () =>
      new SharedRate(
        limit,
        () => clock.ms,
        async ({ name, count: wanted }) => {
          messages.push(wanted);
          return rate.takeUpTo(name, wanted);
        },
      ),
  );
  return { clock, messages, workers };
}

test('never more than the limit pass over all workers, and nearly all of it does', async () => {
  const { workers, messages } = startWorkers(3);
  const answers = await Promise.all(
    Array.from({ length: 600 }, async (_, index) => workers[index % 3]?.take('token') ?? 0),
  );
  const passed = answers.filter((seconds) => seconds === 0).length;
  expect(passed).toBeLessThanOrEqual(limit);
  expect(passed).toBeGreaterThanOrEqual(limit - 3 * 5);
  expect(answers.filter((seconds) => seconds > 0).every(Number.isInteger)).toBe(true);
  // Lots grow while they are used up quickly.
  expect(Math.max(...messages)).toBeGreaterThan(1);
});

test('who comes slowly takes no more than he uses, whichever worker he reaches', async () => {
  const { clock, workers, messages } = startWorkers(4);
  for (let index = 0; index < 200; index += 1) {
    expect(await workers[index % 4]?.take('slow')).toBe(0);
    clock.ms += 30;
  }
  expect(messages.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(200);
});

test('names have rates of their own, a limit of 0 asks nobody, and a parent that has gone is an error', async () => {
  const { workers } = startWorkers(1);
  await Promise.all(Array.from({ length: 200 }, async () => workers[0]?.take('a')));
  expect(await workers[0]?.take('b')).toBe(0);
  const gone = async (): Promise<never> => {
    throw new Error('gone');
  };
  expect(new SharedRate(0, () => 0, gone).take('a')).toBe(0);
  const orphan = new SharedRate(1, () => 0, gone);
  await expect(orphan.take('a')).rejects.toThrow('gone');
  await expect(orphan.take('a')).rejects.toThrow('gone');
});
