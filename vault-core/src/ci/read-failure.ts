// Errors of the client as errors of the catalogue: what went wrong, where, and nothing of what the server wrote.

import { detailsOf } from '../client/failures.ts';
import { type ZvaultError, isZvaultError } from '../domain/errors.ts';
import { ciCodeOf, ciError } from './errors.ts';

/** What was read when a request failed: goes into the message. */
export interface ReadContext {
  /** Scheme, host and port. */
  readonly url: string;
  readonly project: string | undefined;
  readonly environment: string | undefined;
  /** Attempts allowed in all. */
  readonly attempts: number;
}

/** The error of a read as one of the catalogue. What the server wrote is not repeated. */
export function readFailure(error: unknown, context: ReadContext): unknown {
  if (!isZvaultError(error) || ciCodeOf(error) !== undefined) return error;
  const where = placeText(context);
  const { status, permanent } = detailsOf(error);
  const told = status === undefined ? '' : ` (HTTP ${status})`;
  switch (error.code) {
    case 'TOKEN_MISSING':
      return ciError('ZVCI-101', 'no token is set', { cause: error });
    case 'UNAUTHORIZED':
      return ciError('ZVCI-102', `${context.url} does not accept the token${told}`, { cause: error });
    case 'FORBIDDEN':
      return ciError('ZVCI-103', `the token may not read ${where}${told}`, { cause: error });
    case 'NOT_FOUND':
      return detailsOf(error).body === 'empty'
        ? ciError('ZVCI-123', `${context.url} has no such route${told}`, { cause: error })
        : ciError('ZVCI-104', `${where} is not there, or the token does not see it${told}`, { cause: error });
    case 'CONNECTION_FAILED':
      if (/\bproxy\b/.test(error.message)) return ciError('ZVCI-121', error.message, { cause: error });
      if (permanent === true || /secure connection|not HTTP/.test(error.message)) {
        return ciError('ZVCI-120', error.message, { cause: error });
      }
      return unavailable(error.message, context, error);
    case 'TIMEOUT':
      return unavailable(error.message, context, error);
    case 'BAD_ANSWER':
      return ciError('ZVCI-123', error.message, { cause: error });
    case 'CONFIG_INVALID':
    case 'TOKEN_INSECURE':
    case 'USAGE':
      return /\b(?:TLS|CA|certificate|key) file/.test(error.message)
        ? ciError('ZVCI-120', error.message, { cause: error })
        : ciError('ZVCI-100', error.message, {
            cause: error,
            ...(error.hint === undefined ? {} : { hint: error.hint }),
          });
    case 'INTERRUPTED':
      return error;
    default:
      return unavailable(`${context.url} answered${told || ` ${error.code}`}`, context, error);
  }
}

function unavailable(message: string, { attempts }: ReadContext, cause: ZvaultError): ZvaultError {
  const tries = attempts === 1 ? '1 attempt' : `up to ${attempts} attempts`;
  return ciError('ZVCI-122', `${message}, in ${tries}`, { cause });
}

function placeText({ project, environment }: ReadContext): string {
  const named = environment === undefined ? "the token's environment" : `the environment "${environment}"`;
  return project === undefined ? named : `${named} of the project "${project}"`;
}
