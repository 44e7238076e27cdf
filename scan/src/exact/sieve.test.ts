import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { Sieve } from './sieve.ts';

test('a text without any form passes the sieve, however many forms there are and however long it is', () => {
  const forms = Array.from({ length: 100_000 }, () => randomBytes(24));
  const sieve = Sieve.load(Sieve.save(forms));
  // Where only a hash of 32 bits is compared, some of these say that a form may be in them.
  for (let text = 0; text < 40; text += 1) expect(sieve.mayHold(randomBytes(1024 * 1024))).toBe(false);
});

test('a form is seen wherever it stands', () => {
  const forms = Array.from({ length: 5000 }, () => randomBytes(8 + randomInt(20)));
  const sieve = Sieve.load(Sieve.save(forms));
  for (const form of forms) {
    const text = randomBytes(64 + randomInt(64));
    form.copy(text, randomInt(text.length - form.length + 1));
    expect(sieve.mayHold(text)).toBe(true);
  }
});
