import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { combineShares, divide, multiply, splitSecret } from './shamir.ts';

test('the field is the one of the contract (0x11d), not that of AES', () => {
  expect(multiply(0x80, 2)).toBe(0x1d);
  expect(multiply(0x53, 0xca)).toBe(0x8f);
  expect(divide(1, 0x53)).toBe(0x8c);
});

test('the field as a whole: every product beside one made by the school method, every quotient beside its product', () => {
  const school = (a: number, b: number): number => {
    let sum = 0;
    for (let bit = 0; bit < 8; bit += 1) if (b & (1 << bit)) sum ^= a << bit;
    for (let bit = 15; bit >= 8; bit -= 1) if (sum & (1 << bit)) sum ^= 0x11d << (bit - 8);
    return sum;
  };
  const wrong: string[] = [];
  for (let a = 0; a < 256; a += 1) {
    for (let b = 0; b < 256; b += 1) {
      if (multiply(a, b) !== school(a, b)) wrong.push(`${a} * ${b}`);
      if (b !== 0 && multiply(divide(a, b), b) !== a) wrong.push(`${a} / ${b}`);
    }
  }
  expect(wrong).toEqual([]);
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

/** Of counts that should all be alike. */
function chiSquare(counts: Uint32Array): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test.each([
  { shares: 3, threshold: 2 },
  { shares: 5, threshold: 3 },
  { shares: 10, threshold: 10 },
])('$threshold of $shares: every coefficient is uniform over 0..255, zero included', ({ shares, threshold }) => {
  const rounds = 256 * 200;
  const drawn = Array.from({ length: threshold - 1 }, () => new Uint32Array(256));
  const parts = splitSecret(Buffer.alloc(rounds, 0xa5), shares, threshold);
  for (let position = 1; position <= rounds; position += 1) {
    const points = parts.slice(0, threshold).map((part) => ({ x: part[0] ?? 0, y: part[position] ?? 0 }));
    for (const [power, coefficient] of coefficientsThrough(points).slice(1).entries()) {
      const counts = drawn[power];
      if (counts) counts[coefficient] = (counts[coefficient] ?? 0) + 1;
    }
  }
  // 255 degrees of freedom: 400 is beyond the 99.9999 percentile; coefficients from 1..255 come to 200 and more above 255.
  for (const counts of drawn) {
    expect(chiSquare(counts)).toBeLessThan(400);
    expect(counts[0]).toBeGreaterThan(100);
  }
});

test('threshold-1 shares are distributed alike whatever the secret is, each and together', () => {
  // Two shares of a 3-of-5 split at once: 65,536 pairs, every one as likely as any other, for two quite different secrets.
  const rounds = 65_536 * 12;
  for (const secret of [0x00, 0xff]) {
    const [, second, , fourth] = splitSecret(Buffer.alloc(rounds, secret), 5, 3);
    const pairs = new Uint32Array(65_536);
    for (let position = 1; position <= rounds; position += 1) {
      const pair = ((second?.[position] ?? 0) << 8) | (fourth?.[position] ?? 0);
      pairs[pair] = (pairs[pair] ?? 0) + 1;
    }
    // 65,535 degrees of freedom: mean 65,535, standard deviation 362; five of them.
    expect(chiSquare(pairs)).toBeLessThan(65_535 + 5 * 362);
    expect(chiSquare(pairs)).toBeGreaterThan(65_535 - 5 * 362);
  }
});

/** The polynomial through the points, lowest power first: Lagrange's, multiplied out. */
function coefficientsThrough(points: readonly { x: number; y: number }[]): number[] {
  const sum = points.map(() => 0);
  for (const [index, { x, y }] of points.entries()) {
    let product = [1];
    let divisor = 1;
    for (const [other, { x: root }] of points.entries()) {
      if (other === index) continue;
      const shifted = [0, ...product];
      product = shifted.map((value, power) => value ^ multiply(product[power] ?? 0, root));
      divisor = multiply(divisor, x ^ root);
    }
    const weight = divide(y, divisor);
    for (const [power, value] of product.entries()) sum[power] = (sum[power] ?? 0) ^ multiply(value, weight);
  }
  return sum;
}

test.each([
  { name: 'repeated share', make: (s: Buffer[]) => [s[0], s[0]] },
  { name: 'x of zero', make: (s: Buffer[]) => [Buffer.alloc(33), s[0]] },
  { name: 'different lengths', make: (s: Buffer[]) => [s[0], s[1]?.subarray(0, 20)] },
])('refused: $name', ({ make }) => {
  const shares = splitSecret(Buffer.alloc(32, 7), 3, 2);
  expect(() => combineShares(make(shares) as Buffer[])).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});
