// Every command of `zvault transit`, sorted.

import type { CommandEntry } from '../../command.ts';

export const transitCommands: readonly CommandEntry[] = [
  {
    name: 'create-key',
    summary: 'make a key',
    load: async () => (await import('./keys.ts')).createKey,
  },
  {
    name: 'data-key',
    summary: 'make a key for use elsewhere: in clear, and encrypted',
    load: async () => (await import('./data-key.ts')).dataKey,
  },
  {
    name: 'decrypt',
    summary: 'print what a ciphertext holds',
    load: async () => (await import('./decrypt.ts')).decrypt,
  },
  {
    name: 'encrypt',
    summary: 'encrypt what is on stdin or in a file',
    load: async () => (await import('./messages.ts')).encrypt,
  },
  {
    name: 'hmac',
    summary: 'print the HMAC of what is on stdin or in a file',
    load: async () => (await import('./messages.ts')).hmac,
  },
  {
    name: 'key-info',
    summary: 'show what is known of a key',
    load: async () => (await import('./key-info.ts')).keyInfo,
  },
  {
    name: 'list-keys',
    summary: 'list the names of keys',
    load: async () => (await import('./list-keys.ts')).listKeys,
  },
  {
    name: 'min-version',
    summary: 'set the oldest version of a key that decrypts and verifies',
    load: async () => (await import('./keys.ts')).minVersion,
  },
  {
    name: 'rewrap',
    summary: 'encrypt a ciphertext anew, with the newest version of its key',
    load: async () => (await import('./rewrap.ts')).rewrap,
  },
  {
    name: 'rotate-key',
    summary: 'make a new version of a key',
    load: async () => (await import('./keys.ts')).rotateKey,
  },
  {
    name: 'sign',
    summary: 'sign what is on stdin or in a file',
    load: async () => (await import('./messages.ts')).sign,
  },
  {
    name: 'verify',
    summary: 'check a signature or an HMAC of what is on stdin or in a file',
    load: async () => (await import('./verify.ts')).verify,
  },
];
