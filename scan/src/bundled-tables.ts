// The filter's tables as the bundle carries them. Run from the sources there are none, and they are made anew.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tables } from './engine/tables.ts';

/** Set by the bundler: the file's name beside the bundle. */
declare const zvaultScanTables: string | undefined;

export function bundledTables(): Tables | undefined {
  if (typeof zvaultScanTables === 'undefined') return undefined;
  try {
    return new Tables(readFileSync(join(__dirname, zvaultScanTables)));
  } catch {
    return undefined; // a bundle that was moved without it: slower, but right
  }
}
