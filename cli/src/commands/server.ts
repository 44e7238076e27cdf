import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { serveUntilStopped } from '../serving.ts';
import { type ServerFlags, resolveServerOptions } from '../server-settings.ts';
import { collect } from '../command.ts';
import { vaultOptions } from '../vault-options.ts';

export const server = defineCommand<ServerFlags & { readonly workers?: string }>({
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
        .addOption(command.createOption('--workers <n>').hideHelp()),
      '500',
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    if (options.workers !== undefined) {
      throw new ZvaultError('USAGE', '--workers is not available in this version', { hint: 'leave it out' });
    }
    const { host, log } = context;
    const settings = await resolveServerOptions(host, options);
    if (options.storage !== undefined && hasPassword(options.storage)) {
      log.warn('the password in --storage is shown to everybody who lists processes: use PGPASSWORD or ZVAULT_STORAGE');
    }
    const { startServer } = await import('@zvault/core/server');
    const running = await startServer({ ...settings, warn: (message) => log.warn(message) }, host);
    if (settings.storage === 'memory') log.warn('the storage is in memory: everything is lost when the server stops');
    log.info(`listening on ${running.url}`);
    return serveUntilStopped(context, () => running.close());
  },
});

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

SIGTERM and Ctrl-C stop the server once the requests under way are answered.

Examples:
  zvault server --storage sqlite:/var/lib/zvault/vault.db
  zvault server --storage postgres://zvault@db.example.com/zvault --audit file:/var/log/zvault/audit.log
  zvault server --listen 0.0.0.0:8200 --tls-cert cert.pem --tls-key key.pem --public-url https://vault.example.com:8200
`;
