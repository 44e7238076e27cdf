// What a handler answers, before it becomes bytes.

import type { Actor } from '../../domain/actor.ts';
import { type ErrorCode, ZvaultError, errorTable, isZvaultError } from '../../domain/errors.ts';
import type { ErrorBody } from '../../wire/shapes.ts';

export interface Reply {
  readonly status: number;
  /** An object is sent as compact JSON; `null` sends no body. */
  readonly body: object | Buffer | string | null;
  /** Of `body` when it is text or bytes. @default 'application/json' */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the last byte of the answer has been given to the network; not called when the reader is gone. */
  readonly sent?: () => void;
  /** For the audit: what was acted on. */
  readonly resource?: string;
  /** For the audit: who it turned out to be, where the request itself does not say it. */
  readonly actor?: Actor;
  /** For the audit: facts without values. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export function ok(body: object | Buffer, audit: Pick<Reply, 'resource' | 'data'> = {}): Reply {
  return { status: 200, body, ...audit };
}

/** The answer to an error, and its code on the wire. Internal failures say no more than that they are. */
export function errorReply(error: unknown, report: (error: unknown) => void): Reply & { readonly code: string } {
  const known = isZvaultError(error) ? error : new ZvaultError('INTERNAL', 'internal error', { cause: error });
  const { status = 500, wire = 'internal_error' } = errorTable[known.code];
  if (status >= 500) report(error);
  const hidden = status === 500;
  const hint = known.hint === undefined || hidden ? '' : ` (${known.hint})`;
  const body: ErrorBody = {
    error: wire,
    message: hidden ? 'internal error; the server’s log has more' : known.message + hint,
  };
  const seconds = known.details?.['retryAfterSeconds'];
  const headers = {
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(typeof seconds === 'number' ? { 'Retry-After': String(seconds) } : {}),
  };
  return { status, body, code: wire, headers };
}

/** For statuses that the pipeline answers itself. */
export function refusal(
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply & { readonly code: string } {
  const { status = 500, wire = 'internal_error' } = errorTable[code];
  return { status, body: { error: wire, message } satisfies ErrorBody, code: wire, headers };
}
