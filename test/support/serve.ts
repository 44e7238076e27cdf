// A server process for tests that end it the hard way: `serve.ts FOLDER [AUDIT [STORAGE]]`, on a vault that startDiskVault made there.
// Prints its address as the first line.

import { join } from 'node:path';
import { startServer } from '../../vault-core/src/server/server.ts';

const [folder = '', audit, storage] = process.argv.slice(2);
const server = await startServer({
  storage: storage ?? `sqlite:${join(folder, 'vault.db')}`,
  listen: { host: '127.0.0.1', port: 0 },
  rateLimit: 0,
  unseal: { keyFile: join(folder, 'unseal.key') },
  audit: audit === undefined ? undefined : [`file:${audit}`],
  warn: (message) => console.error(message),
});
console.log(server.url);
process.once('SIGTERM', () => void server.close());
