// A sign-in that is under way at an issuer, kept in a cookie of the browser that began it: no other browser can end it, and the
// server remembers nothing of who never comes back. All of it is the browser's own; it is checked like any other input.

import type { IncomingMessage } from 'node:http';
import { type LoginRequest, readLoginRequest } from './request.ts';

export interface PendingLogin {
  readonly issuer: string;
  /** Sent to the issuer, and back. */
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly request: LoginRequest;
}

/** How long a person may take at the issuer. */
const lifetimeSeconds = 600;
const maxValueLength = 4096;

/** A cookie for each sign-in: two at the same time don't end each other. With `https`, no other site can set it. */
function nameOf(state: string, https: boolean): string {
  return `${https ? '__Host-' : ''}zvault_login_${state.slice(0, 12)}`;
}

export function pendingCookie({ request, ...rest }: PendingLogin, https: boolean): string {
  const { port, state, challenge } = request ?? {};
  const fields = { ...rest, ...(request ? { waiting: { port, state, code_challenge: challenge } } : {}) };
  const value = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return cookie(nameOf(rest.state, https), value, lifetimeSeconds, https);
}

export function clearedCookie(state: string, https: boolean): string {
  return cookie(nameOf(state, https), '', 0, https);
}

/** `Lax`: the issuer's redirect brings it along, a form of another site does not. */
function cookie(name: string, value: string, maxAgeSeconds: number, https: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`;
}

/** The sign-in that `state` belongs to; `undefined` if this browser has none. @throws BAD_REQUEST */
export function readPending({ headers }: IncomingMessage, state: string, https: boolean): PendingLogin | undefined {
  const name = nameOf(state, https);
  const found = (headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(`${name}=`));
  const fields = found === undefined ? undefined : parse(found.slice(name.length + 1));
  if (!fields) return undefined;
  const { issuer, nonce, verifier, waiting } = fields;
  if (fields['state'] !== state) return undefined;
  if (typeof issuer !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
  return { issuer, state, nonce, verifier, request: readLoginRequest(isRecord(waiting) ? waiting : {}) };
}

function parse(value: string): Readonly<Record<string, unknown>> | undefined {
  if (value.length > maxValueLength) return undefined;
  try {
    const fields: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
    return isRecord(fields) ? fields : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
