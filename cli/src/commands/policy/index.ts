// Every command of `zvault policy`, sorted.

import type { CommandEntry } from '../../command.ts';

export const policyCommands: readonly CommandEntry[] = [
  {
    name: 'delete',
    summary: 'delete a policy',
    load: async () => (await import('./delete.ts')).deleteCommand,
  },
  {
    name: 'list',
    summary: 'list the names of all policies',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'read',
    summary: 'show the rules of a policy',
    load: async () => (await import('./read.ts')).read,
  },
  {
    name: 'test',
    summary: 'tell whether the policies of your token allow something, and by which rule',
    load: async () => (await import('./test.ts')).test,
  },
  {
    name: 'write',
    summary: 'create or replace a policy',
    load: async () => (await import('./write.ts')).write,
  },
];
