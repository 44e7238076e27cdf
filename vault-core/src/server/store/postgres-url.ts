// A `postgres://` address as settings of the driver. Parsed here and not by the driver: what it does not know must be refused,
// not ignored, TLS must mean what PostgreSQL's own tools mean by it, and no error may show the address with its password.
// Source of the parameters: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { ZvaultError, messageOf } from '../../domain/errors.ts';

export interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  /** Left out: the driver takes PGPASSWORD, or the password file (PGPASSFILE, ~/.pgpass). */
  readonly password: string | undefined;
  readonly ssl: false | ConnectionOptions;
  readonly applicationName: string;
  /** Most connections of one process. */
  readonly poolSize: number;
  /** Host, port and database: all that messages may show. */
  readonly place: string;
}

const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

const known = ['application_name', 'host', 'pool_size', 'port', 'sslcert', 'sslkey', 'sslmode', 'sslrootcert'] as const;
type Parameters = Partial<Record<(typeof known)[number], string>>;

const defaultPoolSize = 10;

/** True for the addresses that `parsePostgresUrl` takes. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

/**
 * Reads the files that `sslrootcert`, `sslcert` and `sslkey` name. Without `sslmode` a server on another machine must prove who it is
 * (`verify-full`); one on this machine is spoken to without TLS.
 * @throws CONFIG_INVALID
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  if (!isPostgresUrl(text) || !URL.canParse(text)) throw invalid('the address of the database is not a valid URL');
  const url = new URL(text);
  const given = parameters(url.searchParams);
  const host = given.host ?? (decode(url.hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost');
  const port = Number(given.port ?? (url.port || '5432'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('the port of the database must be 1 to 65535');
  const database = decode(url.pathname.slice(1));
  if (database === '' || database.includes('/')) {
    throw invalid('the address names no database', 'write postgres://USER@HOST:PORT/DATABASE');
  }
  const poolSize = Number(given.pool_size ?? defaultPoolSize);
  if (!Number.isInteger(poolSize) || poolSize < 2 || poolSize > 1000) throw invalid('pool_size must be 2 to 1000');
  return {
    host,
    port,
    database,
    user: decode(url.username) || undefined,
    password: decode(url.password) || undefined,
    ssl: tlsOf(given, host),
    applicationName: given.application_name ?? 'zvault',
    poolSize,
    place: `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
  };
}

function parameters(search: URLSearchParams): Parameters {
  const given: Parameters = {};
  for (const [name, value] of search) {
    const parameter = known.find((one) => one === name);
    if (!parameter) {
      // Only the name: the value may be a password.
      throw invalid(`the address of the database has an unknown parameter "${name}"`, `known are: ${known.join(', ')}`);
    }
    given[parameter] = value;
  }
  return given;
}

function tlsOf(given: Parameters, host: string): false | ConnectionOptions {
  const mode = (given.sslmode ?? (isHere(host) ? 'disable' : 'verify-full')) as SslMode;
  if (!sslModes.includes(mode)) {
    throw invalid(
      `sslmode=${JSON.stringify(mode)} is not one of ${sslModes.join(', ')}`,
      'modes that fall back to no encryption are not taken: who can cut a connection could choose that',
    );
  }
  if (mode === 'disable' || host.startsWith('/')) return false;
  const root = given.sslrootcert;
  const ca = root === undefined || root === 'system' ? undefined : readFile('sslrootcert', root);
  return {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(given.sslcert === undefined ? {} : { cert: readFile('sslcert', given.sslcert) }),
    ...(given.sslkey === undefined ? {} : { key: readFile('sslkey', given.sslkey) }),
    // As in libpq, a root certificate makes `require` check the chain.
    rejectUnauthorized: mode !== 'require' || ca !== undefined,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** A socket of this machine, or its loopback. */
function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readFile(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`can't read the file of ${parameter}: ${messageOf(error)}`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('the address of the database has a malformed percent-encoding');
  }
}

function invalid(what: string, hint?: string): ZvaultError {
  return new ZvaultError('CONFIG_INVALID', what, { hint });
}
