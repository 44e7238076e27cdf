// The action's bundles hold parts of nearly everything, so that a change elsewhere makes them stale.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleSetup } from '../actions/build.ts';

const dist = fileURLToPath(new URL('../actions/setup/dist/', import.meta.url));

test('the committed bundles are what the sources give', async () => {
  const files = await bundleSetup();
  for (const [name, contents] of files) {
    const committed = readFileSync(dist + name);
    expect(committed.equals(contents), `actions/setup/dist/${name} is stale: run npm run build, and commit it`).toBe(
      true,
    );
  }
  const there = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(there).toHaveLength(files.size);
});

test('the steps are small, and carry neither undici nor a path of the machine that built them', () => {
  for (const name of ['main.cjs', 'post.cjs']) {
    const text = readFileSync(dist + name, 'utf8');
    expect(text.length, name).toBeLessThan(300_000);
    expect(text).not.toMatch(/llhttp|\/(?:home|root|Users|tmp)\//);
  }
});
