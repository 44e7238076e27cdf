// Every command of `zvault token`, sorted.

import type { CommandEntry } from '../../command.ts';

export const tokenCommands: readonly CommandEntry[] = [
  {
    name: 'create',
    summary: 'create a token of the vault API and print it',
    load: async () => (await import('./create.ts')).create,
  },
  {
    name: 'lookup',
    summary: 'show what a token is: your own, or another',
    load: async () => (await import('./lookup.ts')).lookup,
  },
  {
    name: 'renew',
    summary: 'set the end of a token: of your own, or of another',
    load: async () => (await import('./renew.ts')).renew,
  },
  {
    name: 'revoke',
    summary: 'end a token and all that were made with it',
    load: async () => (await import('./revoke.ts')).revoke,
  },
];
