export { type EphemeralServer, type EphemeralVaultOptions, startEphemeralServer } from './ephemeral-server.ts';
export { type EphemeralVault, startVault } from './ephemeral-vault.ts';
export type { FlatSeed, ProjectsSeed, Seed } from './seed.ts';
