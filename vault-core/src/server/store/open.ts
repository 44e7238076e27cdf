import type { Storage } from '../options.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

/** Opens what the options name. @throws UNAVAILABLE */
export async function openStore(storage: Storage): Promise<Store> {
  if (storage.kind === 'memory') return openSqliteStore(':memory:');
  if (storage.kind === 'sqlite') return openSqliteStore(storage.path);
  // Loaded only where it is used: the driver takes longer than a start may.
  const { openPostgresStore } = await import('./postgres.ts');
  return openPostgresStore(storage.target);
}
