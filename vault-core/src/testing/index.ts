export { type EphemeralVault, type EphemeralVaultOptions, startVault } from './ephemeral-vault.ts';
export type { FlatSeed, ProjectsSeed, Seed } from './seed.ts';
