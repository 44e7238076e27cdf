export type { IssuerConfig } from './identity/issuers.ts';
export type { ListValues, ServerOptions } from './options.ts';
export { type VaultServer, startServer } from './server.ts';
export { type WorkerServer, startWorkers } from './workers/parent.ts';
export { serveAsWorker } from './workers/worker.ts';
