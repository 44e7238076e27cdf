// For tests: the smallest HTTP and SOCKS5 proxies, which send everything to one target and remember what they were asked for.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

export interface HttpProxy extends Listening {
  /** `CONNECT host:port`, or the absolute URL of a plain request, with the log-in. */
  readonly asked: string[];
}

/** An HTTP proxy that sends every tunnel to `target`, whatever name was asked for. */
export async function startHttpProxy(
  target: { port: number },
  options: { login?: string; status?: number; tls?: TlsOptions } = {},
): Promise<HttpProxy> {
  const asked: string[] = [];
  const allowed = (header: string | undefined): boolean =>
    options.login === undefined || header === `Basic ${Buffer.from(options.login).toString('base64')}`;
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on('connect', (incoming: { url: string; headers: Record<string, string> }, socket: Duplex) => {
    asked.push(`CONNECT ${incoming.url}`);
    const status = allowed(incoming.headers['proxy-authorization']) ? (options.status ?? 200) : 407;
    socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
    if (status === 200) join(socket, connect(target.port, '127.0.0.1'));
    else socket.end();
  });
  server.on('request', (incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (!allowed(incoming.headers['proxy-authorization'])) {
      response.writeHead(407).end();
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = request({
      port: target.port,
      host: '127.0.0.1',
      path: pathname + search,
      method: incoming.method,
      headers,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  return Object.assign(await listen(server), { asked });
}

export interface SocksProxy extends Listening {
  readonly asked: { kind: number; address: string; port: number; login?: string }[];
}

/** A SOCKS5 proxy that sends every connection to `target`. Answers come byte by byte, as a network may bring them. */
export async function startSocksProxy(
  target: { port: number },
  options: { login?: string; reply?: number; bound?: Buffer } = {},
): Promise<SocksProxy> {
  const asked: SocksProxy['asked'] = [];
  const server = createTcpServer((socket) => {
    let pending = Buffer.alloc(0);
    let wanted: { count: number; resolve: (bytes: Buffer) => void } | undefined;
    const feed = (): void => {
      if (wanted === undefined || pending.length < wanted.count) return;
      const { count, resolve } = wanted;
      wanted = undefined;
      const bytes = pending.subarray(0, count);
      pending = pending.subarray(count);
      resolve(bytes);
    };
    const collect = (chunk: Buffer): void => {
      pending = Buffer.concat([pending, chunk]);
      feed();
    };
    socket.on('data', collect);
    const read = (count: number): Promise<Buffer> =>
      new Promise((resolve) => {
        wanted = { count, resolve };
        feed();
      });
    const dribble = async (bytes: readonly number[] | Buffer): Promise<void> => {
      for (const byte of bytes) {
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    const serve = async (): Promise<void> => {
      const [, methods = 0] = await read(2);
      const offered = [...(await read(methods))];
      let login: string | undefined;
      const method = options.login === undefined ? 0 : 2;
      if (!offered.includes(method)) return void socket.end(Buffer.from([5, 0xff]));
      await dribble([5, method]);
      if (method === 2) {
        const [, userLength = 0] = await read(2);
        const user = (await read(userLength)).toString();
        const [passwordLength = 0] = await read(1);
        login = `${user}:${(await read(passwordLength)).toString()}`;
        await dribble([1, login === options.login ? 0 : 1]);
      }
      const [, , , kind = 0] = await read(4);
      const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await read(1))[0] ?? 0);
      const address = await read(length);
      const port = (await read(2)).readUInt16BE();
      const shown = kind === 3 ? address.toString() : kind === 1 ? [...address].join('.') : address.toString('hex');
      asked.push({ kind, address: shown, port, ...(login === undefined ? {} : { login }) });
      await dribble([5, options.reply ?? 0, 0, ...(options.bound ?? Buffer.from([1, 0, 0, 0, 0])), 0, 0]);
      if (options.reply) return void socket.end();
      socket.off('data', collect);
      join(socket, connect(target.port, '127.0.0.1'));
    };
    void serve();
  });
  return Object.assign(await listen(server), { asked });
}
