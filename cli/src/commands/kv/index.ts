// Every command of `zvault kv`, sorted.

import type { CommandEntry } from '../../command.ts';

export const kvCommands: readonly CommandEntry[] = [
  {
    name: 'delete',
    summary: 'mark the newest version of a secret as deleted',
    load: async () => (await import('./delete.ts')).deleteKv,
  },
  {
    name: 'destroy',
    summary: 'erase the values of versions for good',
    load: async () => (await import('./versions.ts')).destroy,
  },
  {
    name: 'get',
    summary: 'print a secret, or one of its fields',
    load: async () => (await import('./get.ts')).get,
  },
  {
    name: 'list',
    summary: 'list the paths of secrets',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'metadata',
    summary: 'list the versions of a secret, without values',
    load: async () => (await import('./metadata.ts')).metadata,
  },
  {
    name: 'put',
    summary: 'write a secret',
    load: async () => (await import('./put.ts')).put,
  },
  {
    name: 'undelete',
    summary: 'bring deleted versions back',
    load: async () => (await import('./versions.ts')).undelete,
  },
];
