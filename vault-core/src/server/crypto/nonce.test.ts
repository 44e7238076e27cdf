import { expect, test } from 'vitest';
import { freshNonce } from './nonce.ts';

test('no nonce comes twice, and none changes once it was given out', () => {
  const nonces = Array.from({ length: 2000 }, freshNonce);
  const texts = nonces.map((nonce) => nonce.toString('hex'));
  for (const text of texts) expect(text).toMatch(/^[0-9a-f]{24}$/);
  expect(new Set(texts).size).toBe(2000);
  Array.from({ length: 2000 }, freshNonce);
  expect(nonces.map((nonce) => nonce.toString('hex'))).toEqual(texts);
});
