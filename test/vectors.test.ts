// Published vectors of the formats in docs/storage-format.md.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hashToken, tokenChecksum, tokenKind } from '../vault-core/src/domain/token.ts';
import { decrypt, encrypt } from '../vault-core/src/server/crypto/cipher.ts';

interface CipherVector {
  readonly name: string;
  readonly key: string;
  readonly key_id: string;
  readonly nonce: string;
  readonly address: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const read = (name: string): { cases: CipherVector[] } =>
  JSON.parse(readFileSync(new URL(`../fixtures/vectors/${name}.json`, import.meta.url), 'utf8')) as {
    cases: CipherVector[];
  };

test.each(read('cipher').cases)('cipher: $name', (vector) => {
  const key = { id: vector.key_id, bytes: Buffer.from(vector.key, 'hex') };
  const sealed = encrypt(key, vector.address, Buffer.from(vector.plaintext), Buffer.from(vector.nonce, 'hex'));
  expect(sealed.toString('hex')).toBe(vector.sealed);
  expect(decrypt(key, vector.address, Buffer.from(vector.sealed, 'hex')).toString()).toBe(vector.plaintext);
  expect(() => decrypt(key, `${vector.address}x`, sealed)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});

test('tokens: checksum and hash of the wire contract', () => {
  expect(tokenChecksum('0123456789abcdef'.repeat(2))).toBe('7759b50e');
  expect(hashToken('zvt_0123456789abcdef0123456789abcdef')).toBe(
    'a5765d27c85af8861ebc16fbdf728afe169d13ff4021450bec72bdcaebf316fa',
  );
  expect(tokenKind(`zvt_${'0123456789abcdef'.repeat(2)}7759b50e`)).toBe('service');
  expect(tokenKind(`zvt_${'0123456789abcdef'.repeat(2)}7759b50f`)).toBeUndefined();
});
