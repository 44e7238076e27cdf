import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { errorTable, ZvaultError } from '../domain/errors.ts';
import {
  answerFailure,
  connectionFailure,
  detailsOf,
  isAway,
  isNotFound,
  isUnrouted,
  type RefusedAnswer,
} from './failures.ts';

const answer = (status: number, text: string, more: Partial<RefusedAnswer> = {}): ZvaultError =>
  answerFailure({
    origin: 'https://v.example',
    status,
    contentType: 'application/json',
    location: undefined,
    text,
    retryAfterMs: undefined,
    hide: [],
    hadBody: false,
    ...more,
  });

test.each([
  {
    name: 'the API',
    status: 404,
    text: '{"error":"not_found","message":"no such key"}',
    code: 'NOT_FOUND',
    message: 'no such key',
  },
  {
    name: 'the object form',
    status: 403,
    text: '{"error":{"code":"forbidden","message":"no"}}',
    code: 'FORBIDDEN',
    message: 'no',
  },
  {
    name: 'the object form in capitals',
    status: 429,
    text: '{"error":{"code":"LIMIT_EXCEEDED","message":"no"}}',
    code: 'LIMIT_EXCEEDED',
    message: 'no',
  },
  { name: 'nothing', status: 401, text: '', code: 'UNAUTHORIZED', message: 'https://v.example answered 401' },
  { name: 'an array', status: 400, text: '[]', code: 'BAD_REQUEST', message: 'https://v.example answered 400' },
  {
    name: 'a page of a proxy',
    status: 502,
    text: '<html>',
    contentType: 'text/html',
    code: 'UNAVAILABLE',
    message: 'https://v.example answered 502',
  },
  {
    name: 'plain text',
    status: 400,
    text: 'bad\r\n\u0007 path',
    contentType: 'text/plain',
    code: 'BAD_REQUEST',
    message: 'bad path',
  },
  {
    name: 'a code that does not fit the status',
    status: 502,
    text: '{"error":"unauthorized"}',
    code: 'UNAVAILABLE',
    message: 'https://v.example answered 502',
  },
  {
    name: 'an unknown code',
    status: 418,
    text: '{"error":"teapot","message":"short and stout"}',
    code: 'BAD_REQUEST',
    message: 'short and stout',
  },
  {
    name: 'fields of other types',
    status: 409,
    text: '{"error":7,"message":{}}',
    code: 'CONFLICT',
    message: 'https://v.example answered 409',
  },
])('an answer with $name', ({ status, text, contentType = 'application/json', code, message }) => {
  expect(answer(status, text, { contentType })).toMatchObject({ code, message, details: { status } });
});

test('every code that the server has comes back as itself', () => {
  for (const [code, { status, wire }] of Object.entries(errorTable)) {
    if (status === undefined || wire === undefined) continue;
    expect(answer(status, JSON.stringify({ error: wire, message: 'x' })).code).toBe(code);
  }
});

test('an unrouted path is told from a missing object', () => {
  const unrouted = answer(404, '');
  const missing = answer(404, '{"error":"not_found","message":"x"}');
  expect([isUnrouted(unrouted), isNotFound(unrouted)]).toEqual([true, false]);
  expect([isUnrouted(missing), isNotFound(missing)]).toEqual([false, true]);
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) names the origin of its target and nothing else', (status) => {
  const error = answer(status, '', { location: 'https://user:canary@other.example:1/canary?canary=1#canary' });
  expect(error).toMatchObject({ code: 'BAD_ANSWER' });
  expect(error.message).toContain('https://other.example:1 ');
  expect(inspect(error)).not.toContain('canary');
  expect(answer(status, '', { location: '/login' }).message).toContain('redirects to https://v.example ');
  expect(answer(status, '', { location: undefined }).message).toContain('redirects to elsewhere');
});

test('what was sent does not come back in an error', () => {
  const echo = answer(
    400,
    JSON.stringify({ error: 'bad_request', message: 'bad token canary-token for canary value' }),
    {
      hide: ['canary-token', 'canary value'],
    },
  );
  expect(echo.message).toBe('bad token [redacted] for [redacted]');
  const text = answer(422, 'invalid type: string "canary"', { contentType: 'text/plain', hadBody: true });
  expect(text.message).toBe('https://v.example answered 422');
});

test('a long message is cut', () => {
  expect(answer(400, JSON.stringify({ message: 'x'.repeat(5000) })).message.length).toBeLessThan(310);
});

const system = (code: string, message = 'failed'): Error => Object.assign(new Error(message), { code });

test.each([
  { code: 'ECONNREFUSED', hint: 'start the server', permanent: undefined },
  { code: 'ENOTFOUND', hint: 'host name', permanent: undefined },
  { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', hint: 'ZVAULT_CA_CERT', permanent: true },
  { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', hint: 'ZVAULT_CA_CERT', permanent: true },
  { code: 'CERT_HAS_EXPIRED', hint: 'renew', permanent: true },
  { code: 'ERR_TLS_CERT_ALTNAME_INVALID', hint: 'host name', permanent: true },
  { code: 'ERR_SSL_WRONG_VERSION_NUMBER', hint: 'scheme', permanent: true },
  { code: 'HPE_INVALID_CONSTANT', hint: 'https', permanent: undefined },
])('$code: says where, and what to do', ({ code, hint, permanent }) => {
  const error = connectionFailure(system(code), 'https://v.example', false);
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', hint: expect.stringContaining(hint) });
  expect(error.message).toContain('https://v.example');
  expect(error.message).toContain(code);
  expect(detailsOf(error)).toMatchObject({ sent: false });
  expect(detailsOf(error).permanent).toBe(permanent);
});

test.each([
  { error: connectionFailure(system('ECONNRESET'), 'x', true), away: true },
  { error: new ZvaultError('TIMEOUT', 'x'), away: true },
  { error: answer(500, ''), away: true },
  { error: answer(503, '{"error":"sealed"}'), away: true },
  { error: answer(429, '{"error":"rate_limited"}'), away: true },
  { error: answer(429, '{"error":"limit_exceeded"}'), away: false },
  { error: answer(401, ''), away: false },
  { error: answer(403, ''), away: false },
  { error: answer(404, ''), away: false },
  { error: answer(302, ''), away: false },
  { error: new TypeError('x'), away: false },
])('$error.code $error.details.status: away $away', ({ error, away }) => {
  expect(isAway(error)).toBe(away);
});
