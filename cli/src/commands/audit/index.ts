// Every command of `zvault audit`, sorted.

import type { CommandEntry } from '../../command.ts';

export const auditCommands: readonly CommandEntry[] = [
  {
    name: 'key',
    summary: 'print the public key that verifies checkpoints',
    load: async () => (await import('./key.ts')).key,
  },
  {
    name: 'verify',
    summary: 'find lines that are missing, changed, moved or added',
    load: async () => (await import('./verify.ts')).verify,
  },
];
