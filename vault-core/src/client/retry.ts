// When a request is sent again, and after how long.
// Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (full jitter).

import { isZvaultError } from '../domain/errors.ts';
import { detailsOf } from './failures.ts';

const baseDelayMs = 200;
const maxDelayMs = 5000;
/** A server that asks for a longer pause gets none: the caller is told instead. */
const maxRetryAfterMs = 30_000;

export interface RetryContext {
  /** Attempts made so far, from 1. */
  readonly attempt: number;
  readonly maxRetries: number;
  /** The same request twice does what one does. */
  readonly repeatable: boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Milliseconds to wait before the next attempt, or `undefined` when there must be none. */
export function retryDelayMs(error: unknown, context: RetryContext): number | undefined {
  if (context.attempt > context.maxRetries || !mayRepeat(error, context.repeatable)) return undefined;
  const jitterMs = backoffMs(context.attempt, context.random);
  const { retryAfterMs } = detailsOf(error);
  if (retryAfterMs === undefined) return jitterMs;
  return retryAfterMs > maxRetryAfterMs ? undefined : retryAfterMs + jitterMs;
}

/** Full jitter: anything between nothing and a limit that doubles with each attempt. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1)));
}

function mayRepeat(error: unknown, repeatable: boolean): boolean {
  if (!isZvaultError(error)) return false;
  const { sent, permanent, status } = detailsOf(error);
  if (permanent) return false;
  switch (error.code) {
    case 'CONNECTION_FAILED':
    case 'TIMEOUT':
      return repeatable || sent === false;
    // These say that nothing was done.
    case 'RATE_LIMITED':
    case 'AUDIT_UNAVAILABLE':
    case 'REQUEST_TIMEOUT':
      return true;
    case 'UNAVAILABLE':
      return repeatable;
    case 'INTERNAL':
      return repeatable && status === 500;
    default:
      return false;
  }
}

/**
 * The pause that `Retry-After` asks for: seconds, or an HTTP date.
 * Source: RFC 9110 section 10.2.3.
 */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const dateMs = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
