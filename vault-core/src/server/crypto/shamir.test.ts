import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { combineShares, divide, multiply, splitSecret } from './shamir.ts';

test('the field is the one of the contract (0x11d), not that of AES', () => {
  expect(multiply(0x80, 2)).toBe(0x1d);
  expect(multiply(0x53, 0xca)).toBe(0x8f);
  expect(divide(1, 0x53)).toBe(0x8c);
});

test('published vectors: secret 00..1f, coefficients 0x53·x² + 0xca·x', () => {
  const secret = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const coefficients = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 0x53 : 0xca)));
  expect(splitSecret(secret, 5, 3, coefficients).map((share) => share.toString('base64'))).toEqual([
    'AZmYm5qdnJ+ekZCTkpWUl5aJiIuKjYyPjoGAg4KFhIeG',
    'AtjZ2tvc3d7f0NHS09TV1tfIycrLzM3Oz8DBwsPExcbH',
    'A0FAQ0JFREdGSUhLSk1MT05RUFNSVVRXVllYW1pdXF9e',
    'BFZXVFVSU1BRXl9cXVpbWFlGR0RFQkNAQU5PTE1KS0hJ',
    'Bc/OzczLysnIx8bFxMPCwcDf3t3c29rZ2NfW1dTT0tHQ',
  ]);
});

property.prop([
  fc.uint8Array({ minLength: 1, maxLength: 64 }),
  fc.integer({ min: 2, max: 9 }),
  fc.integer({ min: 0, max: 6 }),
  fc.infiniteStream(fc.nat()),
])('any threshold shares give the secret back, whichever and in whatever order', (bytes, threshold, more, random) => {
  const secret = Buffer.from(bytes);
  const shares = splitSecret(secret, threshold + more, threshold);
  const order = shares.map((share) => ({ share, rank: random.next().value })).sort((a, b) => a.rank - b.rank);
  const chosen = order.slice(0, threshold).map(({ share }) => share);
  expect(combineShares(chosen).equals(secret)).toBe(true);
  expect(combineShares(shares).equals(secret)).toBe(true);
});

test('threshold-1 shares say nothing: every secret byte is equally likely', () => {
  // With one share of a 2-of-2 split known, the other coefficient is uniform over 0..255 only if zero can be drawn.
  const counts = new Uint32Array(256);
  const rounds = 256 * 400;
  for (const share of splitSecret(Buffer.alloc(rounds, 0x41), 2, 2).slice(0, 1))
    for (const y of share.subarray(1)) counts[y] = (counts[y] ?? 0) + 1;
  const expected = rounds / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: 400 is beyond the 99.9999 percentile; a generator that never draws 0 adds one cell of 400.
  expect(chiSquare).toBeLessThan(400);
  expect(counts[0x41]).toBeGreaterThan(0);
});

test.each([
  { name: 'repeated share', make: (s: Buffer[]) => [s[0], s[0]] },
  { name: 'x of zero', make: (s: Buffer[]) => [Buffer.alloc(33), s[0]] },
  { name: 'different lengths', make: (s: Buffer[]) => [s[0], s[1]?.subarray(0, 20)] },
])('refused: $name', ({ make }) => {
  const shares = splitSecret(Buffer.alloc(32, 7), 3, 2);
  expect(() => combineShares(make(shares) as Buffer[])).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});
