// The server's settings, resolved once.

import { statSync } from 'node:fs';
import { ZvaultError } from '../domain/errors.ts';
import { type DeviceConfig, parseDevice } from './audit/open-device.ts';
import type { IssuerConfig } from './identity/issuers.ts';
import { type PostgresTarget, isPostgresUrl, parsePostgresUrl } from './store/postgres-url.ts';

export type ListValues = 'off' | 'service-tokens' | 'all';

export interface ServerOptions {
  /** `memory` (ends with the process), `sqlite:PATH`, or `postgres://…`, which several servers may share. @default 'memory' */
  readonly storage?: string | undefined;
  /** @default 127.0.0.1:8200; port 0 takes any free one */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** Other processes of the same user may listen there too: the machine deals connections out (Linux). @default false */
  readonly sharePort?: boolean | undefined;
  /** PEM texts. Without it the server speaks plain http, on loopback only unless `behindProxy`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Addresses under which clients reach the server; their hosts are accepted in `Host` and `Origin`. */
  readonly publicUrls?: readonly string[] | undefined;
  /** A proxy in front speaks TLS; plain http on any address is then allowed. */
  readonly behindProxy?: boolean | undefined;
  /** Requests a second and token (and address, for requests without one); 0: off. @default 500 */
  readonly rateLimit?: number | undefined;
  /** Whether the plain list carries values, for clients that expect them there. @default 'off' */
  readonly listValues?: ListValues | undefined;
  readonly jwtIssuers?: readonly IssuerConfig[] | undefined;
  /** Issuers on loopback may speak http. @default false */
  readonly loopbackIssuers?: boolean | undefined;
  /**
   * `file:PATH`, `stdout`, `syslog:file:PATH`, `syslog:unix:PATH`, `syslog:tcp://HOST:PORT`, several: one of them must take each record.
   * @default a file beside the SQLite file; none in memory; needed with PostgreSQL
   */
  readonly audit?: readonly string[] | undefined;
  /** Records are on the disk before answers leave, not only within a second. @default false */
  readonly auditFsync?: boolean | undefined;
  /** Days that deleted things can be restored. @default 30 */
  readonly retentionDays?: number | undefined;
  /** Seconds between two looks at expired leases. @default 60 */
  readonly leaseScanSeconds?: number | undefined;
  /** Opens the vault at start, if it is initialized. */
  readonly unseal?:
    | {
        readonly keyFile?: string | undefined;
        readonly key?: string | undefined;
        readonly passphrase?: string | undefined;
      }
    | undefined;
  /** Told what went wrong beside a request (an audit device that fails, say). Never values. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Milliseconds that the head or the body of a request may take. @default 30000 */
  readonly slowRequestMs?: number | undefined;
}

/** Where the vault rests. */
export type Storage =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly target: PostgresTarget };

export interface ResolvedOptions {
  readonly storage: Storage;
  readonly listen: { readonly host: string; readonly port: number };
  readonly sharePort: boolean;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly publicUrls: readonly URL[];
  readonly behindProxy: boolean;
  readonly rateLimit: number;
  readonly listValues: ListValues;
  readonly jwtIssuers: readonly IssuerConfig[];
  readonly loopbackIssuers: boolean;
  readonly audit: readonly DeviceConfig[];
  readonly auditFsync: boolean;
  readonly retentionMs: number;
  readonly leaseScanMs: number;
  readonly unseal: ServerOptions['unseal'];
  readonly warn: (message: string) => void;
  readonly slowRequestMs: number;
}

const dayMs = 86_400_000;

/** @throws CONFIG_INVALID */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const storage = storageOf(options.storage ?? 'memory');
  const listen = options.listen ?? { host: '127.0.0.1', port: 8200 };
  const retentionDays = options.retentionDays ?? 30;
  const rateLimit = options.rateLimit ?? 500;
  if (!Number.isInteger(listen.port) || listen.port < 0 || listen.port > 65_535)
    throw invalid('the port must be 0 to 65535');
  if (!(retentionDays >= 0 && retentionDays <= 36_500)) throw invalid('the retention must be 0 to 36500 days');
  const leaseScanSeconds = options.leaseScanSeconds ?? 60;
  if (!(leaseScanSeconds >= 1 && leaseScanSeconds <= 86_400))
    throw invalid('leases must be looked at every 1 to 86400 seconds');
  if (!Number.isInteger(rateLimit) || rateLimit < 0) throw invalid('the rate limit must be a whole number, 0 for none');
  if (!options.tls && !options.behindProxy && !isLoopback(listen.host)) {
    throw new ZvaultError('CONFIG_INVALID', `plain http on ${listen.host} would send tokens and secrets in clear`, {
      hint: 'give --tls-cert and --tls-key, or --behind-proxy when a proxy in front speaks TLS',
    });
  }
  return {
    storage,
    listen,
    sharePort: options.sharePort ?? false,
    tls: options.tls,
    publicUrls: (options.publicUrls ?? []).map(parsePublicUrl),
    behindProxy: options.behindProxy ?? false,
    rateLimit,
    listValues: options.listValues ?? 'off',
    jwtIssuers: options.jwtIssuers ?? [],
    loopbackIssuers: options.loopbackIssuers ?? false,
    audit: (options.audit?.length ? options.audit : defaultAudit(storage)).map(parseDevice),
    auditFsync: options.auditFsync ?? false,
    retentionMs: retentionDays * dayMs,
    leaseScanMs: leaseScanSeconds * 1000,
    unseal: options.unseal,
    warn: options.warn ?? (() => undefined),
    slowRequestMs: options.slowRequestMs ?? 30_000,
  };
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function storageOf(storage: string): Storage {
  if (storage === 'memory') return { kind: 'memory' };
  if (isPostgresUrl(storage)) return { kind: 'postgres', target: parsePostgresUrl(storage) };
  const path = storage.startsWith('sqlite:') ? storage.slice('sqlite:'.length) : '';
  if (path === '' || path === ':memory:') {
    throw invalid('the storage must be "memory", "sqlite:PATH" or "postgres://USER@HOST/DATABASE"');
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw invalid(`${path} is a folder, not a database file`);
  return { kind: 'sqlite', path };
}

function defaultAudit(storage: Storage): readonly string[] {
  if (storage.kind === 'memory') return [];
  if (storage.kind === 'sqlite') return [`file:${storage.path}.audit.log`];
  throw new ZvaultError('CONFIG_INVALID', 'with a PostgreSQL storage the audit must be named: no file is beside it', {
    hint: 'add --audit file:/var/log/zvault/audit.log, or ZVAULT_AUDIT_FILE',
  });
}

function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid('a public URL must be an http or https address');
  return url;
}

function invalid(what: string): ZvaultError {
  return new ZvaultError('CONFIG_INVALID', what);
}
