// Durations as people write them: an integer and a unit.

import { ZvaultError } from './errors.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };
/** A hundred years: beyond it dates stop making sense, and RFC 3339 ends at the year 9999. */
const maxSeconds = 100 * 31_536_000;

/**
 * Seconds of `"90"`, `"15m"`, `"12h"`, `"90d"`, `"2w"`, `"1y"`; a bare integer means seconds.
 * @throws BAD_REQUEST for anything else, zero, and more than a hundred years.
 */
export function parseDurationSeconds(text: string): number {
  const match = /^(\d{1,12})([smhdwy]?)$/.exec(text.trim());
  const seconds = match ? Number(match[1]) * (secondsOf[match[2] || 's'] ?? 0) : 0;
  if (!match || seconds <= 0 || seconds > maxSeconds) {
    throw new ZvaultError('BAD_REQUEST', 'a duration must be a positive integer with one of the units s m h d w y', {
      hint: 'write for example 90d or 12h',
    });
  }
  return seconds;
}

/**
 * Milliseconds since the epoch of an RFC 3339 timestamp (time zone required).
 * @throws BAD_REQUEST
 */
export function parseTimestampMs(text: string): number {
  const shape = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
  const ms = shape.test(text) ? Date.parse(text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new ZvaultError('BAD_REQUEST', 'a time must be an RFC 3339 timestamp with a time zone', {
      hint: 'write for example 2027-01-31T00:00:00Z',
    });
  }
  return ms;
}

/** RFC 3339 in UTC with microseconds and `Z`, as the cloud routes answer (contract 1.1). */
export function formatTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}

/** RFC 3339 in UTC with nanoseconds and an offset, as the vault routes answer (contract 1.1). */
export function formatVaultTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000000+00:00`;
}
