import { createHmac } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { parseKeySet, selectKey } from './jwk.ts';
import { hasSignatureOf, maxTokenLength, parseJwt } from './jwt.ts';
import { base64url, createTestKey, signParts, signToken } from './test-issuer.ts';

const ed = createTestKey('EdDSA', 'ed');
const rsa = createTestKey('RS256', 'rsa');
const keyOf = (jwk: unknown) => {
  const [key] = parseKeySet({ keys: [jwk] }).keys;
  if (!key) throw new Error('the key is not usable');
  return key;
};
const edKey = keyOf(ed.jwk);
const rsaKey = keyOf(rsa.jwk);
const claims = { iss: 'https://idp.example', sub: 'ada', exp: 2_000_000_000 };
const header = { alg: 'EdDSA', kid: 'ed' };
const good = signToken(ed, claims);
const [goodHeader = '', goodClaims = '', goodSignature = ''] = good.split('.');

test.each([
  ['EdDSA', ed, edKey],
  ['RS256', rsa, rsaKey],
])('reads and verifies %s', (_alg, signer, key) => {
  const jwt = parseJwt(signToken(signer, claims));
  expect(jwt.claims).toEqual(claims);
  expect(jwt.keyId).toBe(signer.jwk['kid']);
  expect(hasSignatureOf(jwt, key)).toBe(true);
});

test('Ed25519 is EdDSA by its other name, in tokens and keys', () => {
  const renamed = keyOf({ ...ed.jwk, alg: 'Ed25519' });
  expect(hasSignatureOf(parseJwt(signToken(ed, claims, { alg: 'Ed25519' })), edKey)).toBe(true);
  expect(hasSignatureOf(parseJwt(good), renamed)).toBe(true);
});

// RFC 7515 appendix A.2.
test('published vector: RS256', () => {
  const n =
    'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ';
  const token =
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw';
  const jwt = parseJwt(token);
  expect(hasSignatureOf(jwt, keyOf({ kty: 'RSA', n, e: 'AQAB' }))).toBe(true);
  expect(jwt.claims).toEqual({ iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true });
});

// RFC 8037 appendix A.4; its payload is no JSON, so that it can't be read as a token.
test('published vector: EdDSA', () => {
  const key = keyOf({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' });
  const signature = 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
  const jws = {
    algorithm: 'Ed25519' as const,
    keyId: undefined,
    claims: {},
    signedText: 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc',
    signature: Buffer.from(signature, 'base64url'),
  };
  expect(hasSignatureOf(jws, key)).toBe(true);
  expect(hasSignatureOf({ ...jws, signedText: `${jws.signedText}A` }, key)).toBe(false);
});

const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
const hs256 = (secret: string | Buffer): string => {
  const text = `${base64url({ alg: 'HS256', kid: 'rsa' })}.${base64url(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const deep = `{"exp":1,"a":[{"b":{"c":1,"c":2}}]}`;

test.each([
  { name: 'empty', token: '', reason: 'not three parts' },
  { name: 'one part', token: goodHeader, reason: 'not three parts' },
  { name: 'two parts', token: `${goodHeader}.${goodClaims}`, reason: 'not three parts' },
  { name: 'four parts', token: `${good}.${goodSignature}`, reason: 'not three parts' },
  { name: 'five parts (encrypted)', token: `${good}.a.b`, reason: 'not three parts' },
  { name: 'empty header', token: `.${goodClaims}.${goodSignature}`, reason: 'header not base64url' },
  { name: 'empty claims', token: `${goodHeader}..${goodSignature}`, reason: 'claims not base64url' },
  { name: 'no signature', token: `${goodHeader}.${goodClaims}.`, reason: 'signature not base64url' },
  { name: 'padding', token: `${good}==`, reason: 'signature not base64url' },
  { name: 'leading space', token: ` ${good}`, reason: 'header not base64url' },
  { name: 'trailing line feed', token: `${good}\n`, reason: 'signature not base64url' },
  {
    name: 'space inside',
    token: `${goodHeader}.${goodClaims.slice(0, 8)} ${goodClaims.slice(8)}.${goodSignature}`,
    reason: 'claims not base64url',
  },
  {
    name: 'standard base64',
    token: `${goodHeader}.${goodClaims}.${'+/'.repeat(43)}`,
    reason: 'signature not base64url',
  },
  {
    name: 'a letter that only looks like one',
    token: `${goodHeader}.${goodClaims.replace('e', 'е')}.${goodSignature}`,
    reason: 'claims not base64url',
  },
  { name: 'unused bits that are set', token: `${goodHeader}.${goodClaims}.AB`, reason: 'signature not base64url' },
  { name: 'too long', token: signToken(ed, { ...claims, pad: 'x'.repeat(maxTokenLength) }), reason: 'too long' },
  { name: 'header is a list', token: signParts(ed, [], claims), reason: 'header not a JSON object' },
  { name: 'header is null', token: signParts(ed, 'null', claims), reason: 'header not a JSON object' },
  { name: 'claims are a text', token: signParts(ed, header, '"ada"'), reason: 'claims not a JSON object' },
  { name: 'claims are no JSON', token: signParts(ed, header, '{"sub":"ada",}'), reason: 'claims not a JSON object' },
  {
    name: 'claims are no UTF-8',
    token: `${goodHeader}.${Buffer.from('7b2261223a22ff227d', 'hex').toString('base64url')}.AA`,
    reason: 'claims not a JSON object',
  },
  {
    name: 'claim twice',
    token: signParts(ed, header, '{"sub":"ada","exp":1,"sub":"root"}'),
    reason: 'claims not a JSON object',
  },
  {
    name: 'claim twice, one escaped',
    token: signParts(ed, header, '{"sub":"ada","\\u0073ub":"root"}'),
    reason: 'claims not a JSON object',
  },
  { name: 'member twice, deep inside', token: signParts(ed, header, deep), reason: 'claims not a JSON object' },
  {
    name: 'alg twice',
    token: signParts(ed, '{"alg":"none","alg":"EdDSA"}', claims),
    reason: 'header not a JSON object',
  },
  { name: 'no alg', token: signParts(ed, { typ: 'JWT' }, claims), reason: 'algorithm' },
  ...[
    'none',
    'None',
    'NONE',
    '',
    'HS256',
    'RS384',
    'RS512',
    'PS256',
    'ES256',
    'Ed448',
    'eddsa',
    'rs256',
    null,
    1,
    ['EdDSA'],
    { alg: 'EdDSA' },
  ].map((alg) => ({
    name: `alg ${JSON.stringify(alg)}`,
    token: signParts(ed, { ...header, alg }, claims),
    reason: 'algorithm',
  })),
  { name: 'alg none without a signature', token: `${base64url({ alg: 'none' })}.${goodClaims}.`, reason: 'algorithm' },
  { name: 'HS256 with the public key as secret (PEM)', token: hs256(pem), reason: 'algorithm' },
  { name: 'HS256 with the public key as secret (JWK)', token: hs256(JSON.stringify(rsa.jwk)), reason: 'algorithm' },
  { name: 'crit', token: signToken(ed, claims, { crit: ['exp'] }), reason: 'critical extension' },
  { name: 'empty crit', token: signToken(ed, claims, { crit: [] }), reason: 'critical extension' },
  { name: 'b64 false', token: signToken(ed, claims, { b64: false, crit: ['b64'] }), reason: 'critical extension' },
  { name: 'b64 false without crit', token: signToken(ed, claims, { b64: false }), reason: 'critical extension' },
  { name: 'kid that is a number', token: signToken(ed, claims, { kid: 1 }), reason: 'key id' },
  { name: 'kid that is a list', token: signToken(ed, claims, { kid: ['ed'] }), reason: 'key id' },
  ...['logout+jwt', 'application/secevent+jwt', 'DPoP+JWT', 7, null].map((typ) => ({
    name: `typ ${JSON.stringify(typ)}`,
    token: signToken(ed, claims, { typ }),
    reason: 'type',
  })),
])('refused: $name', ({ token, reason }) => {
  expect(() => parseJwt(token)).toThrow(
    expect.objectContaining({
      code: 'UNAUTHORIZED',
      message: 'the identity token is not accepted',
      cause: expect.objectContaining({ message: reason }),
    }),
  );
});

test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'JOSE', undefined])('typ %s is taken', (typ) => {
  expect(parseJwt(signToken(ed, claims, { typ })).algorithm).toBe('Ed25519');
});

test('a key of one kind verifies no token that asks for another', () => {
  // Signed by the RSA key, but the header says EdDSA, and the other way round.
  const rsaAsEd = parseJwt(signToken(rsa, claims, { alg: 'EdDSA' }));
  const edAsRsa = parseJwt(signToken(ed, claims, { alg: 'RS256' }));
  for (const key of [edKey, rsaKey]) {
    expect(hasSignatureOf(rsaAsEd, key)).toBe(false);
    expect(hasSignatureOf(edAsRsa, key)).toBe(false);
  }
  expect(selectKey({ keys: [rsaKey], problems: [] }, 'Ed25519', undefined)).toBeUndefined();
});

test('what a token brings along for its own verification is ignored', () => {
  const attacker = createTestKey('EdDSA', 'ed');
  const jwt = parseJwt(
    signToken(attacker, claims, {
      jwk: attacker.jwk,
      jku: 'https://evil.example/jwks',
      x5u: 'https://evil.example/x5u',
      x5c: ['AA=='],
    }),
  );
  expect(hasSignatureOf(jwt, edKey)).toBe(false);
});

test('names of Object.prototype are absent claims', () => {
  const { claims: read } = parseJwt(signParts(ed, header, '{"exp":1,"__proto__":{"sub":"root"}}'));
  expect(read['constructor']).toBeUndefined();
  expect(read['sub']).toBeUndefined();
  expect(Object.keys(read)).toEqual(['exp', '__proto__']);
});

property.prop([fc.nat(), fc.stringMatching(/^[A-Za-z0-9_.=+/ -]$/)])(
  'no token with one changed character verifies',
  (position, character) => {
    for (const [token, key] of [
      [good, edKey],
      [signedByRsa, rsaKey],
    ] as const) {
      const at = position % token.length;
      if (token[at] === character) continue;
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      let verified = false;
      try {
        verified = hasSignatureOf(parseJwt(changed), key);
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
      }
      expect(verified).toBe(false);
    }
  },
);
const signedByRsa = signToken(rsa, claims);

property.prop([
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.')),
  ),
])('any other text is refused, and nothing else is thrown', (text) => {
  expect(() => parseJwt(text)).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
});

property.prop([fc.uint8Array({ maxLength: 600 })])('a signature of any length is only compared', (signature) => {
  for (const key of [edKey, rsaKey]) {
    const jwt = { ...parseJwt(good), algorithm: key.algorithm, signature: Buffer.from(signature) };
    expect(hasSignatureOf(jwt, key)).toBe(false);
  }
});
