import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TurnBatch } from './turn-batch.ts';

/** A batch whose questions are answered when the test says so. */
function slow(atOnce: number) {
  const asked: { keys: readonly string[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const batch = new TurnBatch<string>(
    atOnce,
    (keys) =>
      new Promise((resolve, reject) => {
        asked.push({ keys, answer: () => resolve(new Map(keys.map((key) => [key, key]))), fail: reject });
      }),
  );
  return { asked, batch };
}

test('what one turn asks for is one question, each key once', async () => {
  const { asked, batch } = slow(2);
  const answers = [batch.ask(['a', 'b']), batch.ask(['b', 'c']), batch.ask([])];
  expect(asked).toEqual([]);
  await turn();
  expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
  asked[0]?.answer();
  expect((await answers[1])?.get('c')).toBe('c');
});

test('an answer that is under way is of no use to who asks now', async () => {
  const { asked, batch } = slow(2);
  const first = batch.ask(['a']);
  await turn();
  const second = batch.ask(['a']);
  asked[0]?.answer();
  await first;
  await turn();
  expect(asked).toHaveLength(2);
  asked[1]?.answer();
  await second;
});

test('when enough are under way the next question waits, and grows, until one is answered or fails', async () => {
  const { asked, batch } = slow(2);
  const waiting = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    waiting.push(batch.ask([key]));
    await turn();
  }
  expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  asked[1]?.fail(new Error('lost'));
  await expect(waiting[1]).rejects.toThrow('lost');
  await turn();
  expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
  for (const { answer } of asked) answer();
  await Promise.all(waiting.toSpliced(1, 1));
  const last = batch.ask(['f']);
  await turn();
  asked[3]?.answer();
  expect((await last).get('f')).toBe('f');
});
