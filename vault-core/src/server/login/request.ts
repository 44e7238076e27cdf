// What a command asks for when it sends a person to the sign-in page: read from the page's address, from its forms and from
// the cookie of a sign-in under way, each time as if a stranger had written it.

import { ZvaultError } from '../../domain/errors.ts';

/** Where the answer goes: a port of loopback, with the command's `state`, for who has the verifier of the challenge. */
export interface Waiting {
  readonly port: number;
  readonly state: string;
  readonly challenge: string;
}

/** `undefined`: nobody waits (or an older command, that can't prove what it is); the page shows a token to copy. */
export type LoginRequest = Waiting | undefined;

/** Unreserved characters: they stand in an address as they are. */
const statePattern = /^[A-Za-z0-9._~-]{8,512}$/;
/** A SHA-256, base64url without padding. */
const challengePattern = /^[A-Za-z0-9_-]{43}$/;

interface Fields {
  readonly port?: string | number | boolean | undefined;
  readonly state?: string | number | boolean | undefined;
  readonly code_challenge?: string | number | boolean | undefined;
}

/** @throws BAD_REQUEST naming the field */
export function readLoginRequest({ port, state, code_challenge: challenge }: Fields): LoginRequest {
  const number = readPort(port);
  if (absent(state) && absent(challenge)) return undefined;
  if (number === undefined) throw wrong('port', 'is missing');
  if (typeof state !== 'string' || !statePattern.test(state)) {
    throw wrong('state', 'must have 8 to 512 letters, digits or characters of "-._~"');
  }
  if (typeof challenge !== 'string' || !challengePattern.test(challenge)) {
    throw wrong('code_challenge', 'must be a SHA-256 in base64url, 43 characters');
  }
  return { port: number, state, challenge };
}

/** Below 1024 are the ports of the system's services: a token must not be sent to them. */
function readPort(port: Fields['port']): number | undefined {
  if (absent(port)) return undefined;
  const number = /^\d{4,5}$/.test(String(port)) ? Number(port) : 0;
  if (number < 1024 || number > 65_535) throw wrong('port', 'must be a whole number from 1024 to 65535');
  return number;
}

/** The one place that a person is sent back to. */
export function loopbackOrigin({ port }: Waiting): string {
  return `http://127.0.0.1:${port}`;
}

/** The command's address, with the one-time code. */
export function callbackUrl(waiting: Waiting, code: string): string {
  const search = new URLSearchParams({ code, state: waiting.state });
  return `${loopbackOrigin(waiting)}/callback?${search.toString()}`;
}

function absent(field: unknown): field is undefined | '' {
  return field === undefined || field === '';
}

function wrong(name: string, why: string): ZvaultError {
  return new ZvaultError('BAD_REQUEST', `the parameter "${name}" ${why}`, { hint: 'start the command again' });
}
