import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { fakeContext } from '../test/fake-context.ts';
import { serveUntilStopped } from './serving.ts';
import { createSignalSource } from './signals.ts';

test('the newest taker alone gets a signal, and gives it back', () => {
  const emitter = new EventEmitter();
  const signals = createSignalSource(emitter);
  const got: string[] = [];
  const first = signals.take(['SIGINT', 'SIGTERM'], (signal) => got.push(`first ${signal}`));
  const second = signals.take(['SIGINT'], (signal) => got.push(`second ${signal}`));
  emitter.emit('SIGINT', 'SIGINT');
  emitter.emit('SIGTERM', 'SIGTERM');
  second();
  emitter.emit('SIGINT', 'SIGINT');
  first();
  expect(got).toEqual(['second SIGINT', 'first SIGTERM', 'first SIGINT']);
  expect(emitter.eventNames()).toEqual([]);
});

test('takers may leave in any order, and twice', () => {
  const emitter = new EventEmitter();
  const signals = createSignalSource(emitter);
  const got: string[] = [];
  const first = signals.take(['SIGINT'], () => got.push('first'));
  const second = signals.take(['SIGINT'], () => got.push('second'));
  first();
  first();
  emitter.emit('SIGINT', 'SIGINT');
  second();
  expect(got).toEqual(['second']);
  expect(emitter.listenerCount('SIGINT')).toBe(0);
});

test.each([
  ['SIGTERM', 0],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('serving ends in order on %s', async (signal, code) => {
  using context = fakeContext();
  let closed = 0;
  const serving = serveUntilStopped(context, async () => {
    closed += 1;
  });
  expect(context.deliver(signal)).toBe(true);
  expect(await serving).toBe(code);
  expect(closed).toBe(1);
  expect(context.deliver(signal)).toBe(false);
});

test('a second signal does not wait for what is under way', async () => {
  using context = fakeContext();
  const serving = serveUntilStopped(context, () => new Promise(() => {}));
  context.deliver('SIGTERM');
  context.interrupt.abort();
  expect(await serving).toBe(0);
});
