// What a launcher knows of the process before the program is loaded.

import { homedir } from 'node:os';
import type { CacheHost } from '../cache-folder.ts';

export function launchHost(): CacheHost {
  const { env, platform } = process;
  return { env, platform, homeDir: env['HOME'] || homedir() };
}
