export { type IssuerConfig, isUrl, parseIssuers } from './identity/issuers-config.ts';
export type { ListValues, ServerOptions } from './options.ts';
export { type VaultServer, startServer } from './server.ts';
