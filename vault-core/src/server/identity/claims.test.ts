import { expect, test } from 'vitest';
import { clockLeewayMs, identityOf } from './claims.ts';

const nowMs = 1_900_000_000_000;
const now = nowMs / 1000;
const leeway = clockLeewayMs / 1000;
const audiences = ['vault', 'https://vault.example'];
const good = { iss: 'https://idp.example', aud: 'vault', sub: 'ada', exp: now + 60 };
const check = (claims: Record<string, unknown>) => identityOf(claims, 'https://idp.example', audiences, nowMs);

test('who, since when, until when', () => {
  const claims = {
    ...good,
    iat: now - 5,
    jti: 'j1',
    email: 'ada@example.org',
    email_verified: true,
    name: 'Ada',
    groups: ['a'],
  };
  expect(check(claims)).toEqual({
    issuer: 'https://idp.example',
    subject: 'ada',
    email: 'ada@example.org',
    name: 'Ada',
    issuedAtMs: nowMs - 5000,
    expiresAtMs: nowMs + 60_000 + clockLeewayMs,
    claims,
    jwtId: 'j1',
  });
});

test('without the optional claims', () => {
  expect(check(good)).toMatchObject({ email: '', name: '', issuedAtMs: null, jwtId: null });
});

test.each([
  { name: 'audience in a list', more: { aud: ['other', 'vault'] } },
  { name: 'the second audience', more: { aud: 'https://vault.example' } },
  { name: 'expired within the leeway', more: { exp: now - leeway + 1 } },
  { name: 'fractions of a second', more: { exp: now + 0.5, iat: now - 0.25 } },
  { name: 'nbf and iat ahead within the leeway', more: { nbf: now + leeway, iat: now + leeway } },
  { name: 'nbf long before iat', more: { nbf: now - 600, iat: now } },
  { name: 'a long subject', more: { sub: 's'.repeat(1024) } },
  { name: 'a subject in any script', more: { sub: 'repo:ö/ключ:ref:refs/heads/🔑' } },
])('taken: $name', ({ more }) => {
  expect(check({ ...good, ...more }).issuer).toBe('https://idp.example');
});

const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));

test.each([
  { name: 'no aud', claims: without('aud'), reason: 'audience' },
  { name: 'another aud', claims: { ...good, aud: 'vault2' }, reason: 'audience' },
  { name: 'aud in other case', claims: { ...good, aud: 'Vault' }, reason: 'audience' },
  { name: 'empty aud list', claims: { ...good, aud: [] }, reason: 'audience' },
  { name: 'aud list in a list', claims: { ...good, aud: [['vault']] }, reason: 'audience' },
  { name: 'aud object', claims: { ...good, aud: { vault: 'vault' } }, reason: 'audience' },
  { name: 'no exp', claims: without('exp'), reason: 'exp' },
  { name: 'null exp', claims: { ...good, exp: null }, reason: 'exp' },
  { name: 'exp as text', claims: { ...good, exp: String(now + 60) }, reason: 'exp' },
  { name: 'exp as list', claims: { ...good, exp: [now + 60] }, reason: 'exp' },
  { name: 'exp true', claims: { ...good, exp: true }, reason: 'exp' },
  { name: 'negative exp', claims: { ...good, exp: -1 }, reason: 'exp' },
  { name: 'exp in milliseconds', claims: { ...good, exp: nowMs + 60_000 }, reason: 'exp' },
  { name: 'infinite exp', claims: { ...good, exp: JSON.parse('1e999') as number }, reason: 'exp' },
  { name: 'nbf ahead', claims: { ...good, nbf: now + leeway + 1 }, reason: 'nbf' },
  { name: 'nbf as text', claims: { ...good, nbf: '0' }, reason: 'nbf' },
  { name: 'iat ahead', claims: { ...good, iat: now + leeway + 1 }, reason: 'iat' },
  { name: 'iat as text', claims: { ...good, iat: 'now' }, reason: 'iat' },
  { name: 'no sub', claims: without('sub'), reason: 'sub' },
  { name: 'empty sub', claims: { ...good, sub: '' }, reason: 'sub' },
  { name: 'sub as number', claims: { ...good, sub: 1 }, reason: 'sub' },
  { name: 'sub as list', claims: { ...good, sub: ['ada'] }, reason: 'sub' },
  { name: 'half a character in sub', claims: { ...good, sub: 'ada\ud800' }, reason: 'sub' },
  { name: 'NUL in sub', claims: { ...good, sub: 'ada\u0000' }, reason: 'sub' },
  { name: 'line feed in sub', claims: { ...good, sub: 'ada\nroot' }, reason: 'sub' },
  { name: 'too long a sub', claims: { ...good, sub: 'é'.repeat(513) }, reason: 'sub' },
  { name: 'jti as number', claims: { ...good, jti: 1 }, reason: 'jti' },
  { name: 'empty jti', claims: { ...good, jti: '' }, reason: 'jti' },
  { name: 'too long a jti', claims: { ...good, jti: 'j'.repeat(257) }, reason: 'jti' },
])('refused: $name', ({ claims, reason }) => {
  expect(() => check(claims)).toThrow(
    expect.objectContaining({
      code: 'UNAUTHORIZED',
      message: 'the identity token is not accepted',
      cause: expect.objectContaining({ message: reason }),
    }),
  );
});

test('expired is told apart, from the very millisecond, and only when the rest holds', () => {
  const exp = now - leeway;
  expect(() => check({ ...good, exp })).toThrow(
    expect.objectContaining({ code: 'UNAUTHORIZED', message: 'the identity token has expired' }),
  );
  expect(() => check({ ...good, exp, aud: 'other' })).toThrow('the identity token is not accepted');
  expect(() => check({ ...good, exp, sub: '' })).toThrow('the identity token is not accepted');
});

test.each([
  { email: 'ada@example.org', email_verified: false },
  { email: 'ada@example.org', email_verified: 'false' },
  { email: 7 },
  { email: '\ud800' },
  { email: `${'a'.repeat(320)}@example.org` },
  { email: 'ada\u001b[31m@example.org' },
])('no e-mail address: %j', (more) => {
  expect(check({ ...good, ...more }).email).toBe('');
});
