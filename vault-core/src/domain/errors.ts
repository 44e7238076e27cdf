// The one error class and the closed table of its codes. Messages and details never hold a secret value:
// values travel in `Secret` only.

interface ErrorRow {
  /** Exit status of the command line (docs/architecture.md lists them). */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;
  /** HTTP status of the server's answer; absent where the server never answers with it. */
  readonly status?: number;
  /** The `error` field of the server's JSON body. */
  readonly wire?: string;
  /** May the same request succeed when sent again later? */
  readonly retryable?: true;
}

const table = {
  INTERNAL: { exit: 1, status: 500, wire: 'internal_error' },
  USAGE: { exit: 2 },
  CONFIG_INVALID: { exit: 2 },
  INPUT_INVALID: { exit: 2 },
  REFERENCE_INVALID: { exit: 2 },
  NODE_TOO_OLD: { exit: 2 },
  TOKEN_MISSING: { exit: 3 },
  TOKEN_INSECURE: { exit: 3 },
  COMMAND_NOT_FOUND: { exit: 4 },
  PARTIAL: { exit: 6 },
  CONNECTION_FAILED: { exit: 6, retryable: true },
  TIMEOUT: { exit: 6, retryable: true },
  BAD_ANSWER: { exit: 6 },
  MISMATCH: { exit: 7 },
  INTERRUPTED: { exit: 130 },
  BAD_REQUEST: { exit: 2, status: 400, wire: 'bad_request' },
  UNAUTHORIZED: { exit: 3, status: 401, wire: 'unauthorized' },
  FORBIDDEN: { exit: 3, status: 403, wire: 'forbidden' },
  NOT_FOUND: { exit: 4, status: 404, wire: 'not_found' },
  METHOD_NOT_ALLOWED: { exit: 6, status: 405, wire: 'method_not_allowed' },
  REQUEST_TIMEOUT: { exit: 6, status: 408, wire: 'request_timeout', retryable: true },
  CONFLICT: { exit: 5, status: 409, wire: 'conflict' },
  PAYLOAD_TOO_LARGE: { exit: 2, status: 413, wire: 'payload_too_large' },
  UNSUPPORTED_MEDIA_TYPE: { exit: 2, status: 415, wire: 'unsupported_media_type' },
  UNPROCESSABLE: { exit: 2, status: 422, wire: 'unprocessable' },
  RATE_LIMITED: { exit: 6, status: 429, wire: 'rate_limited', retryable: true },
  LIMIT_EXCEEDED: { exit: 6, status: 429, wire: 'limit_exceeded' },
  NOT_INITIALIZED: { exit: 6, status: 503, wire: 'not_initialized' },
  SEALED: { exit: 6, status: 503, wire: 'sealed' },
  AUDIT_UNAVAILABLE: { exit: 6, status: 503, wire: 'audit_unavailable', retryable: true },
  UNAVAILABLE: { exit: 6, status: 503, wire: 'unavailable', retryable: true },
  STORAGE_FULL: { exit: 6, status: 507, wire: 'insufficient_storage' },
} as const satisfies Record<string, ErrorRow>;

/** Every code that a `ZvaultError` can carry. */
export type ErrorCode = keyof typeof table;

/** Codes with their exit status, HTTP status, wire name and whether a retry can help. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = table;

export interface ZvaultErrorOptions {
  /** One imperative sentence: what to do next. */
  hint?: string | undefined;
  cause?: unknown;
  /** Facts for machines (names, counts, positions). Never values. */
  details?: Readonly<Record<string, unknown>> | undefined;
}

const brand = Symbol.for('zvault.error');

/** The only error that zvault throws on purpose. `message`: lower case, no full stop, names the thing and the place. */
export class ZvaultError extends Error {
  override readonly name = 'ZvaultError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ZvaultErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `ZvaultError` of any copy of this module: several can live in one process. */
export function isZvaultError(error: unknown): error is ZvaultError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The code whose wire name is `wire`, if it is one of ours. */
export function errorCodeOfWire(wire: string): ErrorCode | undefined {
  return byWire.get(wire);
}

const byWire = new Map<string, ErrorCode>(
  (Object.entries(errorTable) as [ErrorCode, ErrorRow][]).flatMap(([code, row]) =>
    row.wire === undefined ? [] : [[row.wire, code] as const],
  ),
);

/** The text of any thrown thing, for a message. Never a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
