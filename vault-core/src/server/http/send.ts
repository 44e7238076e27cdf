// Replies become bytes.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamReply } from './context.ts';
import type { Reply } from './reply.ts';

/** Larger bodies are not worth the copy. */
const maxJoinedBytes = 16_384;

/** `left`: called when the answer has left before its response ends. */
export function send(message: IncomingMessage, response: ServerResponse, reply: Reply, left: () => void): void {
  const { body, status } = reply;
  const bytes =
    body === null ? undefined : Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  const headers = head(reply);
  if (bytes !== undefined) {
    headers.push('Content-Type', reply.mediaType ?? 'application/json');
    headers.push('Content-Length', String(Buffer.byteLength(bytes)));
  } else if (status !== 204 && status !== 304) headers.push('Content-Length', '0');
  if (reply.sent) response.once('finish', reply.sent);
  if (!message.complete && hasBody(message)) {
    // A body that was not read to its end can't be followed by another request.
    headers.push('Connection', 'close');
    // Who was too slow has had time enough.
    if (status !== 408) {
      response.writeHead(status, headers);
      if (bytes === undefined) response.flushHeaders();
      else response.write(bytes, left);
      endAfterBody(message, response);
      return;
    }
  }
  response.writeHead(status, headers);
  // As a string of the same bytes, head and body leave in one write; a buffer would be written apart.
  if (Buffer.isBuffer(bytes) && bytes.length <= maxJoinedBytes) response.end(bytes.toString('latin1'), 'latin1');
  else response.end(bytes);
}

/** How long a client may go on sending what it is refused for. */
const lingerMs = 5000;

/**
 * Ends an answer that is written whole, once the body has come to its end or its sender has had time enough; what comes is dropped. If the
 * connection were closed at once, what the client still sends would be answered by a reset, and that throws away the answer it has not read.
 */
function endAfterBody(message: IncomingMessage, response: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer);
    message.off('end', end).off('close', end).off('error', end);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  message.on('end', end).on('close', end).on('error', end).resume();
}

/** An answer that leaves at once finds a request without a body not marked as complete yet. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** A stream must end within a second of its token. */
const watchIntervalMs = 500;

export async function sendStream(
  message: IncomingMessage,
  response: ServerResponse,
  reply: StreamReply,
): Promise<void> {
  const ended = new AbortController();
  response.once('close', () => ended.abort());
  response.writeHead(reply.status, [
    ...head(reply),
    'Content-Type',
    reply.mediaType ?? 'text/event-stream',
    'X-Accel-Buffering',
    'no',
  ]);
  response.flushHeaders();
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  const write = (part: string | Buffer): Promise<void> =>
    new Promise((resolve) => {
      if (ended.signal.aborted || response.write(part)) resolve();
      else {
        // A reader that does not read must not fill our memory: wait for it, or for its end.
        const done = (): void => {
          response.off('drain', done);
          ended.signal.removeEventListener('abort', done);
          resolve();
        };
        response.once('drain', done);
        ended.signal.addEventListener('abort', done);
      }
    });
  const watch = setInterval(() => {
    void reply.mayGoOn().then((goesOn) => goesOn || ended.abort());
  }, watchIntervalMs);
  try {
    await reply.run(write, ended.signal);
  } catch (error) {
    // An end as if all were well would make a part of it look like the whole.
    response.destroy();
    throw error;
  } finally {
    clearInterval(watch);
    // What a reader that does not read has not taken by now, it must not get any more.
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

function head({ headers: own }: Reply): string[] {
  const headers = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff', 'X-Frame-Options', 'DENY'];
  if (own) for (const [name, value] of Object.entries(own)) headers.push(name, value);
  return headers;
}
