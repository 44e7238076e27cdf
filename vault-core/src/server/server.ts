// The HTTP server around a vault.

import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import net, { type AddressInfo, type Socket, type Server as TcpServer } from 'node:net';
import { ZvaultError, isZvaultError, messageOf } from '../domain/errors.ts';
import { type Host, processHost } from '../domain/host.ts';
import { servedRoutes } from '../wire/served-routes.generated.ts';
import { handlers } from './routes/index.ts';
import { metricsPage } from './routes/system.ts';
import { Metrics } from './metrics.ts';
import { connectionOf } from './http/connection.ts';
import { Pipeline } from './http/pipeline.ts';
import { Router } from './http/router.ts';
import { type ResolvedOptions, type ServerOptions, resolveOptions } from './options.ts';
import { Vault } from './vault.ts';

export interface VaultServer extends AsyncDisposable {
  /** `http://127.0.0.1:8200`, say. */
  readonly url: string;
  readonly port: number;
  readonly vault: Vault;
  /** The metrics page of this process alone. */
  metrics(): Promise<string>;
  /** Stops taking requests, waits for those under way, seals, and closes the store. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Opens the vault and listens.
 * @throws CONFIG_INVALID, UNAVAILABLE (the address or the database can't be used), AUDIT_UNAVAILABLE
 */
export async function startServer(options: ServerOptions = {}, host: Host = processHost()): Promise<VaultServer> {
  const resolved = resolveOptions(options);
  const vault = await Vault.open(resolved, host);
  try {
    return await serve(vault);
  } catch (error) {
    await vault.close();
    throw error;
  }
}

/** Listens in front of an open vault, which the returned server owns from then on. */
export async function serve(vault: Vault): Promise<VaultServer> {
  const metrics = new Metrics();
  const pipeline = new Pipeline({ vault, router: new Router(servedRoutes), handlers: handlers(metrics), metrics });
  vault.quiet = (work) => pipeline.inFlight.alone(work, 0);
  const server = await createHttpServer(vault.options, (message, response) => pipeline.handle(message, response));
  const port = await listen(server, vault.options, loopbackHandle(vault.options));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    vault.events.close();
    server.closeIdleConnections();
    await pipeline.inFlight.drained();
    server.closeAllConnections();
    await closed;
    pipeline.close();
    await vault.close();
  };
  return {
    url: `${vault.options.tls ? 'https' : 'http'}://${urlHost(vault.options.listen.host)}:${port}`,
    port,
    vault,
    metrics: () => metricsPage(vault, metrics),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

async function createHttpServer(
  options: ResolvedOptions,
  onRequest: (message: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const settings = {
    // A head that is not whole by then is cut off with 408; bodies have their own watch (http/body.ts).
    headersTimeout: options.slowRequestMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(2000, options.slowRequestMs),
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
    // A request without a body is spared the life of a stream.
    optimizeEmptyRequests: true,
  };
  const server = options.tls
    ? ((await import('node:https')).createServer(
        { ...settings, cert: options.tls.cert, key: options.tls.key, minVersion: 'TLSv1.2' },
        onRequest,
      ) as Server)
    : createServer(settings, onRequest);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Behind a request that is still being answered, the refusal would be taken for its answer.
    const busy = connectionOf(socket).unanswered > 0;
    if (busy || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = {
      ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
      HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
    }[error.code ?? ''];
    socket.end(`HTTP/1.1 ${status ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  return server;
}

/**
 * What `net.Server.listen` takes for an address that is bound already. A vault in memory starts for one test, and Node's own way to
 * 127.0.0.1 is a twentieth of that start: it loads the resolver and the cluster module, and compiles a pattern for IPv6. Node uses the
 * function below itself, and does not document it: undefined where there is none, or it can't bind, and then Node's own way is taken.
 */
function loopbackHandle({ storage, listen: { host, port } }: ResolvedOptions): object | undefined {
  if (storage.kind !== 'memory' || host !== '127.0.0.1') return undefined;
  const { _createServerHandle: bind } = net as { _createServerHandle?: (...address: unknown[]) => unknown };
  const handle = bind?.(host, port, 4);
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}

/** Answers the port. @throws UNAVAILABLE */
export function listen(
  server: TcpServer,
  { listen: { host, port }, sharePort }: Pick<ResolvedOptions, 'listen' | 'sharePort'>,
  handle?: object,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the address is in use' : messageOf(error);
      const hint = error.code === 'EADDRINUSE' ? 'stop the other server, or choose another address' : undefined;
      reject(
        isZvaultError(error)
          ? error
          : new ZvaultError('UNAVAILABLE', `can't listen on ${host}:${port}: ${why}`, { hint, cause: error }),
      );
    });
    server.once('listening', () => resolve((server.address() as AddressInfo).port));
    if (handle === undefined) server.listen({ host, port, backlog: 1024, reusePort: sharePort });
    else server.listen(handle, 1024);
  });
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
