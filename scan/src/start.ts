// How a scan begins: the rest of the program is loaded here, as a file of its own.

import { join } from 'node:path';
import type { Host } from '@zvault/core/domain';
import type { CacheHost } from './cache-folder.ts';
import { loadProgram } from './code-cache.ts';
import type * as program from './program.ts';

/** Set by the bundler: the file of program.ts, seen from the bundle. */
declare const zvaultScanProgram: string | undefined;

type Program = typeof program;

/** Runs `zvault scan` with the arguments behind that word. Never throws: errors are printed, the answer is the exit status. */
export async function runScan(argv: readonly string[], host: Host): Promise<number> {
  const { runScan: run } = typeof zvaultScanProgram === 'undefined' ? await import('./program.ts') : load(argv, host);
  return run(argv, host);
}

/** The program as it stands beside the bundle. @param learns see `loadProgram` */
export function load(argv: readonly string[], host: CacheHost, learns = true): Program {
  const file = join(__dirname, typeof zvaultScanProgram === 'undefined' ? '' : zvaultScanProgram);
  return loadProgram(file, useOf(argv), host, learns) as Program;
}

function useOf(argv: readonly string[]): string {
  if (!argv.includes('--staged')) return 'scan';
  return argv.some((word) => word.startsWith('--vault')) ? 'scan-staged-vault' : 'scan-staged';
}
