// Every command of `zvault`, sorted. A file in this folder that is not in the list, or the reverse, fails a test.

import type { CommandEntry } from '../command.ts';

export const commands: readonly CommandEntry[] = [
  {
    name: 'approle',
    summary: 'work with AppRoles, by which machines log in',
    load: async () => (await import('./approle.ts')).approle,
  },
  {
    name: 'audit',
    summary: 'verify the audit log',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'audit-export',
    summary: 'write audit records as JSON, CSV or CEF',
    load: async () => (await import('./audit-export.ts')).auditExport,
  },
  {
    name: 'backup',
    summary: 'write everything in a vault to an encrypted file',
    load: async () => (await import('./backup.ts')).backup,
  },
  {
    name: 'ci',
    summary: 'secrets for the jobs of a CI platform',
    load: async () => (await import('./ci.ts')).ci,
  },
  {
    name: 'cloud',
    summary: 'work with projects, environments and their secrets',
    load: async () => (await import('./cloud.ts')).cloud,
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'dev',
    summary: 'start an ephemeral vault, for a command or until stopped',
    load: async () => (await import('./dev.ts')).dev,
  },
  {
    name: 'doctor',
    summary: 'look for what is wrong: settings, server, token, files',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'generate-root',
    summary: 'make a new root token with the shares of a vault',
    load: async () => (await import('./generate-root.ts')).generateRoot,
  },
  {
    name: 'import',
    summary: 'store the values of a .env file, and write references in their place',
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'init',
    summary: 'initialize a new vault: its root key, the shares of it, and the root token',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'jwt-role',
    summary: 'say which CI jobs may log in with their identity tokens',
    load: async () => (await import('./jwt-role.ts')).jwtRole,
  },
  {
    name: 'key-slot',
    summary: 'list, add and remove the ways to unseal a vault',
    load: async () => (await import('./key-slot.ts')).keySlot,
  },
  {
    name: 'kv',
    summary: 'work with the secrets of the KV engine',
    load: async () => (await import('./kv.ts')).kv,
  },
  {
    name: 'lease',
    summary: 'work with leases',
    load: async () => (await import('./lease.ts')).lease,
  },
  {
    name: 'login',
    summary: 'sign in through the browser, or with a token, and save the token',
    load: async () => (await import('./login.ts')).login,
  },
  {
    name: 'logout',
    summary: 'revoke and forget the token saved for an address',
    load: async () => (await import('./logout.ts')).logout,
  },
  {
    name: 'mount',
    summary: 'work with the engines that are mounted',
    load: async () => (await import('./mount.ts')).mount,
  },
  {
    name: 'policy',
    summary: 'write, read and test policies',
    load: async () => (await import('./policy.ts')).policy,
  },
  {
    name: 'project-init',
    summary: 'write .zvault.toml for this folder',
    load: async () => (await import('./project-init.ts')).projectInit,
  },
  {
    name: 'rekey',
    summary: 'exchange the shares of a vault for new ones',
    load: async () => (await import('./rekey.ts')).rekey,
  },
  {
    name: 'restore',
    summary: 'replace everything in a vault by a backup',
    load: async () => (await import('./restore.ts')).restore,
  },
  {
    name: 'rotate',
    summary: 'put new keys into use, and encrypt everything again',
    load: async () => (await import('./rotate.ts')).rotate,
  },
  {
    name: 'run',
    summary: 'run a command with the secrets of an environment',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'scan',
    summary: 'find secrets in files, staged changes and history',
    ownArguments: true,
    load: async () => (await import('./scan.ts')).scan,
  },
  {
    name: 'seal',
    summary: 'make a vault forget its keys until it is unsealed',
    load: async () => (await import('./seal.ts')).seal,
  },
  {
    name: 'server',
    summary: 'run a vault server',
    load: async () => (await import('./server.ts')).server,
  },
  {
    name: 'status',
    summary: 'show whether a vault is initialized and unsealed',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'token',
    summary: 'create, look up, renew and revoke tokens of the vault API',
    load: async () => (await import('./token.ts')).token,
  },
  {
    name: 'transit',
    summary: 'encrypt, sign and verify with keys that stay in the vault',
    load: async () => (await import('./transit.ts')).transit,
  },
  {
    name: 'unseal',
    summary: 'open a vault with its shares, a key file, a passphrase or a recovery code',
    load: async () => (await import('./unseal.ts')).unseal,
  },
];
