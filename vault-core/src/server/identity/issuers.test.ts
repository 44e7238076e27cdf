import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Issuers, type IssuersOptions, createIssuers, parseIssuers } from './issuers.ts';
import { base64url, createTestKey, signParts, signToken, startTestServer } from './test-issuer.ts';

const ed = createTestKey('EdDSA', 'ed');
const rsa = createTestKey('RS256', 'rsa');
const otherEd = createTestKey('EdDSA', 'ed');
const otherRsa = createTestKey('RS256', 'rsa');
const nowMs = 1_900_000_000_000;
const now = nowMs / 1000;
const idp = 'https://idp.example';
const claims = { iss: idp, aud: 'vault', sub: 'ada', exp: now + 600, iat: now, jti: 'j1' };

const create = (configs: unknown, more: Partial<IssuersOptions> = {}): Issuers =>
  createIssuers(parseIssuers(configs, 'issuers.json'), { now: () => nowMs, allowLoopbackHttp: false, ...more });
const both = { issuer: idp, audience: ['vault', 'vault-2'], jwks: { keys: [ed.jwk, rsa.jwk] } };
const neighbour = { issuer: 'https://b.example', audience: 'vault', jwks: { keys: [otherEd.jwk] } };
const issuers = create([both, neighbour]);

/** The fixed word for what was wrong, which the client does not see. */
async function reasonOf(refusal: Promise<unknown>): Promise<string> {
  const error: unknown = await refusal.then(
    () => 'accepted',
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({
    code: 'UNAUTHORIZED',
    message: 'the identity token is not accepted',
    hint: 'check its issuer, audience, signature and times, or get a new one',
  });
  return ((error as Error).cause as Error).message;
}

test.each([
  { alg: 'EdDSA', key: ed },
  { alg: 'RS256', key: rsa },
])('accepts $alg', async ({ key }) => {
  const identity = await issuers.verify(signToken(key, claims));
  expect(identity).toMatchObject({ issuer: idp, subject: 'ada', jwtId: 'j1', expiresAtMs: nowMs + 660_000, claims });
  expect(Object.isFrozen(identity)).toBe(true);
});

test('accepts a second audience, the neighbour, and a token without key name if one key fits', async () => {
  await expect(issuers.verify(signToken(ed, { ...claims, aud: ['x', 'vault-2'] }))).resolves.toMatchObject({
    subject: 'ada',
  });
  await expect(issuers.verify(signToken(otherEd, { ...claims, iss: neighbour.issuer }))).resolves.toMatchObject({
    issuer: neighbour.issuer,
  });
  await expect(issuers.verify(signToken(rsa, claims, { kid: undefined }))).resolves.toMatchObject({ subject: 'ada' });
});

const [head = '', , signature = ''] = signToken(ed, claims).split('.');
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
const hmacText = `${base64url({ alg: 'HS256', kid: 'rsa' })}.${base64url(claims)}`;
const noExp: Record<string, unknown> = { ...claims, exp: undefined };

const forged: readonly { name: string; token: string; reason: string }[] = [
  { name: 'alg none', token: `${base64url({ alg: 'none' })}.${base64url(claims)}.`, reason: 'algorithm' },
  { name: 'alg none with a signature', token: signToken(ed, claims, { alg: 'none' }), reason: 'algorithm' },
  {
    name: 'HS256 with the public key as secret',
    token: `${hmacText}.${createHmac('sha256', pem).update(hmacText).digest('base64url')}`,
    reason: 'algorithm',
  },
  { name: 'wrong key of the same name', token: signToken(otherEd, claims), reason: 'signature' },
  { name: 'wrong RSA key of the same name', token: signToken(otherRsa, claims), reason: 'signature' },
  { name: 'unknown key name', token: signToken(ed, claims, { kid: 'ed2' }), reason: 'key' },
  { name: 'empty key name', token: signToken(ed, claims, { kid: '' }), reason: 'key' },
  { name: 'key name that is a path', token: signToken(ed, claims, { kid: '../../dev/null' }), reason: 'key' },
  { name: "the other algorithm's key name", token: signToken(ed, claims, { kid: 'rsa' }), reason: 'key' },
  { name: 'EdDSA token signed by the RSA key', token: signToken(rsa, claims, { alg: 'EdDSA' }), reason: 'key' },
  {
    name: 'EdDSA token signed by the RSA key, under the name of the other',
    token: signToken(rsa, claims, { alg: 'EdDSA', kid: 'ed' }),
    reason: 'signature',
  },
  {
    name: 'RS256 token signed by the Ed25519 key',
    token: signToken(ed, claims, { alg: 'RS256', kid: 'rsa' }),
    reason: 'signature',
  },
  { name: 'embedded key', token: signToken(otherEd, claims, { jwk: otherEd.jwk }), reason: 'signature' },
  {
    name: 'address of a key set',
    token: signToken(otherEd, claims, { jku: 'https://b.example/jwks', kid: 'evil' }),
    reason: 'key',
  },
  {
    name: 'tampered claims',
    token: `${head}.${base64url({ ...claims, sub: 'root' })}.${signature}`,
    reason: 'signature',
  },
  {
    name: 'signature of another token',
    token: `${signToken(ed, { ...claims, sub: 'bob' })
      .split('.')
      .slice(0, 2)
      .join('.')}.${signature}`,
    reason: 'signature',
  },
  {
    name: 'zero signature',
    token: `${head}.${base64url(claims)}.${Buffer.alloc(64).toString('base64url')}`,
    reason: 'signature',
  },
  { name: 'short signature', token: `${head}.${base64url(claims)}.AA`, reason: 'signature' },
  { name: 'unknown issuer', token: signToken(ed, { ...claims, iss: 'https://evil.example' }), reason: 'issuer' },
  { name: 'issuer with a slash', token: signToken(ed, { ...claims, iss: `${idp}/` }), reason: 'issuer' },
  { name: 'issuer in capitals', token: signToken(ed, { ...claims, iss: idp.toUpperCase() }), reason: 'issuer' },
  { name: 'issuer in a list', token: signToken(ed, { ...claims, iss: [idp] }), reason: 'issuer' },
  { name: 'no issuer', token: signToken(ed, { ...claims, iss: undefined }), reason: 'issuer' },
  { name: 'issuer that objects inherit', token: signToken(ed, { ...claims, iss: 'constructor' }), reason: 'issuer' },
  {
    name: "the neighbour's name under our key",
    token: signToken(ed, { ...claims, iss: neighbour.issuer }),
    reason: 'signature',
  },
  { name: "our name under the neighbour's key", token: signToken(otherEd, claims), reason: 'signature' },
  { name: 'wrong audience', token: signToken(ed, { ...claims, aud: 'other' }), reason: 'audience' },
  { name: 'no audience', token: signToken(ed, { ...claims, aud: undefined }), reason: 'audience' },
  { name: 'not yet valid', token: signToken(ed, { ...claims, nbf: now + 61 }), reason: 'nbf' },
  { name: 'issued in the future', token: signToken(ed, { ...claims, iat: now + 61 }), reason: 'iat' },
  { name: 'no exp', token: signToken(ed, noExp), reason: 'exp' },
  { name: 'exp as text', token: signToken(ed, { ...claims, exp: String(now + 600) }), reason: 'exp' },
  { name: 'no subject', token: signToken(ed, { ...claims, sub: undefined }), reason: 'sub' },
  {
    name: 'subject twice',
    token: signParts(ed, { alg: 'EdDSA', kid: 'ed' }, `${JSON.stringify(claims).slice(0, -1)},"sub":"root"}`),
    reason: 'claims not a JSON object',
  },
  { name: 'padding', token: `${signToken(ed, claims)}==`, reason: 'signature not base64url' },
  { name: 'white space', token: `${signToken(ed, claims)} `, reason: 'signature not base64url' },
  { name: 'four parts', token: `${signToken(ed, claims)}.${signature}`, reason: 'not three parts' },
  { name: 'too long', token: signToken(ed, { ...claims, pad: 'x'.repeat(16_384) }), reason: 'too long' },
  { name: 'megabytes', token: 'a.'.repeat(2_000_000), reason: 'too long' },
  {
    name: 'critical extension',
    token: signToken(ed, claims, { crit: ['b64'], b64: false }),
    reason: 'critical extension',
  },
  { name: 'log-out token', token: signToken(ed, claims, { typ: 'logout+jwt' }), reason: 'type' },
  { name: 'not a token', token: 'hunter2', reason: 'not three parts' },
  { name: 'empty', token: '', reason: 'not three parts' },
];

test.each(forged)('refuses: $name', async ({ token, reason }) => {
  expect(await reasonOf(issuers.verify(token))).toBe(reason);
  // What was refused once is refused again: nothing of it was remembered.
  expect(await reasonOf(issuers.verify(token))).toBe(reason);
});

test('no refusal shows anything of the token', async () => {
  const token = signToken(
    otherEd,
    { ...claims, sub: 'canary-subject', iss: 'https://canary.example' },
    { kid: 'canary-kid' },
  );
  const error: unknown = await issuers.verify(token).catch((caught: unknown) => caught);
  const shown = JSON.stringify([String(error), error, (error as Error).stack, String((error as Error).cause)]);
  for (const part of ['canary', ...token.split('.')]) expect(shown).not.toContain(part);
});

test('an expired token is told so, remembered or not', async () => {
  let clock = nowMs;
  const aging = create([both], { now: () => clock });
  const token = signToken(ed, claims);
  await aging.verify(token);
  const expired = { code: 'UNAUTHORIZED', message: 'the identity token has expired' };
  clock = nowMs + 659_999;
  await expect(aging.verify(token)).resolves.toMatchObject({ subject: 'ada' });
  clock += 1;
  await expect(aging.verify(token)).rejects.toMatchObject(expired);
  await expect(aging.verify(token)).rejects.toMatchObject(expired);
  await expect(create([both], { now: () => clock }).verify(token)).rejects.toMatchObject(expired);
  expect(await reasonOf(aging.verify(signToken(otherEd, claims)))).toBe('signature');
});

test('a token is verified once, and the answer is the same object', async () => {
  const token = signToken(rsa, claims);
  const first = await issuers.verify(token);
  expect(await issuers.verify(token)).toBe(first);
});

test('no more than 4096 tokens are remembered, those used last', async () => {
  const many = create([both]);
  const first = signToken(ed, claims);
  const second = signToken(ed, { ...claims, sub: 'bob' });
  const identity = await many.verify(first);
  const other = await many.verify(second);
  expect(await many.verify(first)).toBe(identity);
  for (let index = 0; index < 4094; index += 1) await many.verify(signToken(ed, { ...claims, jti: `n${index}` }));
  await many.verify(signToken(ed, { ...claims, jti: 'one more' }));
  expect(await many.verify(first)).toBe(identity);
  expect(await many.verify(second)).not.toBe(other);
});

test('two keys that fit and no name: refused', async () => {
  const ambiguous = create([{ ...both, jwks: { keys: [ed.jwk, { ...otherEd.jwk, kid: 'ed2' }] } }]);
  expect(await reasonOf(ambiguous.verify(signToken(ed, claims, { kid: undefined })))).toBe('key');
});

test('without issuers every token is refused', async () => {
  expect(await reasonOf(create([]).verify(signToken(ed, claims)))).toBe('issuer');
});

/** An issuer on loopback whose keys the test changes. */
async function startIssuer() {
  const state = { nowMs, keys: [ed.jwk] as unknown[], status: 200, warnings: [] as string[] };
  const server = await startTestServer((request, response) => {
    const document = { issuer: server.url, jwks_uri: `${server.url}/keys` };
    response.writeHead(state.status).end(JSON.stringify(request.url === '/keys' ? { keys: state.keys } : document));
  });
  const options = {
    now: () => state.nowMs,
    allowLoopbackHttp: true,
    warn: (message: string) => state.warnings.push(message),
  };
  const remote = create([{ issuer: server.url, audience: 'vault' }], options);
  return Object.assign(state, {
    server,
    remote,
    sign: (key = ed, more = {}) => signToken(key, { ...claims, iss: server.url, ...more }),
    async [Symbol.asyncDispose]() {
      remote.close();
      await server[Symbol.asyncDispose]();
    },
  });
}

test('rotation: the first token of a new key brings it in, and the old key goes with it', async () => {
  await using state = await startIssuer();
  const old = state.sign();
  await state.remote.verify(old);
  expect(state.server.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  const next = createTestKey('EdDSA', 'next');
  state.keys = [next.jwk];
  await expect(state.remote.verify(state.sign(next))).resolves.toMatchObject({ subject: 'ada' });
  expect(state.server.requests).toHaveLength(4);
  // Remembered, but its key is gone.
  expect(await reasonOf(state.remote.verify(old))).toBe('key');
});

test('a removed key is gone after ten minutes, even for a token that is used all the time', async () => {
  await using state = await startIssuer();
  const token = state.sign(ed, { exp: now + 86_400 });
  await state.remote.verify(token);
  state.keys = [];
  for (let minute = 1; minute < 10; minute += 1) {
    state.nowMs += 60_000;
    await expect(state.remote.verify(token)).resolves.toMatchObject({ subject: 'ada' });
  }
  state.nowMs += 60_000;
  expect(await reasonOf(state.remote.verify(token))).toBe('key');
});

test('a key that stays keeps its tokens through a refresh, whatever the set looks like', async () => {
  await using state = await startIssuer();
  const token = state.sign();
  const identity = await state.remote.verify(token);
  state.keys = [rsa.jwk, ed.jwk];
  state.nowMs += 600_000;
  expect(await state.remote.verify(token)).toBe(identity);
  expect(state.server.requests).toHaveLength(4);
});

test('tokens with made-up keys cause few fetches, and do not keep a new key out', async () => {
  await using state = await startIssuer();
  await state.remote.verify(state.sign());
  const stranger = createTestKey('EdDSA', 'stranger');
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => reasonOf(state.remote.verify(state.sign(stranger, { jti: `j${index}` })))),
  );
  expect(state.server.requests).toHaveLength(4);
  const fresh = createTestKey('EdDSA', 'fresh');
  state.keys = [...state.keys, fresh.jwk];
  await expect(state.remote.verify(state.sign(fresh))).resolves.toMatchObject({ subject: 'ada' });
  expect(state.server.requests).toHaveLength(6);
  for (const requests of [8, 8, 8]) {
    await reasonOf(state.remote.verify(state.sign(stranger)));
    expect(state.server.requests).toHaveLength(requests);
  }
  state.nowMs += 30_000;
  await reasonOf(state.remote.verify(state.sign(stranger)));
  expect(state.server.requests).toHaveLength(10);
});

test('an issuer that is away: unavailable without keys, no matter with them', async () => {
  await using state = await startIssuer();
  state.status = 503;
  await expect(state.remote.verify(state.sign())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(state.warnings).toEqual([expect.stringContaining('answers with status 503')]);
  state.status = 200;
  state.nowMs += 1000;
  await state.remote.verify(state.sign());
  state.status = 503;
  state.nowMs += 600_000;
  await expect(state.remote.verify(state.sign(ed, { exp: now + 86_400 }))).resolves.toMatchObject({ subject: 'ada' });
  expect(await reasonOf(state.remote.verify(state.sign(rsa)))).toBe('key');
});

test('who is not configured makes nobody fetch anything', async () => {
  await using state = await startIssuer();
  await reasonOf(state.remote.verify(signToken(ed, { ...claims, iss: `${state.server.url}/` })));
  await reasonOf(state.remote.verify('x'));
  expect(state.server.requests).toEqual([]);
});

test('a key set by its URL, on loopback only where that is allowed', async () => {
  await using state = await startIssuer();
  const config = [{ issuer: idp, audience: 'vault', jwks: `${state.server.url}/keys` }];
  const remote = create(config, { allowLoopbackHttp: true });
  await expect(remote.verify(signToken(ed, claims))).resolves.toMatchObject({ issuer: idp });
  expect(() => create(config)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: `the address of the keys of the issuer ${idp} must be an https URL`,
    }),
  );
});

test('a private address is refused, and the operator told which', async () => {
  const warnings: string[] = [];
  const remote = create(
    [
      { issuer: idp, audience: 'vault', jwks: 'https://10.0.0.1/keys' },
      { issuer: 'https://metadata.example', audience: 'vault' },
    ],
    { warn: (message) => warnings.push(message), resolve: async () => [{ address: '169.254.169.254', family: 4 }] },
  );
  const token = signToken(ed, claims);
  await expect(remote.verify(token)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.not.stringContaining('10.0.0.1'),
  });
  await expect(remote.verify(signToken(ed, { ...claims, iss: 'https://metadata.example' }))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  expect(warnings).toEqual([
    expect.stringContaining('10.0.0.1 is at the private address'),
    expect.stringContaining('metadata.example is at the private address 169.254.169.254'),
  ]);
});

test('keys in a file: read at the start, and again when a token names a new one', async () => {
  let file = JSON.stringify({ keys: [ed.jwk, { kty: 'EC' }] });
  const warnings: string[] = [];
  const read: string[] = [];
  const readFile = (path: string): string => {
    read.push(path);
    return file;
  };
  const config = [{ issuer: idp, audience: 'vault', jwks: 'keys.json' }];
  const fromFile = create(config, { readFile, warn: (message) => warnings.push(message) });
  expect(read).toEqual(['keys.json']);
  expect(warnings).toEqual([`a key of the issuer ${idp} is not used: key 1 is neither RSA nor Ed25519`]);
  await expect(fromFile.verify(signToken(ed, claims))).resolves.toMatchObject({ subject: 'ada' });
  file = JSON.stringify({ keys: [rsa.jwk] });
  await expect(fromFile.verify(signToken(rsa, claims))).resolves.toMatchObject({ subject: 'ada' });
  expect(await reasonOf(fromFile.verify(signToken(ed, claims)))).toBe('key');
});

test.each([
  { name: 'missing', readFile: undefined, message: /ENOENT/ },
  { name: 'no JSON', readFile: () => 'canary', message: /keys\.json is not JSON$/ },
  { name: 'no set', readFile: () => '[]', message: /must be an object with the list "keys"$/ },
  { name: 'empty', readFile: () => '{"keys":[]}', message: /the set is empty$/ },
  {
    name: 'of no use',
    readFile: () => '{"keys":[{"kty":"oct","k":"AA"}]}',
    message: /key 0 is neither RSA nor Ed25519$/,
  },
])('a server does not start with a file of keys that is $name', ({ readFile, message }) => {
  const start = () =>
    create([{ issuer: idp, audience: 'vault', jwks: '/nonexistent/keys.json' }], readFile ? { readFile } : {});
  expect(start).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }));
});

test('an issuer in our own network is asked if its entry allows the address, and no other is', async () => {
  const warnings: string[] = [];
  await using server = await startTestServer((_, response) => void response.end(JSON.stringify({ keys: [ed.jwk] })));
  const entry = { audience: 'vault', jwks: `${server.url}/keys` };
  const remote = create(
    [
      { ...entry, issuer: idp, allowed_addresses: ['10.0.0.0/8'] },
      { ...entry, issuer: 'https://b.example', jwks: 'https://10.0.0.1/keys' },
    ],
    { allowLoopbackHttp: true, timeoutMs: 200, warn: (message) => warnings.push(message) },
  );
  await expect(remote.verify(signToken(ed, claims))).resolves.toMatchObject({ subject: 'ada' });
  const other = remote.verify(signToken(ed, { ...claims, iss: 'https://b.example' }));
  await expect(other).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(warnings).toEqual([expect.stringContaining('10.0.0.1 is at the private address')]);
});

test('a discovery document elsewhere is believed if it is for the issuer', async () => {
  await using server = await startTestServer((request, response) => {
    const document = { issuer: idp, jwks_uri: `${server.url}/keys` };
    response.end(JSON.stringify(request.url === '/oidc' ? document : { keys: [ed.jwk] }));
  });
  const remote = create([{ issuer: idp, audience: 'vault', discovery: `${server.url}/oidc` }], {
    allowLoopbackHttp: true,
  });
  await expect(remote.verify(signToken(ed, claims))).resolves.toMatchObject({ subject: 'ada' });
  expect(server.requests).toEqual(['/oidc', '/keys']);
});

test('an ID token is for the client that it names, at the issuer that was asked', async () => {
  const own = create([both, neighbour]);
  const idToken = signToken(ed, { ...claims, aud: 'client' });
  await expect(own.verifyFor(idp, 'client', idToken)).resolves.toMatchObject({ subject: 'ada' });
  expect(await reasonOf(own.verifyFor(idp, 'vault', idToken))).toBe('audience');
  expect(await reasonOf(own.verifyFor(neighbour.issuer, 'client', idToken))).toBe('issuer');
  expect(await reasonOf(own.verifyFor('https://unknown.example', 'client', idToken))).toBe('issuer');
  // It was good there, and is no bearer token for that.
  expect(await reasonOf(own.verify(idToken))).toBe('audience');
  expect([own.knows(idp), own.knows('https://unknown.example')]).toEqual([true, false]);
});

test('an allowed address that is none is refused at the start', () => {
  expect(() => create([both], { allowedAddresses: ['10.0.0.0/64'] })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('close ends a fetch under way', async () => {
  await using server = await startTestServer(() => {});
  const remote = create([{ issuer: idp, audience: 'vault', jwks: server.url }], { allowLoopbackHttp: true });
  const verifying = remote.verify(signToken(ed, claims));
  await expect.poll(() => server.requests.length).toBe(1);
  const start = performance.now();
  remote.close();
  await expect(verifying).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(remote.verify(signToken(ed, claims))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(performance.now() - start).toBeLessThan(5000);
  expect(server.requests).toEqual(['/']);
});
