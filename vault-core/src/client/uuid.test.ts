import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isUuid } from '../domain/names.ts';
import { newUuid } from './uuid.ts';

test('version and variant, the rest is random', () => {
  expect(newUuid({ randomBytes: (count) => Buffer.alloc(count, 0xff) })).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  expect(newUuid({ randomBytes: (count) => Buffer.alloc(count) })).toBe('00000000-0000-4000-8000-000000000000');
  const ids = Array.from({ length: 100 }, () => newUuid({ randomBytes }));
  expect(ids.every(isUuid)).toBe(true);
  expect(new Set(ids).size).toBe(100);
});
