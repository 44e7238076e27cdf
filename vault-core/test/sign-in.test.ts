// Signing in through the browser, against those who want to be somebody else: what pages say and allow, what a one-time code is
// good for, and what an issuer's answer has to hold. test/e2e/sign-in.test.ts has the real browser and a real provider.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { challengeOf } from '../src/domain/sign-in.ts';
import {
  type TestServer,
  createTestKey,
  signParts,
  signToken,
  startTestServer,
} from '../src/server/identity/test-issuer.ts';
import { createCode } from '../src/server/login/codes.ts';
import { keys } from '../src/server/store/keys.ts';
import type { Answer, Call } from '../../test/support/http.ts';
import {
  type TestVault,
  makeToken,
  makeWorkspace,
  startDiskVault,
  startTestVault,
  temporaryFolder,
} from '../../test/support/vault.ts';

const key = createTestKey('RS256', 'rsa-1');
const strangeKey = createTestKey('RS256', 'rsa-1');
const clientSecret = 'canary-client-secret';
const folder = temporaryFolder();
const verifier = randomBytes(32).toString('base64url');
const waiting = { port: '18765', state: 'state-of-the-command', code_challenge: challengeOf(verifier) };
const query = new URLSearchParams(waiting).toString();

let issuer: TestServer;
/** What the issuer's token endpoint answers, made of the claims that it ought to give. */
let answerToken: (claims: Record<string, unknown>) => unknown;
let nonce = '';
let tokenRequests: { body: string; authorization: string | undefined }[] = [];
let vault: TestVault;
let serviceToken: string;

beforeAll(async () => {
  issuer = await startTestServer((request, response) => {
    const json = (body: unknown): void => void response.end(JSON.stringify(body));
    if (request.url === '/jwks') return json({ keys: [key.jwk] });
    if (request.url !== '/token') {
      return json({
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/jwks`,
        authorization_endpoint: `${issuer.url}/authorize?tenant=1`,
        token_endpoint: `${issuer.url}/token`,
      });
    }
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      tokenRequests.push({ body, authorization: request.headers.authorization });
      const seconds = Math.floor(Date.now() / 1000);
      const answer = answerToken({
        iss: issuer.url,
        aud: 'client',
        sub: 'ada',
        nonce,
        iat: seconds,
        exp: seconds + 60,
      });
      response.statusCode = typeof answer === 'object' && answer !== null && 'error' in answer ? 400 : 200;
      json(answer);
    });
  });
  writeFileSync(join(folder.path, 'secret'), clientSecret);
  vault = await startTestVault({
    loopbackIssuers: true,
    audit: [`file:${join(folder.path, 'audit.log')}`],
    jwtIssuers: [
      {
        issuer: issuer.url,
        audience: 'api',
        client_id: 'client',
        client_secret_file: join(folder.path, 'secret'),
        name: '<script>alert(1)</script> & "Co"',
      },
      // Not for people.
      { issuer: 'https://ci.example.com', audience: 'ci', jwks: { keys: [key.jwk] } },
    ],
  });
  const place = await makeWorkspace(vault);
  serviceToken = await makeToken(vault, place.base);
});
afterAll(async () => {
  await vault.server.close();
  await issuer[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const post = (path: string, form: Record<string, string>, more: Call = {}): Promise<Answer> =>
  vault.call('POST', `/cli/auth/${path}`, { form, ...more });
const exchange = (code: string, codeVerifier = verifier): Promise<Answer> =>
  vault.call('POST', '/cli/auth/exchange', { body: { code, code_verifier: codeVerifier } });

/** The code in an answer that leads to the command. */
function codeOf(answer: Answer): string {
  expect(answer.status).toBe(303);
  const url = new URL(answer.headers.location ?? '');
  expect(url.origin + url.pathname).toBe('http://127.0.0.1:18765/callback');
  expect([...url.searchParams.keys()].sort()).toEqual(['code', 'state']);
  expect(url.searchParams.get('state')).toBe(waiting.state);
  return url.searchParams.get('code') ?? '';
}

const codeForToken = async (): Promise<string> => codeOf(await post('token', { token: serviceToken, ...waiting }));

/** Goes to the issuer; answers what the browser holds then. */
async function leave(form: Record<string, string> = waiting): Promise<{ state: string; cookie: string; url: URL }> {
  const answer = await post('oidc', { issuer: issuer.url, ...form });
  expect(answer.status).toBe(200);
  const address = /content="0; url=([^"]+)"/.exec(answer.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const url = new URL(address);
  nonce = url.searchParams.get('nonce') ?? '';
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  expect(cookie).toMatch(/^zvault_login_[\w-]{12}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  return { state: url.searchParams.get('state') ?? '', cookie: cookie.split(';')[0] ?? '', url };
}

const comeBack = (state: string, cookie: string, more = 'code=from-issuer'): Promise<Answer> =>
  vault.call('GET', `/cli/auth/callback?${more}&state=${state}`, { headers: { Cookie: cookie } });

const honest = (claims: Record<string, unknown>): unknown => ({ id_token: signToken(key, claims), access_token: 'x' });

test('every answer for a browser: no script, no frame, no cache, no referrer', async () => {
  const { state, cookie } = await leave();
  answerToken = honest;
  const answers = [
    await vault.call('GET', `/cli/auth?${query}`),
    await vault.call('GET', '/cli/auth?port=1'),
    await post('token', { token: 'wrong', ...waiting }),
    await post('token', { token: serviceToken, ...waiting }),
    await post('token', { token: serviceToken }),
    await post('oidc', { issuer: issuer.url, ...waiting }),
    await comeBack('unknown', ''),
    await comeBack(state, cookie),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 401, 303, 200, 200, 400, 303]);
  for (const { headers, text } of answers) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(text).not.toMatch(/<script|onerror|javascript:|<(?:img|link|iframe)\b/i);
    if (text === '') continue;
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'(?: http:\/\/127\.0\.0\.1:18765)?; base-uri 'none'; frame-ancestors 'none'$/,
    );
  }
  expect(answers[0]?.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;');
  expect(answers[0]?.text).not.toContain('ci.example.com');
});

test.each([
  'port=80',
  'port=0',
  'port=1023',
  'port=65536',
  'port=8300.5',
  'port=x',
  'port=8300@evil.example.com',
  'port=8300%2F..%2F',
  `port=${encodeURIComponent('"><script>alert(1)</script>')}`,
  `port=8300&state=${encodeURIComponent('"><script>alert(1)</script>')}&code_challenge=${waiting.code_challenge}`,
  `port=8300&state=short&code_challenge=${waiting.code_challenge}`,
  'port=8300&state=without-a-challenge',
  `port=8300&code_challenge=${waiting.code_challenge}`,
  `state=without-a-port&code_challenge=${waiting.code_challenge}`,
  'port=8300&state=a-plain-challenge&code_challenge=plain',
  `${query}&code_challenge_method=plain`,
])('refused: %s', async (search) => {
  const page = await vault.call('GET', `/cli/auth?${search}`);
  expect(page.status).toBe(400);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.text).not.toContain('<script');
  expect(page.text).not.toContain('<form');
  const form = Object.fromEntries(new URLSearchParams(search));
  if (form['code_challenge_method'] !== undefined) return;
  for (const path of ['token', 'oidc']) {
    const answer = await post(path, { token: serviceToken, issuer: issuer.url, ...form });
    expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
    expect(answer.text).not.toContain(serviceToken);
  }
});

test.each([
  { name: 'a form of another site', more: { headers: { Origin: 'https://evil.example.com' } }, status: 403 },
  { name: 'a form without an origin', more: { headers: { Origin: 'null' } }, status: 403 },
  { name: 'a form from another port', more: { headers: { Origin: 'http://127.0.0.1:1' } }, status: 403 },
  { name: 'a browser that says cross-site', more: { headers: { 'Sec-Fetch-Site': 'cross-site' } }, status: 403 },
  { name: 'a name that was rebound', more: { headers: { Host: 'evil.example.com' } }, status: 403 },
  { name: 'JSON', more: { headers: { 'Content-Type': 'application/json' } }, status: 415 },
  { name: 'plain text', more: { headers: { 'Content-Type': 'text/plain' } }, status: 415 },
])('no sign-in by $name', async ({ more, status }) => {
  for (const path of ['token', 'oidc']) {
    const answer = await post(path, { token: serviceToken, issuer: issuer.url, ...waiting }, more);
    expect([path, answer.status, answer.headers.location]).toEqual([path, status, undefined]);
  }
});

test('a field that comes twice, or an issuer that is none of ours, is refused', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const raw = `token=${serviceToken}&${query}&port=1025`;
  expect((await vault.call('POST', '/cli/auth/token', { raw, headers })).status).toBe(400);
  for (const other of ['https://ci.example.com', 'https://evil.example.com', '__proto__', '']) {
    expect((await post('oidc', { issuer: other, ...waiting })).status).toBe(400);
  }
});

test.each(['', ' ', 'wrong', `zvt_${'0'.repeat(40)}`, `zvr_${'0'.repeat(40)}`, 'a.b.c', 'x\r\ny', 'ü'.repeat(100)])(
  'no token: %j',
  async (token) => {
    const answer = await post('token', { token, ...waiting });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('role="alert"');
    if (token.length > 5) expect(answer.text).not.toContain(token);
  },
);

test('a code is for who has the verifier, once', async () => {
  const code = await codeForToken();
  expect((await exchange(code)).json).toEqual({ token: serviceToken, session: false, expires_at: null });
  expect((await exchange(code)).status).toBe(401);
  const other = await codeForToken();
  const guessed = await exchange(other, randomBytes(32).toString('base64url'));
  expect([guessed.status, guessed.json.error]).toEqual([401, 'unauthorized']);
  // The wrong attempt has used it up.
  expect((await exchange(other)).status).toBe(401);
  expect((await exchange(await codeForToken(), waiting.code_challenge)).status).toBe(401);
  expect((await exchange('')).status).toBe(401);
  const raced = await codeForToken();
  const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(raced)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(7);
});

test('a code lives for a minute, and nothing of it stays', async () => {
  const code = await codeForToken();
  vault.clock.offsetMs += 60_001;
  expect((await exchange(code)).status).toBe(401);
  await codeForToken();
  vault.clock.offsetMs += 60_001;
  // The next one takes along those that are over.
  const last = await codeForToken();
  expect(await vault.vault.store.scan({ prefix: keys.loginCodePrefix })).toHaveLength(1);
  await exchange(last);
  expect(await vault.vault.store.scan({ prefix: keys.loginCodePrefix })).toEqual([]);
  vault.clock.offsetMs = 0;
});

test('waiting codes are bounded, and their tokens encrypted', async () => {
  const { store, records, host } = vault.vault;
  const options = { challenge: waiting.code_challenge, nowMs: Date.now(), random: host.randomBytes };
  const token = 'canary-token-in-a-code';
  const make = (): Promise<string> =>
    store.transaction((transaction) =>
      createCode(transaction, records, { kind: 'token', token, expires_at: null }, options),
    );
  await store.transaction(async (transaction) => {
    for (let index = 0; index < 1000; index += 1)
      await records.write(transaction, keys.loginCode(`x${index}`), { code_expires_at: Infinity });
  });
  // JSON has no infinity: these are over at once, and make place.
  const code = await make();
  const rest = await store.scan({ prefix: keys.loginCodePrefix });
  expect(rest).toHaveLength(1);
  expect(rest[0]?.value.includes(token)).toBe(false);
  expect(rest[0]?.key).not.toContain(code);
  await store.transaction(async (transaction) => {
    for (let index = 0; index < 1000; index += 1)
      await records.write(transaction, keys.loginCode(`x${index}`), { code_expires_at: 9e15 });
  });
  await expect(make()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  const full = await post('token', { token: serviceToken, ...waiting });
  expect([full.status, full.headers['retry-after']]).toEqual([429, '60']);
  await store.transaction(async (transaction) => {
    for (const { key: place } of await transaction.scan({ prefix: keys.loginCodePrefix }))
      await transaction.delete(place);
  });
});

test('without a command that proves itself nobody is led anywhere with a token', async () => {
  for (const form of [{}, { port: '8300' }]) {
    const answer = await post('token', { token: serviceToken, ...form });
    expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
    expect(answer.text).toContain(`value="${serviceToken}"`);
    expect(answer.headers['content-security-policy']).toContain("form-action 'self';");
  }
});

test('at the issuer: PKCE, a nonce and a state of our own; back with a session of the person', async () => {
  const { state, cookie, url } = await leave();
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    tenant: '1',
    response_type: 'code',
    client_id: 'client',
    redirect_uri: `${vault.url}/cli/auth/callback`,
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  });
  expect(url.href).not.toContain(waiting.state);
  expect(url.href).not.toContain(waiting.code_challenge);
  answerToken = (claims) => honest({ ...claims, email: 'ada@example.com', name: 'Ada' });
  tokenRequests = [];
  const back = await comeBack(state, cookie);
  const code = codeOf(back);
  expect(back.headers['set-cookie']?.[0]).toMatch(/=; Path=\/; Max-Age=0/);
  const [request] = tokenRequests;
  const sent = new URLSearchParams(request?.body);
  expect(challengeOf(sent.get('code_verifier') ?? '')).toBe(url.searchParams.get('code_challenge'));
  expect(sent.get('redirect_uri')).toBe(`${vault.url}/cli/auth/callback`);
  expect(request?.authorization).toBe(`Basic ${Buffer.from(`client:${clientSecret}`).toString('base64')}`);
  const made = await exchange(code);
  expect(made.json).toMatchObject({ session: true, token: expect.stringMatching(/^zvv_/) });
  const { token } = made.json as { token: string };
  const me = await vault.call('GET', '/v1/cloud/me', { token });
  expect(me.json).toMatchObject({ user_id: 'ada', email: 'ada@example.com', expires_at: made.json.expires_at });
  // The vault API knows it too, with the policy `default`.
  const own = await vault.call('POST', '/v1/auth/token/lookup-self', { vaultToken: token });
  expect(own.json).toMatchObject({ policies: ['default'], display_name: 'ada@example.com' });
  expect((await vault.call('GET', '/v1/sys/policies', { vaultToken: token })).status).toBe(403);
  vault.clock.offsetMs = 28_800_001;
  expect((await vault.call('GET', '/v1/cloud/me', { token })).status).toBe(401);
  vault.clock.offsetMs = 0;
});

test('a session is renewed for a day in all, and revoked at once', async () => {
  const signIn = async (): Promise<string> => {
    const { state, cookie } = await leave();
    answerToken = honest;
    return ((await exchange(codeOf(await comeBack(state, cookie)))).json as { token: string }).token;
  };
  const me = async (token: string): Promise<number> => (await vault.call('GET', '/v1/cloud/me', { token })).status;
  const token = await signIn();
  expect(await me(token)).toBe(200);
  const startedMs = Date.now();
  for (const hours of [7, 14, 21]) {
    vault.clock.offsetMs = hours * 3_600_000;
    const body = { increment: '8h' };
    expect((await vault.call('POST', '/v1/auth/token/renew-self', { vaultToken: token, body })).status).toBe(200);
    expect(await me(token)).toBe(200);
  }
  vault.clock.offsetMs = startedMs + 86_400_001 - Date.now();
  expect(await me(token)).toBe(401);
  vault.clock.offsetMs = 0;
  const other = await signIn();
  expect(await me(other)).toBe(200);
  expect((await vault.call('POST', '/v1/auth/token/revoke-self', { vaultToken: other })).status).toBe(204);
  expect(await me(other)).toBe(401);
});

test('the identity token of a sign-in opens nothing by itself', async () => {
  const { state, cookie } = await leave();
  let idToken = '';
  answerToken = (claims) => ({ id_token: (idToken = signToken(key, claims)) });
  codeOf(await comeBack(state, cookie));
  expect((await vault.call('GET', '/v1/cloud/me', { token: idToken })).status).toBe(401);
});

test.each<{ name: string; answer: (claims: Record<string, unknown>) => unknown; status?: number }>([
  { name: 'another nonce', answer: (claims) => honest({ ...claims, nonce: 'other' }) },
  { name: 'no nonce', answer: (claims) => honest({ ...claims, nonce: undefined }) },
  { name: 'another audience', answer: (claims) => honest({ ...claims, aud: 'other' }) },
  { name: 'the audience of other tokens', answer: (claims) => honest({ ...claims, aud: 'api' }) },
  { name: 'two audiences, no party', answer: (claims) => honest({ ...claims, aud: ['client', 'other'] }) },
  { name: 'another party', answer: (claims) => honest({ ...claims, aud: ['client', 'other'], azp: 'other' }) },
  { name: 'another issuer', answer: (claims) => honest({ ...claims, iss: 'https://ci.example.com' }) },
  { name: 'a token that is over', answer: (claims) => honest({ ...claims, exp: 1000 }) },
  { name: 'no subject', answer: (claims) => honest({ ...claims, sub: undefined }) },
  { name: 'a foreign key', answer: (claims) => ({ id_token: signToken(strangeKey, claims) }) },
  { name: 'no algorithm', answer: (claims) => ({ id_token: signParts(key, { alg: 'none' }, claims) }) },
  { name: 'no token', answer: () => ({ access_token: 'x' }) },
  { name: 'a refusal', answer: () => ({ error: 'invalid_grant', error_description: '<script>' }) },
  { name: 'nonsense', answer: () => 'x' },
])('an issuer that answers with $name signs nobody in', async ({ answer }) => {
  const { state, cookie } = await leave();
  answerToken = answer;
  const back = await comeBack(state, cookie);
  expect([back.status, back.headers.location]).toEqual([401, undefined]);
  expect(back.text).not.toContain('<script');
});

test('a sign-in ends in the browser that began it, at the issuer where it began', async () => {
  answerToken = honest;
  const mine = await leave();
  const other = await leave();
  for (const [state, cookie] of [
    [mine.state, ''],
    [mine.state, other.cookie],
    [mine.state, other.cookie.replace(/_[\w-]{12}=/, `_${mine.state.slice(0, 12)}=`)],
    [`${mine.state.slice(0, 12)}x`, mine.cookie],
    ['', mine.cookie],
    [mine.state, `${mine.cookie.split('=')[0]}=bm90IGpzb24`],
  ] as const) {
    expect((await comeBack(state, cookie)).status).toBe(400);
  }
  const mixedUp = `code=x&iss=${encodeURIComponent('https://evil.example.com')}`;
  expect((await comeBack(mine.state, mine.cookie, mixedUp)).status).toBe(401);
  expect((await comeBack(mine.state, mine.cookie, 'error=access_denied')).text).toContain('(access_denied)');
  expect((await comeBack(mine.state, mine.cookie, 'error=%3Cscript%3E')).text).not.toContain('<script');
  // A cookie is the browser's own: one that asks for another place is held to the same rules as the page.
  const forged = Buffer.from(
    JSON.stringify({ issuer: issuer.url, state: mine.state, nonce, verifier, waiting: { ...waiting, port: '80' } }),
  );
  const name = mine.cookie.split('=')[0];
  expect((await comeBack(mine.state, `${name}=${forged.toString('base64url')}`)).status).toBe(400);
});

test('sealed: nobody signs in', async () => {
  const other = await startTestVault();
  await other.call('POST', '/v1/sys/seal', { vaultToken: other.rootToken });
  expect((await other.call('GET', `/cli/auth?${query}`)).status).toBe(503);
  expect((await other.call('POST', '/cli/auth/token', { form: { token: other.rootToken, ...waiting } })).status).toBe(
    503,
  );
  const body = { code: 'x', code_verifier: 'x' };
  expect((await other.call('POST', '/cli/auth/exchange', { body })).status).toBe(503);
  await other.server.close();
});

test('attempts are limited by address', async () => {
  const limited = await startTestVault({ rateLimit: 5 });
  const answers: Answer[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) answers.push(await limited.call('GET', `/cli/auth?${query}`));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers['retry-after']).toBe('1');
  expect(refused?.headers['content-type']).toBe('text/html; charset=utf-8');
  await limited.server.close();
});

test('an issuer that can’t be asked is an answer, and the operator is told', async () => {
  const broken = await startTestServer((request, response) => {
    if (request.url === '/jwks') response.end(JSON.stringify({ keys: [key.jwk] }));
    else response.writeHead(302, { Location: 'http://169.254.169.254/' }).end();
  });
  const other = await startTestVault({
    loopbackIssuers: true,
    jwtIssuers: [{ issuer: broken.url, audience: 'api', client_id: 'c', jwks: `${broken.url}/jwks` }],
  });
  const answer = await other.call('POST', '/cli/auth/oidc', { form: { issuer: broken.url, ...waiting } });
  expect(answer.status).toBe(503);
  expect(other.warnings.join()).toMatch(/redirects, which is not followed/);
  await other.server.close();
  await broken[Symbol.asyncDispose]();
});

test('several servers: any of them exchanges the code, and a revoked session is over at all of them', async () => {
  using shared = temporaryFolder();
  const options = {
    loopbackIssuers: true,
    jwtIssuers: [{ issuer: issuer.url, audience: 'api', client_id: 'client' }],
  };
  const one = await startDiskVault(shared.path, { ...options, audit: [`file:${join(shared.path, 'one.log')}`] });
  const two = await startDiskVault(shared.path, { ...options, audit: [`file:${join(shared.path, 'two.log')}`] });
  const begun = await one.call('POST', '/cli/auth/oidc', { form: { issuer: issuer.url, ...waiting } });
  const url = new URL(/content="0; url=([^"]+)"/.exec(begun.text)?.[1]?.replaceAll('&amp;', '&') ?? '');
  nonce = url.searchParams.get('nonce') ?? '';
  answerToken = honest;
  // The browser comes back to the other one. Without a file for its secret the client is a public one.
  tokenRequests = [];
  const back = await two.call('GET', `/cli/auth/callback?code=x&state=${url.searchParams.get('state')}`, {
    headers: { Cookie: begun.headers['set-cookie']?.[0]?.split(';')[0] ?? '' },
  });
  expect(new URLSearchParams(tokenRequests[0]?.body).get('client_id')).toBe('client');
  expect(tokenRequests[0]?.authorization).toBeUndefined();
  const body = { code: codeOf(back), code_verifier: verifier };
  const { token } = (await one.call('POST', '/cli/auth/exchange', { body })).json as { token: string };
  expect((await two.call('POST', '/cli/auth/exchange', { body })).status).toBe(401);
  for (const server of [one, two]) expect((await server.call('GET', '/v1/cloud/me', { token })).status).toBe(200);
  await one.call('POST', '/v1/auth/token/revoke-self', { vaultToken: token });
  for (const server of [one, two]) expect((await server.call('GET', '/v1/cloud/me', { token })).status).toBe(401);
  await one.server.close();
  await two.server.close();
});

test('nothing secret is in the audit or in warnings', async () => {
  const { state, cookie } = await leave();
  answerToken = honest;
  const code = codeOf(await comeBack(state, cookie));
  const { token } = (await exchange(code)).json as { token: string };
  const seen = readFileSync(join(folder.path, 'audit.log'), 'utf8') + vault.warnings.join('\n');
  for (const secret of [serviceToken, token, code, clientSecret, verifier, waiting.state, 'canary']) {
    expect(seen).not.toContain(secret);
  }
  const last = seen
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ action }) => action === 'login.exchange')
    .at(-1);
  expect(last.actor).toMatchObject({ type: 'user', id: 'ada', issuer: issuer.url });
  expect(vault.warnings).toEqual([]);
});
