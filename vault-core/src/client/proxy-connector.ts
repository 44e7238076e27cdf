// Requests through a proxy: plain http by absolute URLs to an HTTP proxy, everything else through a tunnel (CONNECT, or
// SOCKS5), with TLS to the server inside it, so that the proxy sees neither token nor values.
// Source: RFC 9112 section 3.2.2 (absolute form), RFC 9110 section 9.3.6 (CONNECT).

import type { Agent, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as tlsConnect, rootCertificates } from 'node:tls';
import { ZvaultError } from '../domain/errors.ts';
import { nodeHttp, nodeHttps } from '../domain/builtin.ts';
import { agentOptions, type Connector, connectorOf } from './connector.ts';
import { type Proxy, type ProxyRoute, tooSlow } from './proxy.ts';
import { openSocksTunnel } from './socks.ts';
import type { TlsMaterial } from './tls.ts';

export function createProxyConnector(route: ProxyRoute): Connector {
  return !route.base.secure && route.proxy.kind === 'http' ? absoluteForm(route) : tunnelled(route);
}

function absoluteForm({ base, proxy, tls }: ProxyRoute): Connector {
  const agent: Agent = proxy.secure
    ? new (nodeHttps().Agent)({ ...agentOptions, ...proxyTrust(tls) })
    : new (nodeHttp().Agent)(agentOptions);
  const proxyBase = { ...base, secure: proxy.secure, hostname: proxy.hostname, port: proxy.port };
  const inner = connectorOf(proxyBase, agent);
  const headers = { Host: new URL(base.origin).host, ...authorization(proxy) };
  return {
    ...inner,
    start: (outgoing) =>
      inner.start({ ...outgoing, target: base.origin + outgoing.target, headers: { ...outgoing.headers, ...headers } }),
  };
}

function tunnelled(route: ProxyRoute): Connector {
  const opening = new Set<Duplex>();
  const open = async (options: ClientRequestArgs): Promise<Duplex> => {
    const tunnel =
      route.proxy.kind === 'socks' ? await openSocksTunnel(route, opening) : await connectTunnel(route, opening);
    return route.base.secure ? secure(tunnel, { ...route.tls, ...serverName(options) }, route.timeoutMs) : tunnel;
  };
  const library = route.base.secure ? nodeHttps() : nodeHttp();
  const agent = new library.Agent(agentOptions);
  // Node's documented way to bring one's own sockets: it may answer later, through the callback.
  agent.createConnection = (options, callback) => {
    open(options).then(
      (socket) => callback?.(null, socket),
      (error: unknown) => callback?.(error as Error, undefined as never),
    );
    return undefined;
  };
  const inner = connectorOf(route.base, agent);
  return {
    ...inner,
    close: () => {
      inner.close();
      for (const socket of opening) socket.destroy();
    },
  };
}

function serverName(options: ClientRequestArgs): ConnectionOptions {
  const { servername } = options as ConnectionOptions;
  return { ...(servername ? { servername } : {}), ...(options.host ? { host: options.host } : {}) };
}

/** TLS over a tunnel, verified for the server's name. */
function secure(tunnel: Duplex, options: ConnectionOptions, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ ...options, socket: tunnel });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
      // Nothing of the attempt stays open.
      tunnel.destroy();
    };
    const timer = setTimeout(() => socket.destroy(tooSlow('the TLS handshake through the proxy')), timeoutMs);
    const closed = (): void => fail(new ZvaultError('CONNECTION_FAILED', 'the proxy closed the connection'));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.off('close', closed);
      resolve(socket);
    });
  });
}

function connectTunnel(route: ProxyRoute, opening: Set<Duplex>): Promise<Duplex> {
  const { proxy, base } = route;
  const authority = `${base.hostname.includes(':') ? `[${base.hostname}]` : base.hostname}:${base.port}`;
  const request = (proxy.secure ? nodeHttps() : nodeHttp()).request({
    agent: false,
    host: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...authorization(proxy) },
    ...(proxy.secure ? proxyTrust(route.tls) : {}),
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(tooSlow('the proxy')), route.timeoutMs);
    request.once('socket', (socket) => opening.add(socket));
    request.once('close', () => clearTimeout(timer));
    request.once('error', reject);
    request.once('connect', (answer, socket, head) => {
      clearTimeout(timer);
      opening.delete(socket);
      if (answer.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refusedByProxy(answer.statusCode ?? 0));
    });
    // An answer to CONNECT is always a `connect` event; anything else is not HTTP.
    request.once('response', () => request.destroy(new ZvaultError('CONNECTION_FAILED', 'the proxy opens no tunnels')));
    request.end();
  });
}

function refusedByProxy(status: number): ZvaultError {
  if (status === 407) {
    return new ZvaultError('CONNECTION_FAILED', 'the proxy asks for a log-in (407)', {
      hint: "put user:password@ into the proxy's address",
      details: { permanent: true },
    });
  }
  const permanent = status < 500;
  return new ZvaultError('CONNECTION_FAILED', `the proxy opens no tunnel to the server (${status})`, {
    hint: 'check the proxy, or add the server to NO_PROXY',
    details: { permanent },
  });
}

function authorization(proxy: Proxy): Record<string, string> {
  if (proxy.login === undefined) return {};
  const pair = `${proxy.login.user}:${proxy.login.password.expose()}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function proxyTrust(tls: TlsMaterial): ConnectionOptions {
  return tls.ca === undefined ? {} : { ca: [...rootCertificates, tls.ca] };
}
