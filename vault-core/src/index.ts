// The public surface of @zvault/core: the client, and what its results and errors are made of. The server and the vault for
// tests are entries of their own (@zvault/core/server, @zvault/core/testing).

export * from './client/index.ts';
export { type ErrorCode, Secret, ZvaultError, isSecret, isZvaultError } from './domain/index.ts';
