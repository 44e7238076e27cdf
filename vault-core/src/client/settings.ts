// Options, environment and defaults become one frozen object, once, when the client is made.

import { ZvaultError } from '../domain/errors.ts';
import { envSetting, type Host, processHost } from '../domain/host.ts';
import { Secret } from '../domain/secret.ts';
import { guardLogger, type Logger } from './log.ts';
import type { ClientOptions } from './options.ts';

/** Version of the package, for the user agent. */
export const clientVersion = '0.1.0';
const defaultUrl = 'http://127.0.0.1:8200';
/** The longest that a timer of Node can wait: 2^31 - 1 ms. */
const maxTimerMs = 2_147_483_647;

export interface BaseUrl {
  /** Scheme, host and port: what messages may show. */
  readonly origin: string;
  readonly secure: boolean;
  /** Without brackets for IPv6. */
  readonly hostname: string;
  readonly port: number;
  /** Path in front of every route, without a slash at its end. */
  readonly prefix: string;
  readonly loopback: boolean;
}

export interface TlsSettings {
  readonly ca?: string;
  readonly caFile?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface FallbackSettings {
  readonly path: string;
  readonly maxAgeMs: number;
}

export type ProxySettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'explicit'; readonly url: Secret }
  | { readonly kind: 'environment'; readonly env: Readonly<Record<string, string | undefined>> };

export interface Settings {
  readonly base: BaseUrl;
  readonly token: Secret | undefined;
  readonly tokenFile: string | undefined;
  readonly org: string | undefined;
  readonly project: string | undefined;
  readonly environment: string | undefined;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly cacheTtlMs: number;
  readonly autoRefresh: boolean;
  readonly staleLimitMs: number;
  readonly tls: TlsSettings;
  readonly proxy: ProxySettings;
  readonly fallbackFile: FallbackSettings | undefined;
  readonly log: Logger;
  readonly onValue: (value: string) => void;
  readonly userAgent: string;
  readonly signal: AbortSignal | undefined;
  readonly host: Pick<Host, 'env' | 'now' | 'randomBytes'>;
}

/**
 * Resolves the options: argument, then environment, then default.
 * @throws CONFIG_INVALID for a value that cannot be used, TOKEN_INSECURE when a token would travel in clear.
 */
export function resolveSettings(options: ClientOptions = {}): Settings {
  const given = options.host ?? processHost();
  const host = {
    env: options.env ?? given.env,
    now: () => given.now(),
    randomBytes: (count: number) => given.randomBytes(count),
  };
  const setting = (option: string | undefined, ...names: string[]): string | undefined =>
    option || envSetting(host, ...names);
  const base = parseBaseUrl(setting(options.url, 'ZVAULT_URL', 'ZVAULT_CLOUD_URL') ?? defaultUrl);
  const proxy = resolveProxy(options, host.env);
  const settings: Settings = {
    base,
    ...resolveToken(options, host),
    org: setting(options.org, 'ZVAULT_ORG', 'ZVAULT_ORG_ID'),
    project: setting(options.project, 'ZVAULT_PROJECT', 'ZVAULT_PROJECT_ID'),
    environment: setting(options.environment, 'ZVAULT_ENV'),
    timeoutMs: number('timeoutMs', options.timeoutMs, 10_000, 1, maxTimerMs),
    maxRetries: number('maxRetries', options.maxRetries, 3, 0, 20),
    cacheTtlMs: number('cacheTtlMs', options.cacheTtlMs, 300_000, 0, maxTimerMs),
    autoRefresh: options.autoRefresh ?? false,
    staleLimitMs: number('staleLimitMs', options.staleLimitMs, 86_400_000, 0, Number.MAX_SAFE_INTEGER),
    tls: resolveTls(options, host),
    proxy,
    fallbackFile: resolveFallback(options.fallbackFile),
    log: guardLogger(options.logger),
    onValue: options.onValue ?? (() => {}),
    userAgent: options.userAgent ?? `zvault-core/${clientVersion}`,
    signal: options.signal,
    host,
  };
  const allowHttp = options.allowHttp ?? ['1', 'true'].includes(envSetting(host, 'ZVAULT_ALLOW_HTTP') ?? '');
  if (!allowHttp) refuseClearToken(settings);
  return Object.freeze(settings);
}

/** The address of a server. @throws CONFIG_INVALID */
export function parseBaseUrl(text: string): BaseUrl {
  const hint = 'write for example https://vault.example.com';
  if (!URL.canParse(text)) throw new ZvaultError('CONFIG_INVALID', "the server's address is not a URL", { hint });
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new ZvaultError('CONFIG_INVALID', "the server's address must start with https:// or http://", { hint });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ZvaultError('CONFIG_INVALID', "the server's address must not hold a user, a password, a ? or a #", {
      hint: 'put the token into ZVAULT_TOKEN',
    });
  }
  const secure = url.protocol === 'https:';
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return Object.freeze({
    origin: url.origin,
    secure,
    hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    prefix: url.pathname.replace(/\/+$/, ''),
    loopback: isLoopback(hostname),
  });
}

/** True for `localhost`, 127.0.0.0/8 and ::1 as the URL parser writes them. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function resolveToken(
  options: ClientOptions,
  host: Pick<Host, 'env'>,
): { token: Secret | undefined; tokenFile: string | undefined } {
  const given = options.token?.trim();
  if (given) return { token: checkToken(given, 'the token'), tokenFile: undefined };
  if (options.tokenFile) return { token: undefined, tokenFile: options.tokenFile };
  const fromEnv = envSetting(host, 'ZVAULT_TOKEN')?.trim();
  if (fromEnv) return { token: checkToken(fromEnv, 'ZVAULT_TOKEN'), tokenFile: undefined };
  return { token: undefined, tokenFile: envSetting(host, 'ZVAULT_TOKEN_FILE') };
}

/** A token that fits into a header. @throws CONFIG_INVALID naming the place it came from, never the text */
export function checkToken(text: string, place: string): Secret {
  if (!/^[\u0021-\u007e]+$/.test(text)) {
    throw new ZvaultError('CONFIG_INVALID', `${place} holds characters that no token has`, {
      hint: 'give the token alone, on one line',
    });
  }
  return new Secret(text);
}

function resolveTls(options: ClientOptions, host: Pick<Host, 'env'>): TlsSettings {
  const { ca, cert, key } = options;
  const caFile = options.caFile ?? (ca ? undefined : envSetting(host, 'ZVAULT_CA_CERT'));
  if (Boolean(cert) !== Boolean(key)) {
    throw new ZvaultError('CONFIG_INVALID', 'a client certificate needs its key, and a key its certificate');
  }
  return { ...(ca ? { ca } : {}), ...(caFile ? { caFile } : {}), ...(cert && key ? { cert, key } : {}) };
}

function resolveProxy(options: ClientOptions, env: Readonly<Record<string, string | undefined>>): ProxySettings {
  if (options.proxy === false) return { kind: 'none' };
  if (options.proxy) return { kind: 'explicit', url: new Secret(options.proxy) };
  const named = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].some((name) => env[name] || env[name.toLowerCase()]);
  return named ? { kind: 'environment', env } : { kind: 'none' };
}

function resolveFallback(option: ClientOptions['fallbackFile']): FallbackSettings | undefined {
  if (option === undefined || option === '') return undefined;
  const { path, maxAgeMs } = typeof option === 'string' ? { path: option, maxAgeMs: undefined } : option;
  return { path, maxAgeMs: number('fallbackFile.maxAgeMs', maxAgeMs, 86_400_000, 1, Number.MAX_SAFE_INTEGER) };
}

function number(name: string, value: number | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ZvaultError('CONFIG_INVALID', `${name} must be a whole number between ${min} and ${max}`);
  }
  return value;
}

function refuseClearToken({ base, token, tokenFile, proxy }: Settings): void {
  if (base.secure || (token === undefined && tokenFile === undefined)) return;
  const hint = 'use https://, or set ZVAULT_ALLOW_HTTP=1 if the network between is yours';
  if (!base.loopback) {
    throw new ZvaultError('TOKEN_INSECURE', `the token would travel in clear to ${base.origin}`, { hint });
  }
  // A proxy that is asked for by name is used for loopback addresses too, and then reads the token.
  if (proxy.kind === 'explicit' && URL.canParse(proxy.url.expose())) {
    const { hostname } = new URL(proxy.url.expose());
    if (!isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
      throw new ZvaultError('TOKEN_INSECURE', 'the token would travel in clear to the proxy', { hint });
    }
  }
}
