// What the server is started with: flag, then environment, then the file of `--config`, then default.

import { type Host, ZvaultError, envSetting, messageOf, parseDurationSeconds } from '@zvault/core/domain';
import type { IssuerConfig, ServerOptions } from '@zvault/core/server';
import { integerIn } from './command.ts';
import { decodeText, readFileBytes } from './input.ts';
import { decodeJwtIssuers, readJwtIssuers } from './jwt-issuers.ts';
import { type VaultFlags, auditDevices, listValues } from './vault-options.ts';

export interface ServerFlags extends VaultFlags {
  readonly behindProxy?: true;
  readonly config?: string;
  readonly listen?: string;
  readonly publicUrl?: readonly string[];
  readonly retention?: string;
  readonly storage?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly workers?: number;
}

/** More than any machine needs: a typing error must not start a thousand processes. */
export const maxWorkers = 256;

type World = Pick<Host, 'env' | 'cwd'>;

/** The options of `startServer` and the number of processes, frozen. @throws USAGE, CONFIG_INVALID, NOT_FOUND */
export async function resolveServerOptions(
  host: World,
  flags: ServerFlags,
): Promise<ServerOptions & { readonly workers: number }> {
  const file = flags.config === undefined ? {} : await readConfig(host.cwd, flags.config);
  const storage =
    flags.storage || envSetting(host, 'ZVAULT_STORAGE', 'ZVAULT_STORAGE_BACKEND') || file.storage || 'memory';
  refuseStorage(storage);
  const audit = auditDevices(host, flags) ?? file.audit;
  const tls = readTls(host.cwd, flags.tlsCert || file['tls-cert'], flags.tlsKey || file['tls-key']);
  const issuers = await chooseIssuers(host.cwd, flags, file);
  const publicUrls = flags.publicUrl ?? file['public-url'];
  const rateLimit = flags.rateLimit ?? file['rate-limit'];
  const listing = flags.listValues ?? file['list-values'];
  const retention = flags.retention || file.retention;
  return Object.freeze({
    workers: flags.workers ?? file.workers ?? 1,
    storage,
    listen: chooseListen(host, flags.listen, file.listen),
    behindProxy: flags.behindProxy ?? file['behind-proxy'] ?? false,
    unseal: unsealSettings(host),
    ...(tls === undefined ? {} : { tls }),
    ...(audit === undefined ? {} : { audit }),
    auditFsync: flags.auditFsync ?? file['audit-fsync'] ?? false,
    ...(publicUrls === undefined ? {} : { publicUrls }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(listing === undefined ? {} : { listValues: listing }),
    ...(issuers === undefined ? {} : { jwtIssuers: issuers }),
    ...leaseSettings(host),
    ...(retention === undefined ? {} : { retentionDays: parseDays(retention) }),
  });
}

async function chooseIssuers(
  cwd: string,
  { jwtIssuers: flag, config }: ServerFlags,
  { 'jwt-issuers': inFile }: Config,
): Promise<IssuerConfig[] | undefined> {
  const given = flag ?? inFile;
  if (given === undefined) return undefined;
  return typeof given === 'string'
    ? readJwtIssuers(cwd, given)
    : decodeJwtIssuers(cwd, given, `${config}: jwt-issuers`);
}

function refuseStorage(storage: string): void {
  if (storage === 'memory' || /^(?:sqlite:.|postgres(?:ql)?:\/\/)/i.test(storage)) return;
  const kind = /^[a-z0-9+.-]*/i.exec(storage)?.[0] ?? '';
  throw new ZvaultError('USAGE', `there is no storage "${kind}"`, {
    hint: 'use memory, sqlite:PATH, or postgres://USER@HOST/DATABASE',
  });
}

function chooseListen(
  host: World,
  flag: string | undefined,
  config: string | undefined,
): { host: string; port: number } {
  const given = flag || envSetting(host, 'ZVAULT_LISTEN_ADDR', 'ZVAULT_BIND_ADDR');
  if (given !== undefined) return parseListen(given);
  const port = envSetting(host, 'PORT');
  // Platforms that set PORT route to the machine's own address, not to its loopback.
  if (port !== undefined) return parseListen(`0.0.0.0:${port}`);
  return parseListen(config || '127.0.0.1:8200');
}

/** `HOST:PORT`, `[::1]:PORT`, or `:PORT` for all addresses. @throws USAGE */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ZvaultError('USAGE', `"${text}" is not an address to listen on`, {
      hint: 'write HOST:PORT, for example 127.0.0.1:8200 or [::1]:8200',
    });
  }
  return { host: match[1] || match[2] || '0.0.0.0', port };
}

function readTls(
  cwd: string,
  certFile: string | undefined,
  keyFile: string | undefined,
): { cert: string; key: string } | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new ZvaultError('USAGE', '--tls-cert and --tls-key go together');
  }
  return {
    cert: decodeText(readFileBytes(cwd, certFile), certFile),
    key: decodeText(readFileBytes(cwd, keyFile), keyFile),
  };
}

function unsealSettings(host: World): { keyFile?: string; key?: string; passphrase?: string } {
  const keyFile = envSetting(host, 'ZVAULT_UNSEAL_KEY_FILE');
  const key = envSetting(host, 'ZVAULT_UNSEAL_KEY');
  const passphrase = envSetting(host, 'ZVAULT_UNSEAL_PASSPHRASE');
  return {
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function leaseSettings(host: World): { leaseScanSeconds?: number } {
  const name = 'ZVAULT_LEASE_SCAN_INTERVAL';
  const text = envSetting(host, name);
  if (text === undefined) return {};
  return { leaseScanSeconds: integerIn(name, 1, 86_400)(text) };
}

/** Whole days of `30`, `30d`, `4w` or `1y`. @throws USAGE */
function parseDays(text: string): number {
  if (!/^\d{1,5}[dwy]?$/.test(text) || Number.parseInt(text, 10) === 0) {
    throw new ZvaultError('USAGE', '--retention takes days, as 30d');
  }
  return parseDurationSeconds(/\d$/.test(text) ? `${text}d` : text) / 86_400;
}

interface Config {
  readonly storage?: string;
  readonly listen?: string;
  readonly 'tls-cert'?: string;
  readonly 'tls-key'?: string;
  readonly audit?: readonly string[];
  readonly 'audit-fsync'?: boolean;
  readonly 'public-url'?: readonly string[];
  readonly 'behind-proxy'?: boolean;
  readonly 'rate-limit'?: number;
  readonly 'list-values'?: (typeof listValues)[number];
  /** The path of a file with the list, or the list. */
  readonly 'jwt-issuers'?: unknown;
  readonly retention?: string;
  readonly workers?: number;
}

async function readConfig(cwd: string, path: string): Promise<Config> {
  const document = await parseConfig(path, decodeText(readFileBytes(cwd, path), path));
  const config: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(document)) {
    const decode = decoders[name];
    if (decode === undefined) {
      throw new ZvaultError('CONFIG_INVALID', `${path}: "${name}" is not a setting of the server`, {
        hint: `settings are: ${Object.keys(decoders).join(', ')}`,
      });
    }
    config[name] = decode(value, `${path}: ${name}`);
  }
  return config;
}

async function parseConfig(path: string, text: string): Promise<Record<string, unknown>> {
  let document: unknown;
  try {
    document = path.endsWith('.toml') ? (await import('smol-toml')).parse(text) : (await import('yaml')).parse(text);
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `${path}: ${messageOf(error).split('\n', 1)[0]}`, { cause: error });
  }
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ZvaultError('CONFIG_INVALID', `${path} is not a map of settings`);
  }
  return document as Record<string, unknown>;
}

type Decoder = (value: unknown, place: string) => unknown;

const decoders: Readonly<Record<string, Decoder>> = {
  audit: texts,
  'audit-fsync': (value, place) => check(typeof value === 'boolean', value, place, 'true or false'),
  'behind-proxy': (value, place) => check(typeof value === 'boolean', value, place, 'true or false'),
  'jwt-issuers': (value) => value,
  'list-values': (value, place) =>
    check(
      listValues.some((word) => word === value),
      value,
      place,
      listValues.join(', '),
    ),
  listen: text,
  'public-url': texts,
  'rate-limit': (value, place) =>
    check(Number.isInteger(value) && Number(value) >= 0, value, place, 'a whole number, 0 or more'),
  retention: (value, place) => text(typeof value === 'number' ? String(value) : value, place),
  storage: text,
  'tls-cert': text,
  'tls-key': text,
  workers: (value, place) =>
    check(
      Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxWorkers,
      value,
      place,
      `a whole number from 1 to ${maxWorkers}`,
    ),
};

function text(value: unknown, place: string): unknown {
  return check(typeof value === 'string' && value !== '', value, place, 'a text');
}

function texts(value: unknown, place: string): unknown {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  for (const item of list) text(item, place);
  return list;
}

function check(valid: boolean, value: unknown, place: string, expected: string): unknown {
  if (!valid) throw new ZvaultError('CONFIG_INVALID', `${place} must be ${expected}`);
  return value;
}
