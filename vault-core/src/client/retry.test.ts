import { expect, test } from 'vitest';
import { ZvaultError } from '../domain/errors.ts';
import type { FailureDetails } from './failures.ts';
import { backoffMs, parseRetryAfterMs, retryDelayMs } from './retry.ts';

const half = (): number => 0.5;
const context = { attempt: 1, maxRetries: 3, repeatable: true, random: half };
const failure = (code: ConstructorParameters<typeof ZvaultError>[0], details: FailureDetails = {}): ZvaultError =>
  new ZvaultError(code, 'x', { details: { ...details } });

test('full jitter below a limit that doubles, up to five seconds', () => {
  const limits = [1, 2, 3, 4, 5, 6, 7].map((attempt) => backoffMs(attempt, () => 0.999_999));
  expect(limits).toEqual([199, 399, 799, 1599, 3199, 4999, 4999]);
  expect(backoffMs(3, () => 0)).toBe(0);
});

test.each([
  { name: 'a refused connection', error: failure('CONNECTION_FAILED', { sent: false }), read: true, write: true },
  { name: 'a connection that broke', error: failure('CONNECTION_FAILED', { sent: true }), read: true, write: false },
  {
    name: 'a certificate that is not trusted',
    error: failure('CONNECTION_FAILED', { sent: false, permanent: true }),
    read: false,
    write: false,
  },
  { name: 'no answer in time', error: failure('TIMEOUT', { sent: true }), read: true, write: false },
  { name: 'no connection in time', error: failure('TIMEOUT', { sent: false }), read: true, write: true },
  { name: 'too many requests', error: failure('RATE_LIMITED', { status: 429 }), read: true, write: true },
  { name: 'a limit of the plan', error: failure('LIMIT_EXCEEDED', { status: 429 }), read: false, write: false },
  {
    name: 'an audit that takes nothing',
    error: failure('AUDIT_UNAVAILABLE', { status: 503 }),
    read: true,
    write: true,
  },
  { name: 'an overloaded server', error: failure('UNAVAILABLE', { status: 503 }), read: true, write: false },
  { name: 'a sealed vault', error: failure('SEALED', { status: 503 }), read: false, write: false },
  { name: 'an internal error', error: failure('INTERNAL', { status: 500 }), read: true, write: false },
  { name: 'a refused token', error: failure('UNAUTHORIZED', { status: 401 }), read: false, write: false },
  { name: 'a missing secret', error: failure('NOT_FOUND', { status: 404 }), read: false, write: false },
  { name: 'a conflict', error: failure('CONFLICT', { status: 409 }), read: false, write: false },
  { name: 'broken JSON', error: failure('BAD_ANSWER', { status: 200 }), read: false, write: false },
  { name: 'a cancelled call', error: failure('INTERRUPTED'), read: false, write: false },
  { name: 'a mistake of ours', error: new TypeError('x'), read: false, write: false },
])('$name: read again $read, write again $write', ({ error, read, write }) => {
  expect(retryDelayMs(error, context) !== undefined).toBe(read);
  expect(retryDelayMs(error, { ...context, repeatable: false }) !== undefined).toBe(write);
});

test('attempts are counted', () => {
  const error = failure('UNAVAILABLE', { status: 503 });
  expect(retryDelayMs(error, { ...context, attempt: 3 })).toBeDefined();
  expect(retryDelayMs(error, { ...context, attempt: 4 })).toBeUndefined();
});

test('Retry-After is the least pause, and too long a one ends it', () => {
  expect(retryDelayMs(failure('RATE_LIMITED', { retryAfterMs: 2000 }), context)).toBe(2100);
  expect(retryDelayMs(failure('RATE_LIMITED', { retryAfterMs: 31_000 }), context)).toBeUndefined();
});

const nowMs = Date.UTC(2026, 0, 1, 12);
test.each([
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['7', 7000],
  [' 7 ', 7000],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
  ['Thursday, 01-Jan-26 12:00:30 GMT', 30_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
])('Retry-After %j is %j ms', (header, expected) => {
  expect(parseRetryAfterMs(header, nowMs)).toBe(expected);
});
