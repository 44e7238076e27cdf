// A commit without an answer: the connection was lost after the database had been told to commit. It is answered neither as done
// nor as not done, and is not tried again here: the second write might be one too many.

import { ZvaultError } from '../../domain/errors.ts';

const unknown = new WeakSet<object>();

/** `place`: host, port and database. */
export function commitUnknown(place: string): ZvaultError {
  const error = new ZvaultError(
    'UNAVAILABLE',
    `the database ${place} was lost during a commit; it may have been done`,
    {
      hint: 'read what you wrote before you write it again; a creation with the same id may be repeated',
    },
  );
  unknown.add(error);
  return error;
}

/** True for the failure of a transaction of which nobody knows whether it was done. */
export function isCommitUnknown(error: unknown): boolean {
  return typeof error === 'object' && error !== null && unknown.has(error);
}
