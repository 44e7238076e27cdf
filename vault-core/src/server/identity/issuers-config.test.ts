import { expect, test } from 'vitest';
import { parseIssuers } from './issuers-config.ts';
import { createTestKey } from './test-issuer.ts';

const key = createTestKey('EdDSA', 'one');
const small = createTestKey('RS256', 'small', 1024).jwk;
const entry = { issuer: 'https://idp.example', audience: 'vault' };

test.each([
  { name: 'discovery', value: entry },
  { name: 'discovery on loopback', value: { ...entry, issuer: 'http://127.0.0.1:9000' } },
  { name: 'several audiences', value: { ...entry, audience: ['vault', 'other'] } },
  { name: 'an inline set', value: { ...entry, jwks: { keys: [key.jwk] } } },
  { name: 'a path', value: { ...entry, jwks: './keys.json' } },
  { name: 'a path of another system', value: { ...entry, jwks: 'C:\\keys.json' } },
  { name: 'a URL', value: { ...entry, jwks: 'https://idp.example/keys?a=b' } },
  { name: 'an issuer that is no URL, with keys', value: { issuer: 'joe', audience: 'vault', jwks: 'keys.json' } },
  {
    name: 'a client for people',
    value: {
      ...entry,
      client_id: 'c',
      client_secret_file: 'f',
      scopes: ['openid', 'https://idp.example/scope'],
      name: 'Co',
      policies: ['default', 'team'],
    },
  },
  { name: 'a discovery document elsewhere', value: { ...entry, discovery: 'https://other.example/oidc' } },
  {
    name: 'a client of an issuer that is no URL, with both',
    value: { issuer: 'joe', audience: 'v', jwks: 'k.json', client_id: 'c', discovery: 'https://idp.example/d' },
  },
  { name: 'an issuer in our network', value: { ...entry, allowed_addresses: ['10.0.0.0/8', 'idp.internal'] } },
])('taken: $name', ({ value }) => {
  expect(parseIssuers([value], 'issuers.json')).toEqual([value]);
});

test('an empty list is one', () => {
  expect(parseIssuers([], 'issuers.json')).toEqual([]);
});

test.each([
  { value: {}, message: 'issuers.json must be a list of issuers' },
  { value: null, message: 'issuers.json must be a list of issuers' },
  { value: [null], message: 'issuers.json: [0] must be an object with "issuer" and "audience"' },
  { value: [entry, []], message: 'issuers.json: [1] must be an object with "issuer" and "audience"' },
  { value: [{ ...entry, audiences: ['a'] }], message: 'issuers.json: [0].audiences is no field of an issuer' },
  { value: [{ audience: 'vault' }], message: 'issuers.json: [0].issuer must be the text of the "iss" claim' },
  { value: [{ ...entry, issuer: '' }], message: 'issuers.json: [0].issuer must be the text of the "iss" claim' },
  { value: [{ ...entry, issuer: 7 }], message: 'issuers.json: [0].issuer must be the text of the "iss" claim' },
  ...[undefined, '', [], [''], ['a', 1], {}, null].map((audience) => ({
    value: [{ ...entry, audience }],
    message: 'issuers.json: [0].audience must be a text or a list of texts, each of them not empty',
  })),
  {
    value: [{ ...entry, issuer: 'joe' }],
    message: 'issuers.json: [0].issuer must be an https URL, because its keys are found through it',
  },
  {
    value: [{ ...entry, issuer: 'http://idp.example' }],
    message:
      'issuers.json: [0].issuer must be an https URL; http goes to this machine only, because its keys are found through it',
  },
  {
    value: [{ ...entry, issuer: 'https://idp.example/?a' }],
    message: 'issuers.json: [0].issuer must have no query or fragment, because its keys are found through it',
  },
  ...['client_secret_file', 'scopes', 'name', 'policies'].map((field) => ({
    value: [{ ...entry, [field]: 'x' }],
    message: `issuers.json: [0].${field} goes with "client_id"`,
  })),
  ...['client_id', 'client_secret_file', 'name'].map((field) => ({
    value: [{ ...entry, client_id: 'c', [field]: '' }],
    message: `issuers.json: [0].${field} must be a text, not empty`,
  })),
  {
    value: [{ ...entry, client_id: 'c', scopes: 'openid email' }],
    message: 'issuers.json: [0].scopes must be a list of texts',
  },
  {
    value: [{ ...entry, client_id: 'c', scopes: ['openid email'] }],
    message: 'issuers.json: [0].scopes must be names of scopes',
  },
  {
    value: [{ ...entry, client_id: 'c', policies: ['root'] }],
    message: 'issuers.json: [0].policies must not hold "root"',
  },
  {
    value: [{ issuer: 'joe', audience: 'v', jwks: 'k.json', client_id: 'c' }],
    message: 'issuers.json: [0].issuer must be an https URL, because its sign-in is found through it',
  },
  {
    value: [{ ...entry, discovery: 'http://idp.example/d' }],
    message: 'issuers.json: [0].discovery must be an https URL; http goes to this machine only',
  },
  {
    value: [{ ...entry, allowed_addresses: '10.0.0.0/8' }],
    message: 'issuers.json: [0].allowed_addresses must be a list of texts',
  },
  { value: [{ ...entry, jwks: '' }], message: 'issuers.json: [0].jwks must be a path or an https URL' },
  {
    value: [{ ...entry, jwks: 'http://idp.example/keys' }],
    message: 'issuers.json: [0].jwks must be an https URL; http goes to this machine only',
  },
  {
    value: [{ ...entry, jwks: 'https://a:b@idp.example/keys' }],
    message: 'issuers.json: [0].jwks must not hold a user name or password',
  },
  { value: [{ ...entry, jwks: 'ftp://idp.example/keys' }], message: 'issuers.json: [0].jwks must be an https URL' },
  ...[null, 7, [key.jwk]].map((jwks) => ({
    value: [{ ...entry, jwks }],
    message: 'issuers.json: [0].jwks must be a JWK set, a path or an https URL',
  })),
  {
    value: [{ ...entry, jwks: key.jwk }],
    message: 'issuers.json: [0].jwks a key set must be an object with the list "keys"',
  },
  { value: [{ ...entry, jwks: { keys: [] } }], message: 'issuers.json: [0].jwks has no key' },
  {
    value: [{ ...entry, jwks: { keys: [key.jwk, small] } }],
    message: 'issuers.json: [0].jwks key 1 has 1024 bits; an RSA key must have at least 2048',
  },
  {
    value: [{ ...entry, jwks: { keys: [key.privateKey.export({ format: 'jwk' })] } }],
    message: 'issuers.json: [0].jwks key 0 holds its private half',
  },
  {
    value: [entry, { ...entry, issuer: 'https://b.example' }, { ...entry, audience: 'x' }],
    message: 'issuers.json: [2].issuer is the same as that of [0]',
  },
])('refused: $message', ({ value, message }) => {
  expect(() => parseIssuers(value, 'issuers.json')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message }),
  );
});
