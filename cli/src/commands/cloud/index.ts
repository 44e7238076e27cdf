// Every command of `zvault cloud`, sorted.

import type { CommandEntry } from '../../command.ts';

export const cloudCommands: readonly CommandEntry[] = [
  {
    name: 'delete',
    summary: 'delete a secret',
    load: async () => (await import('./delete.ts')).deleteSecret,
  },
  {
    name: 'envs',
    summary: 'list the environments of the project',
    load: async () => (await import('./envs.ts')).envs,
  },
  {
    name: 'get',
    summary: 'print the value of a secret',
    load: async () => (await import('./get.ts')).get,
  },
  {
    name: 'history',
    summary: 'list the versions of a secret, without values',
    load: async () => (await import('./history.ts')).history,
  },
  {
    name: 'init',
    summary: 'connect this folder with a project, in .zvault.toml',
    load: async () => (await import('./init.ts')).cloudInit,
  },
  {
    name: 'pull',
    summary: 'print all secrets of an environment, or write them to a file',
    load: async () => (await import('./pull.ts')).pull,
  },
  {
    name: 'push',
    summary: 'store all entries of a .env file, at once or not at all',
    load: async () => (await import('./push.ts')).push,
  },
  {
    name: 'restore',
    summary: 'bring a deleted secret back',
    load: async () => (await import('./restore.ts')).restore,
  },
  {
    name: 'rollback',
    summary: 'write an older value of a secret as its new version',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  {
    name: 'run',
    summary: 'the same as zvault run',
    load: async () => (await import('../run.ts')).run,
  },
  {
    name: 'secrets',
    summary: 'list the keys of an environment, without values',
    load: async () => (await import('./secrets.ts')).secrets,
  },
  {
    name: 'set',
    summary: 'store a secret; its value comes from stdin',
    load: async () => (await import('./set.ts')).set,
  },
  {
    name: 'status',
    summary: 'show the settings in use, and whether the token works',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'token',
    summary: 'manage service tokens',
    load: async () => (await import('./token.ts')).token,
  },
];
