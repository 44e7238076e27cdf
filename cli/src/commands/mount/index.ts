// Every command of `zvault mount`, sorted.

import type { CommandEntry } from '../../command.ts';

export const mountCommands: readonly CommandEntry[] = [
  {
    name: 'create',
    summary: 'mount a KV engine',
    load: async () => (await import('./create.ts')).create,
  },
  {
    name: 'delete',
    summary: 'unmount an engine; what it holds stays',
    load: async () => (await import('./delete.ts')).deleteMount,
  },
  {
    name: 'list',
    summary: 'list engines and where they are mounted',
    load: async () => (await import('./list.ts')).list,
  },
];
