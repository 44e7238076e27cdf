import { expect, test } from 'vitest';
import { ZvaultError } from '../domain/errors.ts';
import { abortError, joinSignals, sleep } from './abort.ts';
import { Flight } from './flight.ts';

test.each([
  { name: 'abort()', signal: AbortSignal.abort(), code: 'INTERRUPTED' },
  { name: 'a reason of the caller', signal: AbortSignal.abort('why'), code: 'INTERRUPTED' },
  { name: 'an error of ours', signal: AbortSignal.abort(new ZvaultError('TIMEOUT', 'x')), code: 'TIMEOUT' },
  { name: 'a time limit', signal: AbortSignal.abort(new DOMException('x', 'TimeoutError')), code: 'TIMEOUT' },
])('$name becomes $code', ({ signal, code }) => {
  expect(abortError(signal)).toMatchObject({ code });
});

test('joined signals abort with the first, and let go of the others', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const joined = joinSignals(one.signal, undefined, other.signal);
  const released = joinSignals(one.signal);
  released.release();
  one.abort('reason');
  expect([joined.signal.aborted, joined.signal.reason]).toEqual([true, 'reason']);
  expect(released.signal.aborted).toBe(false);
  expect(joinSignals(AbortSignal.abort()).signal.aborted).toBe(true);
});

test('sleep ends in time or with its signal', async () => {
  await sleep(1);
  await expect(sleep(60_000, AbortSignal.timeout(5))).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('a flight ends when its last passenger leaves, and a failure without passengers is nobody’s', async () => {
  let life: AbortSignal | undefined;
  const flight = new Flight((signal) => {
    life = signal;
    return sleep(60_000, signal);
  });
  const [one, other] = [new AbortController(), new AbortController()];
  const joins = [flight.join(one.signal), flight.join(other.signal)];
  one.abort();
  await expect(joins[0]).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect([life?.aborted, flight.over]).toEqual([false, false]);
  other.abort();
  await expect(joins[1]).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect([life?.aborted, flight.over]).toEqual([true, true]);
  await expect(flight.join(AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
