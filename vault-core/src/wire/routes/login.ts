// People sign in through their browser, for a command that waits on loopback (RFC 8252 §7.3) and proves by PKCE (RFC 7636)
// that it is the one that asked.

import { defineRoutes } from '../route.ts';
import { integer, literal, string } from '../schema.ts';
import { loginExchangeBody, loginExchangeReply, loginOidcBody, loginTokenBody } from '../shapes.ts';

const page = { access: { identity: 'none' }, scope: 'none', page: true } as const;
const form = { method: 'POST', form: true, maxBodyBytes: 65_536 } as const;

export const loginRoutes = defineRoutes([
  {
    id: 'login.page',
    method: 'GET',
    path: '/cli/auth',
    summary: 'The page where a person signs in for a command that waits on a port of loopback',
    ...page,
    query: {
      port: {
        schema: integer({ minimum: 1024, maximum: 65_535 }),
        description: 'Where the command waits on 127.0.0.1. Without `state` and `code_challenge`: unused',
      },
      state: { schema: string(), description: 'Comes back to the command: 8 to 512 unreserved characters' },
      code_challenge: { schema: string(), description: 'SHA-256 of the command’s verifier, base64url (RFC 7636)' },
      code_challenge_method: { schema: literal(['S256']), description: 'The only one there is' },
    },
    replies: { 200: 'text/html' },
  },
  {
    id: 'login.token',
    ...form,
    path: '/cli/auth/token',
    summary: 'Sign in with a token: back to the command with a one-time code',
    ...page,
    body: loginTokenBody,
    replies: { 200: 'text/html', 303: null },
    errors: [401],
  },
  {
    id: 'login.oidc',
    ...form,
    path: '/cli/auth/oidc',
    summary: 'Sign in at an issuer: a page that goes on there',
    ...page,
    body: loginOidcBody,
    replies: { 200: 'text/html' },
  },
  {
    id: 'login.callback',
    method: 'GET',
    path: '/cli/auth/callback',
    summary: 'Where the issuer sends the person back: on to the command with a one-time code',
    ...page,
    query: {
      code: { schema: string(), description: 'The issuer’s code' },
      state: { schema: string(), description: 'As it was sent to the issuer' },
      iss: { schema: string(), description: 'The issuer (RFC 9207)' },
      error: { schema: string(), description: 'Why the issuer signs nobody in' },
    },
    replies: { 200: 'text/html', 303: null },
    errors: [401],
  },
  {
    id: 'login.exchange',
    method: 'POST',
    path: '/cli/auth/exchange',
    summary: 'The command exchanges its one-time code for the token',
    access: { identity: 'none' },
    scope: 'none',
    body: loginExchangeBody,
    replies: { 200: loginExchangeReply },
    errors: [401],
  },
]);
