import { createPublicKey, hash, verify } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type TransitKeyring, latestVersion } from './keys.ts';
import { decrypt, encrypt, hmac, publicKeyOf, sign, verifyHmac, verifySignature } from './operations.ts';
import { parseTagged } from './tagged.ts';

/** Versions whose keys are given in hex; the HMAC keys are given too, or zero. */
function keyring(type: 'aes256-gcm96' | 'ed25519', materials: readonly string[], minimum = 1): TransitKeyring {
  const versions = materials.map(() => 0);
  const header = { name: 'k', type, created_at: 0, min_decryption_version: minimum, versions };
  return { header, bytes: Buffer.concat(materials.map((hex) => Buffer.from(hex.padEnd(128, '0'), 'hex'))) };
}

const refused = expect.objectContaining({ code: 'BAD_REQUEST' });
const aes = keyring('aes256-gcm96', ['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)]);

test('AES-256-GCM, test case 15 of the GCM specification', () => {
  const key = keyring('aes256-gcm96', ['feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308']);
  const plaintext = Buffer.from(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    'hex',
  );
  const nonce = Buffer.from('cafebabefacedbaddecaf888', 'hex');
  const sealed = Buffer.from(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
    'hex',
  );
  const tag = Buffer.from('b094dac5d93471bdec1a502270e3cc6c', 'hex');
  const expected = `vault:v1:${Buffer.concat([nonce, sealed, tag]).toString('base64')}`;
  expect(encrypt(key, plaintext, nonce)).toBe(expected);
  expect(decrypt(key, expected)).toEqual(plaintext);
});

test('Ed25519, test 2 of RFC 8032 §7.1', () => {
  const key = keyring('ed25519', ['4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb']);
  expect(publicKeyOf(key, 1)).toBe(
    Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex').toString('base64'),
  );
  const signature = sign(key, Buffer.from('72', 'hex'));
  expect(parseTagged(signature, '').bytes.toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  expect(verifySignature(key, Buffer.from('72', 'hex'), signature)).toBe(true);
});

test('HMAC-SHA-256, test case 2 of RFC 4231', () => {
  const hmacKey = Buffer.from('Jefe').toString('hex').padEnd(64, '0');
  const key = keyring('aes256-gcm96', [`${'11'.repeat(32)}${hmacKey}`]);
  const mac = hmac(key, Buffer.from('what do ya want for nothing?'));
  expect(parseTagged(mac, '').bytes.toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

property.prop([fc.uint8Array({ maxLength: 300 })])('what is encrypted decrypts, each time to another text', (bytes) => {
  const plaintext = Buffer.from(bytes);
  const [one, two] = [encrypt(aes, plaintext), encrypt(aes, plaintext)];
  expect(one).not.toBe(two);
  expect(one).toMatch(/^vault:v3:/);
  expect(decrypt(aes, one)).toEqual(plaintext);
});

property.prop([fc.uint8Array({ maxLength: 60 }), fc.nat()])('a changed bit is refused', (bytes, where) => {
  const { version, bytes: sealed } = parseTagged(encrypt(aes, Buffer.from(bytes)), '');
  const at = where % (sealed.length * 8);
  sealed[at >> 3] = (sealed[at >> 3] ?? 0) ^ (1 << (at & 7));
  expect(() => decrypt(aes, `vault:v${version}:${sealed.toString('base64')}`)).toThrow(refused);
});

property.prop([fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 })])(
  'signatures and HMACs hold for their message alone',
  (first, second) => {
    const key = keyring('ed25519', ['44'.repeat(32)]);
    const [message, other] = [Buffer.from(first), Buffer.from(second)];
    const same = message.equals(other);
    expect(verifySignature(key, message, sign(key, message))).toBe(true);
    expect(verifySignature(key, other, sign(key, message))).toBe(same);
    expect(verifyHmac(key, message, hmac(key, message))).toBe(true);
    expect(verifyHmac(key, other, hmac(key, message))).toBe(same);
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(publicKeyOf(key, 1) ?? '', 'base64').toString('base64url'),
    };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, message, publicKey, parseTagged(sign(key, message), '').bytes)).toBe(true);
  },
);

test('older versions decrypt and verify down to the minimum', () => {
  const first = keyring('aes256-gcm96', ['11'.repeat(32)]);
  const old = encrypt(first, Buffer.from('a'));
  const mac = hmac(first, Buffer.from('a'));
  expect(decrypt(aes, old).toString()).toBe('a');
  expect(verifyHmac(aes, Buffer.from('a'), mac)).toBe(true);
  const strict = { ...aes, header: { ...aes.header, min_decryption_version: 2 } };
  expect(() => decrypt(strict, old)).toThrow(refused);
  expect(() => verifyHmac(strict, Buffer.from('a'), mac)).toThrow(refused);
  expect(latestVersion(strict)).toBe(3);
  expect(encrypt(strict, Buffer.from('a'))).toMatch(/^vault:v3:/);
});

const valid = encrypt(aes, Buffer.from('text'));
test.each([
  ['no prefix', valid.slice(9), 'BAD_REQUEST'],
  ['another prefix', valid.replace('vault', 'fault'), 'BAD_REQUEST'],
  ['version 0', valid.replace('v3', 'v0'), 'BAD_REQUEST'],
  ['a version with a zero in front', valid.replace('v3', 'v03'), 'BAD_REQUEST'],
  ['a version without end', valid.replace('v3', `v${'9'.repeat(30)}`), 'BAD_REQUEST'],
  ['a version that is not there', valid.replace('v3', 'v4'), 'NOT_FOUND'],
  ['another version', valid.replace('v3', 'v2'), 'BAD_REQUEST'],
  ['base64 of the other alphabet', 'vault:v1:-_-_', 'BAD_REQUEST'],
  ['base64 without padding', 'vault:v1:YQ', 'BAD_REQUEST'],
  ['base64 with loose bits', 'vault:v1:YR==', 'BAD_REQUEST'],
  ['base64 with white space', 'vault:v1:YQ==\n', 'BAD_REQUEST'],
  ['nothing', 'vault:v1:', 'BAD_REQUEST'],
  ['27 bytes', `vault:v1:${Buffer.alloc(27).toString('base64')}`, 'BAD_REQUEST'],
  ['the empty text', '', 'BAD_REQUEST'],
])('%s is refused', (_, ciphertext, code) => {
  expect(() => decrypt(aes, ciphertext)).toThrow(expect.objectContaining({ code }));
});

test('a key does what its type does', () => {
  const signer = keyring('ed25519', ['44'.repeat(32)]);
  const message = Buffer.from('a');
  expect(() => encrypt(signer, message)).toThrow(refused);
  expect(() => decrypt(signer, valid)).toThrow(refused);
  expect(() => sign(aes, message)).toThrow(refused);
  expect(() => verifySignature(aes, message, valid)).toThrow(refused);
  expect(publicKeyOf(aes, 1)).toBe(null);
  // A signature of any other length is wrong, not an error.
  expect(
    verifySignature(signer, message, `vault:v1:${Buffer.from(hash('sha256', 'x'), 'hex').toString('base64')}`),
  ).toBe(false);
});
