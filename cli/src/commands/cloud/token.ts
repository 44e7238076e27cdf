import type { CommandBody } from '../../command.ts';

export const token: CommandBody = {
  subcommands: [
    {
      name: 'create',
      summary: 'create a service token and print it',
      load: async () => (await import('./token/create.ts')).create,
    },
    {
      name: 'list',
      summary: 'list the service tokens of the project',
      load: async () => (await import('./token/list.ts')).list,
    },
    {
      name: 'revoke',
      summary: 'revoke a service token',
      load: async () => (await import('./token/revoke.ts')).revoke,
    },
  ],
};
