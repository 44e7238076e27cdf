// Where the user's programs keep what they can make again.

import { join } from 'node:path';
import { type Host, envSetting } from '@zvault/core/domain';

export type CacheHost = Pick<Host, 'env' | 'homeDir' | 'platform'>;

/** The user's folder for caches. */
export function cacheFolder(host: CacheHost): string {
  if (host.platform === 'darwin') return join(host.homeDir, 'Library', 'Caches', 'zvault');
  if (host.platform === 'win32')
    return join(envSetting(host, 'LOCALAPPDATA') ?? join(host.homeDir, 'AppData', 'Local'), 'zvault', 'cache');
  return join(envSetting(host, 'XDG_CACHE_HOME') ?? join(host.homeDir, '.cache'), 'zvault');
}
