// A vault's three routes for CI, strict about how they are asked, with faults on demand. The bulk read and its errors are those of the
// server; what goes wrong in between is this file's own.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeCiVault extends AsyncDisposable {
  readonly url: string;
  readonly requests: FakeRequest[];
  /** `METHOD path?query` of each request. */
  readonly lines: string[];
  readonly revoked: string[];
}

export interface FakeOptions {
  readonly secrets?: Readonly<Record<string, string>>;
  /** @default any */
  readonly token?: string;
  /** Log-in: answers a token for an identity token, or undefined to refuse. */
  readonly logIn?: (role: string, jwt: string, attempt: number) => string | undefined;
  /** Answers in place of the route; `undefined` leaves it to the route. `count` counts requests from 1. */
  readonly fault?: (request: FakeRequest, count: number) => ((response: ServerResponse) => void) | undefined;
  readonly tls?: ServerOptions;
}

export async function startFakeCiVault(options: FakeOptions = {}): Promise<FakeCiVault> {
  const requests: FakeRequest[] = [];
  const revoked: string[] = [];
  let logIns = 0;
  const answer = (request: FakeRequest, response: ServerResponse): void => {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const refuse = (status: number, error: string): void => json(status, { error, message: error });
    const { line, headers, body } = request;
    if (line === 'POST /v1/auth/jwt/login') {
      if (headers.authorization !== undefined || headers['x-vault-token'] !== undefined)
        return refuse(400, 'bad_request');
      const { role, jwt, ...others } = JSON.parse(body) as { role: string; jwt: string };
      if (Object.keys(others).length > 0) return refuse(400, 'bad_request');
      const token = options.logIn?.(role, jwt, (logIns += 1));
      if (token === undefined) return refuse(401, 'unauthorized');
      return json(200, {
        client_token: token,
        expires_at: '2026-11-22T12:00:00Z',
        revoke: '/v1/auth/token/revoke-self',
      });
    }
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (options.token !== undefined && token !== options.token) return refuse(401, 'unauthorized');
    if (line === 'POST /v1/auth/token/revoke-self') {
      if (body !== '' || revoked.includes(token)) return refuse(401, 'unauthorized');
      revoked.push(token);
      response.writeHead(204).end();
      return;
    }
    if (!line.startsWith('GET /v1/cloud/secrets?env=')) {
      response.writeHead(404).end();
      return;
    }
    const time = '2026-01-01T00:00:00Z';
    const secrets = Object.entries(options.secrets ?? {}).map(([key, value]) => ({
      key,
      value,
      version: 1,
      comment: '',
      created_at: time,
      updated_at: time,
    }));
    json(200, { secrets, keys: [] });
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const line = `${incoming.method} ${incoming.url}`;
      const request = { line, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const fault = options.fault?.(request, requests.length);
      if (fault !== undefined) fault(response);
      else answer(request, response);
    });
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get lines() {
      return requests.map(({ line }) => line);
    },
    revoked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
