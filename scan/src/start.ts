// How a scan begins. For staged changes git is started before the rest of the program is loaded, so that the two go on side by
// side.

import { statSync } from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';
import type { Host } from '@zvault/core/domain';
import { cacheFolder } from './cache-folder.ts';

/** Runs `zvault scan` with the arguments behind that word. Never throws: errors are printed, the answer is the exit status. */
export async function runScan(argv: readonly string[], host: Host): Promise<number> {
  // Node keeps compiled code there (from 22.1 on): a tenth of the time of a hook.
  try {
    // What the cache holds will run: with another user's home (sudo -E) it stays where it is.
    if (process.getuid === undefined || statSync(host.homeDir).uid === process.getuid())
      module.enableCompileCache?.(join(cacheFolder(host), 'compiled'));
  } catch {
    // A home that can't be written to costs no more than that.
  }
  const { runScan: run } = await import('./command.ts');
  return run(argv, host);
}
