import type { Worker } from 'node:cluster';
import { collect, defineCommand, integerIn } from '../command.ts';
import type { Context } from '../context.ts';
import { type ServerFlags, maxWorkers, resolveServerOptions } from '../server-settings.ts';
import { serveUntilStopped } from '../serving.ts';
import { vaultOptions } from '../vault-options.ts';

export const server = defineCommand<ServerFlags>({
  configure(command) {
    vaultOptions(
      command
        .option('--storage <where>', 'memory, sqlite:PATH, or postgres://USER@HOST/DATABASE (default: memory)')
        .option('--listen <host:port>', 'address to listen on (default: 127.0.0.1:8200)')
        .option('--tls-cert <file>', 'PEM file with the certificate chain')
        .option('--tls-key <file>', 'PEM file with its private key')
        .option('--public-url <url>', 'address under which clients reach it; may be given several times', collect)
        .option('--behind-proxy', 'allow plain http on other addresses than loopback: a proxy in front speaks TLS')
        .option('--retention <days>', 'how long deleted things can be restored, as 30d (default: 30d)')
        .option('--config <file>', 'YAML or TOML file with the same names')
        .option(
          '--workers <n>',
          'processes that share the address and the storage (default: 1)',
          integerIn('--workers', 1, maxWorkers),
        ),
      '500',
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    const warn = (message: string): void => log.warn(message);
    if (options.workers !== undefined || options.config !== undefined) {
      const { default: cluster } = await import('node:cluster');
      if (cluster.worker) return serveForParent(context, cluster.worker);
    }
    const { workers, ...settings } = await resolveServerOptions(host, options);
    if (options.storage !== undefined && hasPassword(options.storage)) {
      log.warn('the password in --storage is shown to everybody who lists processes: use PGPASSWORD or ZVAULT_STORAGE');
    }
    const { startServer, startWorkers } = await import('@zvault/core/server');
    const running =
      workers > 1
        ? await startWorkers({ ...settings, warn }, workers, host)
        : await startServer({ ...settings, warn }, host);
    if (settings.storage === 'memory') log.warn('the storage is in memory: everything is lost when the server stops');
    log.info(`listening on ${running.url}${workers > 1 ? ` with ${workers} workers` : ''}`);
    return serveUntilStopped(context, () => running.close());
  },
});

/** A worker was started with the arguments of its parent, which tells it everything else. */
async function serveForParent({ host, log, signals }: Context, port: Worker): Promise<number> {
  // They reach the whole group of processes; it is the parent that stops its workers, in order.
  signals.take(['SIGINT', 'SIGTERM', 'SIGHUP'], () => {});
  const { serveAsWorker } = await import('@zvault/core/server');
  await serveAsWorker(port, host, (message) => log.warn(message));
  return 0;
}

/** True where the address of a database holds a password. */
function hasPassword(storage: string): boolean {
  return URL.canParse(storage) && new URL(storage).password !== '';
}

const notes = `
Environment: ZVAULT_STORAGE, ZVAULT_LISTEN_ADDR or ZVAULT_BIND_ADDR, PORT (on all addresses) and
ZVAULT_AUDIT_FILE stand for the flags. ZVAULT_UNSEAL_KEY_FILE (a path), ZVAULT_UNSEAL_KEY or
ZVAULT_UNSEAL_PASSPHRASE unseals the vault at its start.

With postgres:// several servers share one database, and each needs --audit. Its password comes from PGPASSWORD, from
the file of PGPASSFILE, or with the address in ZVAULT_STORAGE. Parameters: sslmode (disable, require, verify-ca,
verify-full; default verify-full, on this machine disable), sslrootcert, sslcert, sslkey, pool_size (10).

--workers N starts N processes behind one address, over one SQLite file or PostgreSQL database. Seal, unseal and rate limits
hold for all of them, and one that dies is started anew.

SIGTERM and Ctrl-C stop the server once the requests under way are answered.

Examples:
  zvault server --storage sqlite:/var/lib/zvault/vault.db
  zvault server --storage postgres://zvault@db.example.com/zvault --audit file:/var/log/zvault/audit.log
  zvault server --storage sqlite:/var/lib/zvault/vault.db --workers 4
  zvault server --listen 0.0.0.0:8200 --tls-cert cert.pem --tls-key key.pem --public-url https://vault.example.com:8200
`;
