// Which proxy a server is reached through: the one that is asked for, else what the environment says.
// Source: https://everything.curl.dev/usingcurl/proxies/env.html (names, precedence of lower case, NO_PROXY).

import { BlockList, isIP } from 'node:net';
import { ZvaultError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import type { BaseUrl, ProxySettings } from './settings.ts';
import type { TlsMaterial } from './tls.ts';

export interface Proxy {
  readonly kind: 'http' | 'socks';
  /** TLS to the proxy itself. */
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The proxy resolves the server's name (`socks5h`); HTTP proxies always do. */
  readonly remoteNames: boolean;
  readonly login?: { readonly user: string; readonly password: Secret };
}

export interface ProxyRoute {
  readonly base: BaseUrl;
  readonly proxy: Proxy;
  /** For the server, not for the proxy, except that its CA may vouch for the proxy too. */
  readonly tls: TlsMaterial;
  readonly timeoutMs: number;
}

/** The proxy for a server, or `undefined` for a direct connection. @throws CONFIG_INVALID */
export function chooseProxy(base: BaseUrl, settings: ProxySettings): Proxy | undefined {
  if (settings.kind === 'none') return undefined;
  if (settings.kind === 'explicit') return parseProxy(settings.url.expose(), 'the proxy');
  if (base.loopback) return undefined;
  const { env } = settings;
  if (bypasses(base, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  // A CGI program gets the request's "Proxy" header as HTTP_PROXY: https://httpoxy.org
  const upperHttp = env['REQUEST_METHOD'] ? undefined : env['HTTP_PROXY'];
  const text = base.secure ? env['https_proxy'] || env['HTTPS_PROXY'] : env['http_proxy'] || upperHttp;
  const found = text || env['all_proxy'] || env['ALL_PROXY'];
  return found ? parseProxy(found, `the proxy of the environment`) : undefined;
}

/** @throws CONFIG_INVALID, without the address: it may hold a password */
export function parseProxy(text: string, what: string): Proxy {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const hint = 'write for example http://proxy.example.com:3128 or socks5h://proxy.example.com:1080';
  const bad = (why: string): ZvaultError => new ZvaultError('CONFIG_INVALID', `${what} ${why}`, { hint });
  if (!URL.canParse(withScheme)) throw bad('is not a URL');
  const url = new URL(withScheme);
  const row = schemes[url.protocol];
  if (row === undefined) throw bad('must be an http, https, socks5 or socks5h address');
  if (url.hostname === '') throw bad('has no host');
  const login = url.username === '' ? undefined : { user: decode(url.username), password: decode(url.password) };
  return {
    ...row,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? row.port : Number(url.port),
    ...(login === undefined ? {} : { login: { user: login.user, password: new Secret(login.password) } }),
  };
}

const schemes: Readonly<Record<string, Pick<Proxy, 'kind' | 'secure' | 'remoteNames' | 'port'>>> = {
  'http:': { kind: 'http', secure: false, remoteNames: true, port: 80 },
  'https:': { kind: 'http', secure: true, remoteNames: true, port: 443 },
  'socks5:': { kind: 'socks', secure: false, remoteNames: false, port: 1080 },
  'socks5h:': { kind: 'socks', secure: false, remoteNames: true, port: 1080 },
};

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Is the server in a NO_PROXY list? Entries are separated by commas or spaces: `*`; a domain (with or without a leading dot: it
 * and all below it); an address; a range `10.0.0.0/8`; each but ranges with an optional `:port`.
 */
export function bypasses(base: Pick<BaseUrl, 'hostname' | 'port'>, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || matches(base, entry.toLowerCase()));
}

function matches(base: Pick<BaseUrl, 'hostname' | 'port'>, entry: string): boolean {
  const family = isIP(base.hostname);
  const range = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (range) return family !== 0 && inRange(base.hostname, family, range[1] ?? '', Number(range[2]));
  const bare = entry.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) === 6) return bare === base.hostname;
  const parts = /^(.*?)(?::(\d+))?$/.exec(entry);
  const host = (parts?.[1] ?? entry).replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  if (parts?.[2] !== undefined && Number(parts[2]) !== base.port) return false;
  if (host === '') return false;
  return base.hostname === host || (family === 0 && base.hostname.endsWith(`.${host}`));
}

function inRange(address: string, family: number, network: string, bits: number): boolean {
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) !== family || bits > (family === 6 ? 128 : 32)) return false;
  const ranges = new BlockList();
  ranges.addSubnet(network, bits, kind);
  return ranges.check(address, kind);
}

export function tooSlow(what: string): ZvaultError {
  return new ZvaultError('TIMEOUT', `${what} did not answer in time`);
}
