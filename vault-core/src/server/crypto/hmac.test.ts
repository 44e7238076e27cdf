import { createHmac } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { Hmac } from './hmac.ts';

// RFC 4231 §4, HMAC-SHA-256.
test.each([
  [
    'case 1',
    '0b'.repeat(20),
    Buffer.from('Hi There').toString('hex'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    'case 2',
    Buffer.from('Jefe').toString('hex'),
    Buffer.from('what do ya want for nothing?').toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['case 3', 'aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    'case 6',
    'aa'.repeat(131),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First').toString('hex'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
])('RFC 4231 %s', (_name, key, message, digest) => {
  expect(new Hmac(Buffer.from(key, 'hex')).hex(Buffer.from(message, 'hex'))).toBe(digest);
});

property.prop([fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 500 })])(
  'agrees with node:crypto',
  (key, message) => {
    expect(new Hmac(Buffer.from(key)).hex(Buffer.from(message))).toBe(
      createHmac('sha256', key).update(message).digest('hex'),
    );
  },
);
