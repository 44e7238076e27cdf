// What the driver and the database report, as errors of ours. Their own texts and details can hold keys, statements and
// addresses, so only what is known to be harmless is shown, and none is kept as a cause.

import { ZvaultError, isZvaultError, messageOf } from '../../domain/errors.ts';

/** SQLSTATE codes. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = {
  undefinedTable: '42P01',
  duplicateTable: '42P07',
  duplicateObject: '42710',
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  diskFull: '53100',
  programLimit: '54000',
  readOnly: '25006',
} as const;

/** Classes whose messages name roles, databases and limits, never data: connection, authorisation, resources, operator, system. */
const harmless = /^(?:08|25|28|3D|42501|53|57|58|XX)/;

/** The transaction was undone by the database for reasons of its own, and may be run again. */
export function isConflict(error: unknown): boolean {
  const state = stateOf(error);
  return state === sqlState.serializationFailure || state === sqlState.deadlock;
}

/** The connection is of no use any more, or was never one: what was not committed is undone. */
export function isLost(error: unknown): boolean {
  if (isZvaultError(error)) return false;
  const state = stateOf(error);
  // 57P0x: the database is stopping or starting; 25P0x: it has ended an idle transaction or session.
  return state === undefined ? error instanceof Error : /^(?:08|57P0|25P0[34])/.test(state);
}

export function stateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

/** `place`: host, port and database. Errors that are ours already stay as they are. */
export function postgresError(error: unknown, place: string): unknown {
  if (isZvaultError(error)) return error;
  const state = stateOf(error);
  if (state === undefined) return error instanceof Error ? connectionError(error, place) : error;
  if (state === sqlState.diskFull) {
    return new ZvaultError('STORAGE_FULL', `the disk of the database ${place} is full`, {
      hint: 'free space on the disk of the database',
    });
  }
  if (state === sqlState.programLimit) {
    return new ZvaultError('BAD_REQUEST', 'a name is too long for the database', { hint: 'use a shorter one' });
  }
  if (state === sqlState.readOnly) {
    return new ZvaultError('UNAVAILABLE', `the database ${place} is read-only`, {
      hint: 'it may be a standby: name the primary in --storage',
    });
  }
  const text = harmless.test(state) ? `: ${messageOf(error)}` : '';
  return new ZvaultError('UNAVAILABLE', `the database ${place} refuses${text} (${state})`);
}

function connectionError(error: Error, place: string): ZvaultError {
  const { code } = error as NodeJS.ErrnoException;
  // A name with several addresses fails with one error for each.
  const inner =
    error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined;
  const why = code ?? inner ?? reasons.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'the connection failed';
  return new ZvaultError('UNAVAILABLE', `no answer from the database ${place} (${why})`, { hint: hintOf(why) });
}

/** Texts of the driver, which has no codes. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/timeout/i, 'timeout'],
  [/does not support SSL/i, 'it does not speak TLS'],
  [/password/i, 'it asks for a password'],
  [/terminated|ended|closed/i, 'the connection was closed'],
];

function hintOf(why: string): string {
  if (why === 'it does not speak TLS') {
    return 'turn TLS on there, or add ?sslmode=disable when nobody else can listen on the way';
  }
  if (why === 'it asks for a password') return 'set PGPASSWORD or PGPASSFILE, or put the password into ZVAULT_STORAGE';
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(why)) {
    return 'name the certificate of its authority with ?sslrootcert=FILE, and the host as the certificate has it';
  }
  return 'check that it runs and that this machine reaches it';
}
