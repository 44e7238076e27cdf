import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Failures } from './failures.ts';

let told: string[];
let failures: Failures;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  failures = new Failures((message) => void told.push(message));
});
afterEach(() => {
  failures.close();
  vi.useRealTimers();
});

test('what fails for every request is told at once, and then counted', () => {
  for (let index = 0; index < 1000; index += 1) failures.tell('no answer');
  failures.tell('disk full');
  expect(told).toEqual(['no answer', 'disk full']);
  vi.advanceTimersByTime(10_000);
  expect(told.splice(0)).toEqual(['no answer', 'disk full', 'no answer (999 more times)']);

  // It goes on: a line each ten seconds. It has stopped: none, and the next one is news.
  failures.tell('no answer');
  expect(told).toEqual(['no answer']);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['no answer']);
  failures.tell('no answer');
  expect(told).toEqual(['no answer', 'no answer']);
});

test('what is still counted is told at the end', () => {
  for (let index = 0; index < 3; index += 1) failures.tell('a');
  failures.close();
  expect(told).toEqual(['a', 'a (2 more times)']);
});

test('messages that are never the same are told, and not kept', () => {
  for (let index = 0; index < 1000; index += 1) failures.tell(`entry ${index}`);
  expect(told).toHaveLength(1000);
  failures.tell('entry 0');
  failures.tell('entry 999');
  expect(told).toHaveLength(1001);
});
