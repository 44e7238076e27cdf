export { type IssuerConfig, isUrl, parseIssuers } from './identity/issuers-config.ts';
export type { ListValues, ServerOptions } from './options.ts';
export { type VaultServer, startServer } from './server.ts';
export { type WorkerServer, startWorkers } from './workers/parent.ts';
export { serveAsWorker } from './workers/worker.ts';
