// Every command of `zvault lease`, sorted.

import type { CommandEntry } from '../../command.ts';

export const leaseCommands: readonly CommandEntry[] = [
  {
    name: 'create',
    summary: 'make a lease',
    load: async () => (await import('./create.ts')).create,
  },
  {
    name: 'list',
    summary: 'list leases',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'lookup',
    summary: 'show a lease',
    load: async () => (await import('./lookup.ts')).lookup,
  },
  {
    name: 'renew',
    summary: 'lengthen a lease',
    load: async () => (await import('./renew.ts')).renew,
  },
  {
    name: 'revoke',
    summary: 'end a lease',
    load: async () => (await import('./revoke.ts')).revoke,
  },
];
