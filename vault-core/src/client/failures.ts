// Every way a request can fail, as a ZvaultError: connections, answers, and which of them mean that the server is merely away.

import {
  type ErrorCode,
  errorCodeOfWire,
  errorTable,
  isZvaultError,
  messageOf,
  ZvaultError,
} from '../domain/errors.ts';

/** What the details of an error say about the request. */
export interface FailureDetails {
  /** False: the request never left, so that even a write may be repeated. */
  readonly sent?: boolean;
  /** Trying again cannot help (a certificate that is not trusted). */
  readonly permanent?: boolean;
  readonly status?: number;
  /** The kind of the answer's body: a path that is not routed answers 404 with an empty one. */
  readonly body?: 'json' | 'text' | 'empty';
  /** From `Retry-After`. */
  readonly retryAfterMs?: number;
}

/** The details of a ZvaultError of this client; empty for other errors. */
export function detailsOf(error: unknown): FailureDetails {
  return (isZvaultError(error) ? (error.details as FailureDetails | undefined) : undefined) ?? {};
}

/** `error` with more details; anything but a ZvaultError stays as it is. */
export function withDetails(error: ZvaultError, details: FailureDetails): ZvaultError {
  return new ZvaultError(error.code, error.message, {
    hint: error.hint,
    cause: error.cause,
    details: { ...error.details, ...details },
  });
}

const tlsHints: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "renew the server's certificate",
  CERT_NOT_YET_VALID: "check this machine's clock",
  ERR_TLS_CERT_ALTNAME_INVALID: "use the host name that the server's certificate is made out to",
  EPROTO: 'check the scheme: the port may speak plain http',
  ERR_SSL_WRONG_VERSION_NUMBER: 'check the scheme: the port may speak plain http',
};
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);
const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start the server, or set ZVAULT_URL to its address',
  ENOTFOUND: 'check the host name in ZVAULT_URL',
  EAI_AGAIN: 'check the name server of this machine',
};

/** A request that got no answer. `origin` is the server's; the cause's code goes into the message. */
export function connectionFailure(error: unknown, origin: string, sent: boolean): ZvaultError {
  if (isZvaultError(error)) return withDetails(error, { sent, ...detailsOf(error) });
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('HPE_')) {
    return new ZvaultError('CONNECTION_FAILED', `what ${origin} sent is not HTTP (${code})`, {
      hint: 'check the address: the port may speak https',
      details: { sent },
      cause: error,
    });
  }
  const tlsHint = untrusted.has(code)
    ? 'set ca, caFile or ZVAULT_CA_CERT to the CA that signed the certificate'
    : (tlsHints[code] ??
      (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') ? 'check the TLS settings' : undefined));
  if (tlsHint !== undefined) {
    return new ZvaultError('CONNECTION_FAILED', `no secure connection to ${origin} (${code})`, {
      hint: tlsHint,
      details: { sent: false, permanent: true },
      cause: error,
    });
  }
  return new ZvaultError('CONNECTION_FAILED', `no connection to ${origin} (${code || messageOf(error)})`, {
    hint: connectHints[code] ?? (sent ? 'try again' : 'check ZVAULT_URL and the network'),
    details: { sent },
    cause: error,
  });
}

/** An answer whose status is not a success. */
export interface RefusedAnswer {
  readonly origin: string;
  readonly status: number;
  readonly contentType: string;
  readonly location: string | undefined;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
  /** Texts that were sent and must not come back in an error: the token, values. */
  readonly hide: readonly string[];
  /** A request with a body: a server's plain-text complaint about it may quote it. */
  readonly hadBody: boolean;
}

const hints: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'check the token: it may be mistyped, expired, revoked, or for another server',
  FORBIDDEN: "check the token's project, environment and permissions",
  SEALED: 'unseal the vault',
  NOT_INITIALIZED: 'initialise the vault',
  RATE_LIMITED: 'send fewer requests',
  LIMIT_EXCEEDED: "raise the organisation's limit",
};

/** Maps an answer to an error: JSON `{error, message}` or `{error: {code, message}}`, else text, else nothing. */
export function answerFailure(answer: RefusedAnswer): ZvaultError {
  if (answer.status >= 300 && answer.status < 400) return redirected(answer);
  const body = readBody(answer);
  const code = codeOf(body.code, answer.status);
  const said = cleanMessage(body.message, answer.hide);
  const unrouted = code === 'NOT_FOUND' && body.kind === 'empty';
  const silent = unrouted ? `${answer.origin} has no such route` : `${answer.origin} answered ${answer.status}`;
  return new ZvaultError(code, said === '' ? silent : said, {
    hint: unrouted ? 'check ZVAULT_URL: the server may be older, or of another kind' : hints[code],
    details: {
      status: answer.status,
      body: body.kind,
      ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    },
  });
}

// Never followed: the token would go along. The path of the target may hold session secrets, so only its origin is told.
function redirected({ origin, status, location }: RefusedAnswer): ZvaultError {
  const target =
    location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).origin : 'elsewhere';
  return new ZvaultError('BAD_ANSWER', `${origin} redirects to ${target} (${status}), which is not followed`, {
    hint: 'set ZVAULT_URL to the address of the server itself',
    details: { status },
  });
}

function readBody(answer: RefusedAnswer): { kind: 'json' | 'text' | 'empty'; code?: string; message?: string } {
  if (answer.text === '') return { kind: 'empty' };
  const json = parseObject(answer.text);
  if (json === undefined) {
    const quotable = answer.contentType.startsWith('text/plain') && !answer.hadBody;
    return { kind: 'text', ...(quotable ? { message: answer.text } : {}) };
  }
  const error = json['error'];
  const inner = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : undefined;
  const code = inner === undefined ? error : inner['code'];
  const message = inner?.['message'] ?? json['message'];
  return {
    kind: 'json',
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE',
  429: 'RATE_LIMITED',
  500: 'INTERNAL',
  501: 'NOT_INITIALIZED',
  507: 'STORAGE_FULL',
};

function codeOf(wire: string | undefined, status: number): ErrorCode {
  const named = wire === undefined ? undefined : (errorCodeOfWire(wire) ?? errorCodeOfWire(wire.toLowerCase()));
  // A code is believed only where it fits the status: what a proxy in between says is not the vault's word.
  if (named !== undefined && errorTable[named].status === status) return named;
  if (status < 300) return 'BAD_ANSWER';
  return codeOfStatus[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'BAD_REQUEST');
}

function cleanMessage(message: string | undefined, hide: readonly string[]): string {
  let text = message ?? '';
  for (const secret of hide) if (secret !== '') text = text.replaceAll(secret, '[redacted]');
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** A 404 with an empty body: the path is not routed, so the server is of another kind than the request supposed. */
export function isUnrouted(error: unknown): boolean {
  return isZvaultError(error) && error.code === 'NOT_FOUND' && detailsOf(error).body === 'empty';
}

/** A 404 that speaks of the object: a real not-found. */
export function isNotFound(error: unknown): boolean {
  return isZvaultError(error) && error.code === 'NOT_FOUND' && !isUnrouted(error);
}

/** The token was refused (401, 403): nothing that it opened before may be used any more. */
export function isRefusal(error: unknown): boolean {
  return isZvaultError(error) && (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN');
}

const awayCodes: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_FAILED',
  'TIMEOUT',
  'REQUEST_TIMEOUT',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'AUDIT_UNAVAILABLE',
]);

/** The server is away or failing, and has not spoken about the request: last-known values may serve. */
export function isAway(error: unknown): boolean {
  return isZvaultError(error) && (awayCodes.has(error.code) || (detailsOf(error).status ?? 0) >= 500);
}
