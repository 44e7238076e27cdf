// They hold parts of vault-core too, so that a change there makes them stale.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bundleScan } from '../build.ts';

test('the committed bundle is what the sources give', async () => {
  for (const [name, contents] of await bundleScan()) {
    const committed = readFileSync(new URL(`../dist/${name}`, import.meta.url));
    expect(committed.equals(contents), `dist/${name} is stale: run npm run build, and commit it`).toBe(true);
  }
});
