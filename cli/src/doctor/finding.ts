// What the doctor finds: one line each, and what to do about it.

import { type ErrorCode, errorTable, isZvaultError, messageOf } from '@zvault/core/domain';

type Verdict = 'ok' | 'warning' | 'failure' | 'skipped';

export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was seen. Never a token. */
  readonly detail: string;
  /** What to do. Of each warning and failure. */
  readonly hint?: string;
  /** Of a failure: what the command then exits with. */
  readonly code?: ErrorCode;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail });

export const skipped = (check: string, detail: string): Finding => ({ check, verdict: 'skipped', detail });

export const warning = (check: string, detail: string, hint: string): Finding => ({
  check,
  verdict: 'warning',
  detail,
  hint,
});

export const failure = (check: string, code: ErrorCode, detail: string, hint: string): Finding => ({
  check,
  verdict: 'failure',
  detail,
  hint,
  code,
});

/** A failure by its error. Interruptions are no findings. */
export function failureOf(check: string, error: unknown, hint: string): Finding {
  if (!isZvaultError(error)) return failure(check, 'INTERNAL', messageOf(error), hint);
  if (error.code === 'INTERRUPTED') throw error;
  return failure(check, error.code, error.message, error.hint ?? hint);
}

/** 0, or the exit code of the first failure. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const first = findings.find(({ verdict }) => verdict === 'failure');
  return first === undefined ? 0 : errorTable[first.code ?? 'INTERNAL'].exit;
}
