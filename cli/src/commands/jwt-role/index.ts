// Every command of `zvault jwt-role`, sorted.

import type { CommandEntry } from '../../command.ts';

export const jwtRoleCommands: readonly CommandEntry[] = [
  {
    name: 'delete',
    summary: 'delete a role',
    load: async () => (await import('./delete.ts')).deleteCommand,
  },
  {
    name: 'list',
    summary: 'list the roles of your organisations',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'read',
    summary: 'show a role',
    load: async () => (await import('./read.ts')).read,
  },
  {
    name: 'write',
    summary: 'create or replace a role',
    load: async () => (await import('./write.ts')).write,
  },
];
