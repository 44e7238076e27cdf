import { expect, test } from 'vitest';
import * as surface from './index.ts';

test('the public names', () => {
  expect(Object.keys(surface).toSorted()).toEqual([
    'Secrets',
    'VaultClient',
    'createClient',
    'defineConfig',
    'isUnrouted',
    'oneOf',
    'optional',
    'withDefault',
  ]);
});
