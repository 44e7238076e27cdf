// Every command of `zvault approle`, sorted.

import type { CommandEntry } from '../../command.ts';

export const approleCommands: readonly CommandEntry[] = [
  {
    name: 'create-role',
    summary: 'create a role, or write it anew with a new role id',
    load: async () => (await import('./create-role.ts')).createRole,
  },
  {
    name: 'delete-role',
    summary: 'delete a role and its secret ids',
    load: async () => (await import('./delete-role.ts')).deleteRole,
  },
  {
    name: 'list-roles',
    summary: 'list the names of all roles',
    load: async () => (await import('./list-roles.ts')).listRoles,
  },
  {
    name: 'login',
    summary: 'exchange a role id and a secret id for a token',
    load: async () => (await import('./login.ts')).login,
  },
  {
    name: 'read-role',
    summary: 'show a role',
    load: async () => (await import('./read-role.ts')).readRole,
  },
  {
    name: 'role-id',
    summary: 'print the role id of a role',
    load: async () => (await import('./role-id.ts')).roleId,
  },
  {
    name: 'secret-id',
    summary: 'create a secret id for a role and print it',
    load: async () => (await import('./secret-id.ts')).secretId,
  },
];
