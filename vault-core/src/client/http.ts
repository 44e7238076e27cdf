// One exchange with the server: a request out, an answer in, within a time, a size and a signal. Knows nothing of tokens,
// JSON or retries.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ZvaultError } from '../domain/errors.ts';
import { abortError, joinSignals, throwIfAborted } from './abort.ts';
import type { Connector, Outgoing } from './connector.ts';
import { createConnector } from './create-connector.ts';
import { connectionFailure } from './failures.ts';
import type { Settings } from './settings.ts';

/** The largest answer that is read; more is refused. */
const maxAnswerBytes = 67_108_864;
/** The largest error body of a stream. */
const maxRefusalBytes = 1_048_576;

export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxBytes?: number;
}

export class Http {
  readonly #settings: Settings;
  #connector: Promise<Connector> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Sends and reads the whole answer. @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER, INTERRUPTED */
  exchange(outgoing: Outgoing, limits: ExchangeLimits): Promise<Incoming> {
    return this.#within(outgoing, limits, (message) => readAll(message, limits.maxBytes ?? maxAnswerBytes));
  }

  /** Like `exchange`, but a success (200) comes as soon as its head is there: its body streams for as long as it likes. */
  open(outgoing: Outgoing, limits: ExchangeLimits): Promise<{ stream: IncomingMessage } | { refusal: Incoming }> {
    return this.#within(outgoing, limits, async (message) =>
      message.statusCode === 200 ? { stream: message } : { refusal: await readAll(message, maxRefusalBytes) },
    );
  }

  async #within<T>(
    outgoing: Outgoing,
    limits: ExchangeLimits,
    receive: (message: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const { origin } = this.#settings.base;
    const joined = joinSignals(limits.signal);
    const timer = setTimeout(() => {
      const text = `no answer from ${origin} within ${limits.timeoutMs} ms`;
      joined.abort(new ZvaultError('TIMEOUT', text, { hint: 'check the network, or allow more time' }));
    }, limits.timeoutMs);
    const progress = { sent: false };
    try {
      throwIfAborted(joined.signal);
      const connector = await this.#connect();
      const message = await send(connector, outgoing, joined.signal, progress);
      return await untilAborted(receive(message), joined.signal, () => message.destroy());
    } catch (error) {
      throw connectionFailure(error, origin, progress.sent);
    } finally {
      clearTimeout(timer);
      joined.release();
    }
  }

  async #connect(): Promise<Connector> {
    this.#connector ??= createConnector(this.#settings);
    try {
      return await this.#connector;
    } catch (error) {
      // A missing CA file may be there the next time.
      this.#connector = undefined;
      throw error;
    }
  }

  close(): void {
    this.#connector?.then(
      (connector) => connector.close(),
      () => {},
    );
    this.#connector = undefined;
  }
}

/** Resolves with the head of the answer. `progress.sent` turns true when bytes of the request may have left. */
function send(
  connector: Connector,
  outgoing: Outgoing,
  signal: AbortSignal,
  progress: { sent: boolean },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const request = connector.start(outgoing);
    const stop = (): void => {
      request.destroy();
      reject(abortError(signal));
    };
    signal.addEventListener('abort', stop, { once: true });
    request.once('socket', (socket) => {
      const sending = (): void => {
        progress.sent = true;
      };
      // A fresh TLS socket carries the request only after its handshake; a kept one at once.
      if (socket.connecting) socket.once('encrypted' in socket ? 'secureConnect' : 'connect', sending);
      else sending();
    });
    request.once('close', () => signal.removeEventListener('abort', stop));
    request.once('response', resolve);
    // After the answer's head, the message reports what goes wrong; this listener stays so that nothing is unhandled.
    request.on('error', reject);
    const { stream } = outgoing;
    if (stream) {
      // A file that can't be read must not look like its end; an answer that comes early ends the sending.
      stream.once('error', (error) => request.destroy(error));
      request.once('close', () => stream.destroy());
      stream.pipe(request);
    } else if (outgoing.body === undefined) request.end();
    else request.end(outgoing.body);
  });
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, stop: () => void): Promise<T> {
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work;
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function readAll(message: IncomingMessage, maxBytes: number): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooLarge = (): void => {
      message.destroy();
      reject(new ZvaultError('BAD_ANSWER', `the answer is larger than ${maxBytes} bytes`));
    };
    message.on('error', reject);
    message.once('close', () =>
      reject(new ZvaultError('CONNECTION_FAILED', 'the connection ended before the answer did')),
    );
    if (Number(message.headers['content-length'] ?? 0) > maxBytes) {
      tooLarge();
      return;
    }
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) tooLarge();
      else chunks.push(chunk);
    });
    message.once('end', () => {
      if (message.complete) {
        resolve({ status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks, size) });
      }
    });
  });
}
