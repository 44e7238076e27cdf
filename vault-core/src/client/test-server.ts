// For tests: an HTTP(S) server on any free port that answers what a function says and remembers what it was asked.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClientOptions } from './options.ts';
import { VaultClient } from './client.ts';

export interface Seen {
  readonly method: string;
  /** Without the query, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of all that: full control. */
  readonly raw?: (response: ServerResponse, request: IncomingMessage) => void;
}

export type Handler = (seen: Seen) => Answer | Promise<Answer>;

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  /** `METHOD path?query` of each request so far. */
  readonly lines: string[];
  handler: Handler;
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startTestServer(handler: Handler, tls?: TlsOptions): Promise<TestServer> {
  const seen: Seen[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const state = { handler };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const url = new URL(request.url ?? '/', 'http://any');
      const one = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      seen.push(one);
      lines.push(`${one.method} ${request.url ?? ''}`);
      send(await state.handler(one), request, response);
    })().catch(() => response.destroy());
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    seen,
    lines,
    sockets,
    get handler() {
      return state.handler;
    },
    set handler(next: Handler) {
      state.handler = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function send(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  if (answer.raw !== undefined) {
    answer.raw(response, request);
    return;
  }
  const json = answer.json === undefined ? undefined : JSON.stringify(answer.json);
  const headers = { ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...answer.headers };
  response.writeHead(answer.status ?? 200, headers);
  response.end(json ?? answer.text ?? '');
}

/** The error body of the API. */
export function refusal(status: number, error: string, message = error): Answer {
  return { status, json: { error, message } };
}

export interface TestClock {
  nowMs: number;
}

/** A client of a test server: no environment, no waiting between attempts, a clock that the test moves. */
export function testClient(
  server: Pick<TestServer, 'url'>,
  options: ClientOptions & { readonly clock?: TestClock } = {},
): VaultClient {
  const { clock, ...others } = options;
  return new VaultClient({
    url: server.url,
    token: 'zvt_test_token',
    environment: 'prod',
    env: {},
    // Jitter takes four bytes; zeros make every pause zero.
    host: {
      env: {},
      now: () => clock?.nowMs ?? Date.now(),
      randomBytes: (count) => (count === 4 ? Buffer.alloc(4) : randomBytes(count)),
    },
    ...others,
  });
}
