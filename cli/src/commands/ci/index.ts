// Every command of `zvault ci`, sorted.

import type { CommandEntry } from '../../command.ts';

export const ciCommands: readonly CommandEntry[] = [
  {
    name: 'exec',
    summary: 'run a command of a CI job with secrets, its output redacted',
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    name: 'inject',
    summary: 'write secrets as variables for the steps of a CI job',
    load: async () => (await import('./inject.ts')).inject,
  },
];
