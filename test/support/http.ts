// A small HTTP client for tests: it sends what it is told to, byte for byte, and follows nothing.

import { type Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

export interface Call {
  /** Bearer token. */
  readonly token?: string | undefined;
  /** `X-Vault-Token`. */
  readonly vaultToken?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with `application/json` unless `headers` say otherwise. */
  readonly raw?: string | Buffer | undefined;
  /** Sent as an HTML form. */
  readonly form?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly agent?: Agent | undefined;
  /** Trusted certificate, for https. */
  readonly ca?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The parsed body; `undefined` when it is not JSON. */
  readonly json: any;
}

export function send(url: string, method: string, path: string, call: Call = {}): Promise<Answer> {
  const { hostname, port, protocol } = new URL(url);
  const form = call.form && new URLSearchParams(call.form).toString();
  const body = call.raw ?? form ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const headers: Record<string, string | number> = {
    ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
    ...(call.vaultToken === undefined ? {} : { 'X-Vault-Token': call.vaultToken }),
    ...(body === undefined
      ? {}
      : {
          'Content-Type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(body),
        }),
    ...call.headers,
  };
  return new Promise((resolve, reject) => {
    const request = protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = request(
      {
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        method,
        path,
        headers,
        ...(call.agent === undefined ? {} : { agent: call.agent }),
        ...(call.ca === undefined ? {} : { ca: call.ca }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text: bytes.toString(),
            json: parse(bytes),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Writes to a socket and returns all that comes back until the server closes, or `ms` have passed. */
export function sendRaw(
  port: number,
  parts: readonly (string | Buffer)[],
  ms: number,
  host = '127.0.0.1',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const chunks: Buffer[] = [];
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString());
    };
    const timer = setTimeout(done, ms);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', done);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done();
      else reject(error);
    });
    for (const part of parts) socket.write(part);
  });
}
