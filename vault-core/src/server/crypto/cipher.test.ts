import { createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type CipherKey, decrypt, encrypt, keyIdOf } from './cipher.ts';

const key: CipherKey = {
  id: '01234567-89ab-cdef-0123-456789abcdef',
  bytes: Buffer.from(Array.from({ length: 32 }, (_, index) => index)),
};
const nonce = Buffer.from('000102030405060708090a0b', 'hex');
const refused = expect.objectContaining({ code: 'INTERNAL' });

// Made with another implementation: Python's cryptography, AESGCM(key).encrypt(nonce, text, b'\x01' + key_id + address).
test.each([
  {
    address: 'a',
    text: 'value',
    sealed: '010123456789abcdef0123456789abcdef000102030405060708090a0b3163ba6ea0de031bef3788368010d878f781f159cc',
  },
  {
    address: 'org/ü',
    text: '',
    sealed: '010123456789abcdef0123456789abcdef000102030405060708090a0bd4e2a8b7be59dcfd8e351ee913445c17',
  },
])('published vector: $address', ({ address, text, sealed }) => {
  const made = encrypt(key, address, Buffer.from(text), nonce);
  expect(made.toString('hex')).toBe(sealed);
  expect(decrypt(key, address, made).toString()).toBe(text);
  expect(keyIdOf(made)).toBe(key.id);
});

test('the layout: format, key id, nonce, ciphertext, tag; format, key id and address are authenticated', () => {
  const sealed = encrypt(key, 'address', Buffer.from('text'));
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, sealed.subarray(17, 29));
  decipher.setAAD(
    Buffer.concat([Buffer.of(1), Buffer.from(key.id.replaceAll('-', ''), 'hex'), Buffer.from('address')]),
  );
  decipher.setAuthTag(sealed.subarray(-16));
  const text = Buffer.concat([decipher.update(sealed.subarray(29, -16)), decipher.final()]);
  expect(text.toString()).toBe('text');
});

property.prop([fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 })])(
  'what is sealed opens at its address, and never twice the same',
  (address, bytes) => {
    const text = Buffer.from(bytes);
    const sealed = encrypt(key, address, text);
    expect(decrypt(key, address, sealed).equals(text)).toBe(true);
    expect(encrypt(key, address, text).equals(sealed)).toBe(false);
  },
);

test('each changed bit is found: header, nonce, ciphertext, tag', () => {
  const sealed = encrypt(key, 'address', randomBytes(40));
  for (let index = 0; index < sealed.length; index += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ (1 << bit);
      expect(() => decrypt(key, 'address', changed)).toThrow(refused);
    }
  }
});

test('what is cut off or longer is refused', () => {
  const sealed = encrypt(key, 'address', Buffer.from('text'));
  for (let length = 0; length < sealed.length; length += 1) {
    expect(() => decrypt(key, 'address', sealed.subarray(0, length))).toThrow(refused);
  }
  expect(() => decrypt(key, 'address', Buffer.concat([sealed, Buffer.of(0)]))).toThrow(refused);
  expect(() => keyIdOf(Buffer.alloc(10))).toThrow(refused);
});

test('another address, another key and another key id are refused', () => {
  const sealed = encrypt(key, 'address', Buffer.from('text'));
  expect(() => decrypt(key, 'address2', sealed)).toThrow(refused);
  expect(() => decrypt(key, '', sealed)).toThrow(refused);
  expect(() => decrypt({ ...key, bytes: randomBytes(32) }, 'address', sealed)).toThrow(refused);
  expect(() => decrypt({ ...key, id: randomUUID() }, 'address', sealed)).toThrow(refused);
});
