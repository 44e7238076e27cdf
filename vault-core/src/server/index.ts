export type { IssuerConfig } from './identity/issuers.ts';
export type { ListValues, ServerOptions } from './options.ts';
export { type VaultServer, startServer } from './server.ts';
