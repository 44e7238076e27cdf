// Where the browser comes back to: a listener on loopback that takes one answer, the one that belongs to this sign-in. Whatever
// else knocks is turned away and ends nothing. Source: RFC 8252 §7.3 (loopback, any free port), §8.10 (what to check)

import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZvaultError, messageOf } from '@zvault/core/domain';

export interface Callback {
  readonly code: string;
  /** Tells the person how it ended. */
  answer(signedIn: boolean): void;
}

export interface CallbackListener extends AsyncDisposable {
  readonly port: number;
  /** The first answer that carries our `state`. @throws what the signal was aborted with */
  wait(signal: AbortSignal): Promise<Callback>;
}

/** @throws UNAVAILABLE when there is no free port */
export async function listenForCallback(state: string): Promise<CallbackListener> {
  let found: ((callback: Callback) => void) | undefined;
  const callback = new Promise<Callback>((resolve) => (found = resolve));
  const server = createServer((request, response) => {
    const code = codeOf(request, port, state);
    if (typeof code === 'number') {
      sendPage(response, code, 'This is not the answer that zvault waits for. Start the sign-in again.');
      return;
    }
    const answer = (signedIn: boolean): void =>
      signedIn
        ? sendPage(response, 200, 'You are signed in. You can close this page.')
        : sendPage(response, 502, 'You are not signed in. Your terminal says why.');
    if (!found) {
      sendPage(response, 409, 'This sign-in is over.');
      return;
    }
    found({ code, answer });
    found = undefined;
  });
  server.headersTimeout = 5000;
  server.maxConnections = 20;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new ZvaultError('UNAVAILABLE', `can't listen on loopback: ${messageOf(error)}`, { cause: error })),
    );
    // Unlike `localhost`, the address can't be somebody else's (RFC 8252 §8.3).
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    wait: (signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal.reason as Error);
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
        void callback.then(resolve);
      }),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => void server.close(resolve));
      server.closeIdleConnections();
      // An answer that is still leaving gets a moment; a connection that only waits does not hold the command up.
      setTimeout(() => server.closeAllConnections(), 500).unref();
      await closed;
    },
  };
}

/** The one-time code, or the status with which the request is turned away. */
function codeOf(request: IncomingMessage, port: number, state: string): string | number {
  // Another name for this machine would be a page that rebinds its own.
  if (request.headers.host !== `127.0.0.1:${port}`) return 403;
  const url = URL.parse(request.url ?? '', `http://127.0.0.1:${port}`);
  if (url?.pathname !== '/callback') return 404;
  if (request.method !== 'GET') return 405;
  const given = url.searchParams.get('state') ?? '';
  const code = url.searchParams.get('code') ?? '';
  return isSame(given, state) && /^[A-Za-z0-9._~-]{16,1024}$/.test(code) ? code : 400;
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

const style =
  ':root{color-scheme:light dark}body{margin:15vh auto;max-width:30rem;padding:0 1rem;font:1.1rem/1.5 system-ui,sans-serif}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** `text` is one of ours. */
function sendPage(response: ServerResponse, status: number, text: string): void {
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>zvault</title><style>${style}</style></head>
<body><main><h1>zvault</h1><p role="status">${text}</p></main></body></html>
`;
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(page),
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(page);
}
