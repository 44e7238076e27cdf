// The command carries the scanner's own files beside its bundle, in a folder `scan`, and loads them when a scan begins: no other
// command reads them.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const built = fileURLToPath(new URL('../scan/dist', import.meta.url));

/** For the bundle of the command. */
export const scanBeside: Plugin = {
  name: 'scan-beside',
  setup(build) {
    build.initialOptions.define = { ...build.initialOptions.define, zvaultScanProgram: '"scan/program.cjs"' };
  },
};

/** The scanner's files, by the names under which the bundle looks for them. */
export const scanFiles: ReadonlyMap<string, string> = new Map(
  [
    'program.cjs',
    'list-rules.cjs',
    'scan.cjs',
    'tables.bin',
    'rules.jsonl',
    'vault.cjs',
    'worker.cjs',
    'reader.cjs',
  ].map((name) => [name, join(built, name)]),
);

/** Copies the scanner's files to where the bundle in `folder` looks for them. */
export function copyScan(folder: string): void {
  for (const [name, path] of scanFiles) cpSync(path, join(folder, 'scan', name));
}
