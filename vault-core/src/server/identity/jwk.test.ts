import { createHash, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKeySet, selectKey } from './jwk.ts';
import { createTestKey } from './test-issuer.ts';

const ed = createTestKey('EdDSA', 'ed').jwk;
const rsa = createTestKey('RS256', 'rsa').jwk;
const exponentOne = { ...rsa, e: 'AQ' };

test('reads both kinds, with and without declared purpose', () => {
  const bare = { kty: rsa['kty'], n: rsa['n'], e: rsa['e'] };
  const { keys, problems } = parseKeySet({
    keys: [ed, rsa, bare, { ...ed, use: undefined, alg: undefined, key_ops: ['verify'] }],
    extra: 1,
  });
  expect(problems).toEqual([]);
  expect(keys.map(({ algorithm, id }) => [algorithm, id])).toEqual([
    ['Ed25519', 'ed'],
    ['RS256', 'rsa'],
    ['RS256', undefined],
    ['Ed25519', 'ed'],
  ]);
});

test('the fingerprint is of the key alone, in the form of every other tool', () => {
  const key = createTestKey('EdDSA', 'x');
  const der = key.publicKey.export({ type: 'spki', format: 'der' });
  const [one, other] = parseKeySet({ keys: [key.jwk, { ...key.jwk, kid: 'y' }] }).keys;
  expect(one?.fingerprint).toBe(createHash('sha256').update(der).digest('base64url'));
  expect(other?.fingerprint).toBe(one?.fingerprint);
});

const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });

test.each([
  { name: 'a text', jwk: 'key', problem: 'key 0 is not an object' },
  { name: 'null', jwk: null, problem: 'key 0 is not an object' },
  { name: 'no members', jwk: {}, problem: 'key 0 is neither RSA nor Ed25519' },
  {
    name: 'a symmetric key',
    jwk: createSecretKey(Buffer.alloc(32, 1)).export({ format: 'jwk' }),
    problem: 'key 0 is neither RSA nor Ed25519',
  },
  { name: 'Ed448', jwk: ed448, problem: 'key 0 is neither RSA nor Ed25519' },
  { name: 'P-256', jwk: ec, problem: 'key 0 is neither RSA nor Ed25519' },
  { name: 'X25519', jwk: x25519, problem: 'key 0 is neither RSA nor Ed25519' },
  {
    name: 'the private half',
    jwk: createTestKey('EdDSA').privateKey.export({ format: 'jwk' }),
    problem: 'key 0 holds its private half',
  },
  {
    name: 'RSA of 1024 bits',
    jwk: createTestKey('RS256', 'small', 1024).jwk,
    problem: 'key 0 has 1024 bits; an RSA key must have at least 2048',
  },
  {
    name: 'RSA of 2047 bits',
    jwk: createTestKey('RS256', 'small', 2047).jwk,
    problem: 'key 0 has 2047 bits; an RSA key must have at least 2048',
  },
  {
    name: 'RSA of 16384 bits',
    jwk: { ...rsa, n: Buffer.alloc(2048, 0xff).toString('base64url') },
    problem: 'key 0 has 16384 bits; an RSA key must have at most 8192',
  },
  { name: 'exponent 1', jwk: exponentOne, problem: 'key 0 has an unsafe public exponent' },
  { name: 'even exponent', jwk: { ...rsa, e: 'AQAA' }, problem: 'key 0 has an unsafe public exponent' },
  { name: 'for encryption', jwk: { ...rsa, use: 'enc' }, problem: 'key 0 is not for signatures ("use")' },
  { name: 'use that is no text', jwk: { ...rsa, use: ['sig'] }, problem: 'key 0 is not for signatures ("use")' },
  { name: 'for signing only', jwk: { ...ed, key_ops: ['sign'] }, problem: 'key 0 is not for verifying ("key_ops")' },
  {
    name: 'key_ops that is a text',
    jwk: { ...ed, key_ops: 'verify' },
    problem: 'key 0 is not for verifying ("key_ops")',
  },
  { name: 'for PS256', jwk: { ...rsa, alg: 'PS256' }, problem: 'key 0 is for another algorithm ("alg")' },
  { name: 'RSA for EdDSA', jwk: { ...rsa, alg: 'EdDSA' }, problem: 'key 0 is for another algorithm ("alg")' },
  { name: 'Ed25519 for RS256', jwk: { ...ed, alg: 'RS256' }, problem: 'key 0 is for another algorithm ("alg")' },
  { name: 'kid that is no text', jwk: { ...ed, kid: 1 }, problem: 'key 0 has a "kid" that is no text' },
  { name: 'no modulus', jwk: { ...rsa, n: undefined }, problem: 'key 0 has no "n" and "e" in base64url' },
  {
    name: 'modulus in base64',
    jwk: { ...rsa, n: `${String(rsa['n'])}==` },
    problem: 'key 0 has no "n" and "e" in base64url',
  },
  {
    name: 'x of 31 bytes',
    jwk: { ...ed, x: Buffer.alloc(31, 5).toString('base64url') },
    problem: expect.stringMatching(/^key 0 is malformed: /),
  },
])('not used: $name', ({ jwk, problem }) => {
  expect(parseKeySet({ keys: [jwk] })).toEqual({ keys: [], problems: [problem] });
});

test('a key that is not used does not keep the others out', () => {
  const { keys, problems } = parseKeySet({ keys: [ec, ed, null, rsa] });
  expect(keys.map(({ id }) => id)).toEqual(['ed', 'rsa']);
  expect(problems).toHaveLength(2);
});

test.each([
  undefined,
  null,
  [],
  'x',
  {},
  { keys: {} },
  { keys: null },
  { keys: Array.from({ length: 101 }, () => ed) },
])('no set: %j', (value) => {
  expect(() => parseKeySet(value)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
});

test('a name selects one key, no name the only one that fits, and two candidates none', () => {
  const unnamed = { ...createTestKey('EdDSA').jwk };
  const sameName = { ...ed, kid: 'rsa' };
  const set = (...keys: unknown[]) => parseKeySet({ keys });
  expect(selectKey(set(ed, rsa), 'Ed25519', 'ed')?.id).toBe('ed');
  expect(selectKey(set(ed, rsa), 'Ed25519', undefined)?.id).toBe('ed');
  expect(selectKey(set(ed, rsa), 'Ed25519', 'rsa')).toBeUndefined();
  expect(selectKey(set(sameName, rsa), 'Ed25519', 'rsa')?.algorithm).toBe('Ed25519');
  expect(selectKey(set(sameName, rsa), 'RS256', 'rsa')?.algorithm).toBe('RS256');
  expect(selectKey(set(ed, unnamed), 'Ed25519', undefined)).toBeUndefined();
  expect(selectKey(set(ed, { ...unnamed, kid: 'ed' }), 'Ed25519', 'ed')).toBeUndefined();
  expect(selectKey(set(unnamed), 'Ed25519', 'ed')).toBeUndefined();
  expect(selectKey(set(unnamed), 'Ed25519', '')).toBeUndefined();
  expect(selectKey(set(), 'RS256', undefined)).toBeUndefined();
});
