// A vault for a test, with a client to it.

import type { VaultClient } from '../client/index.ts';
import { type EphemeralServer, type EphemeralVaultOptions, startEphemeralServer } from './ephemeral-server.ts';

export interface EphemeralVault extends EphemeralServer {
  /** A client with the root token, for the default project and environment. */
  readonly client: VaultClient;
}

/**
 * Starts a vault that ends with `stop`, or with the scope of `await using`.
 * @throws INPUT_INVALID (seed or .env), UNAVAILABLE (the port is taken)
 */
export async function startVault(options: EphemeralVaultOptions = {}): Promise<EphemeralVault> {
  const [server, { createClient }] = await Promise.all([startEphemeralServer(options), import('../client/index.ts')]);
  const { url, rootToken, org, project, environment } = server;
  const client = createClient({ url, token: rootToken, org, project, environment, env: {} });
  const stop = async (): Promise<void> => {
    client.close();
    await server.stop();
  };
  return { ...server, client, stop, [Symbol.asyncDispose]: stop };
}
