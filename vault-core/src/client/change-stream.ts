// Follows an environment's changes over its event stream: resumes where it stood, reconnects with backoff, ends with an error when
// the token is refused. A server without event streams is polled.

import type { IncomingMessage } from 'node:http';
import { isZvaultError, ZvaultError } from '../domain/errors.ts';
import { sleep, throwIfAborted } from './abort.ts';
import type { ChangeContext, SecretEvent, WatchOptions } from './change.ts';
import { EventStreamParser, type ServerEvent } from './event-stream.ts';
import { isUnrouted } from './failures.ts';
import { path } from './path.ts';
import { maxPauseMs, patiently } from './patience.ts';
import { pollChanges } from './poll.ts';

const defaultIdleMs = 90_000;
const defaultReconnectMs = 1000;

/** Ends without an error when the signal aborts. @throws UNAUTHORIZED, FORBIDDEN, NOT_FOUND and others that waiting does not mend */
export async function* followChanges(
  context: ChangeContext,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<SecretEvent, void> {
  try {
    const environment = await patiently(context.requester, signal, () =>
      context.scope.environment({ environment: options.environment }, signal),
    );
    for await (const change of streamChanges(context, environment, options, signal)) {
      // What is remembered is old now, also for readers who don't watch.
      context.reader.memoryOf({ environment }).expire();
      context.requester.metrics.event();
      yield change;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* streamChanges(
  context: ChangeContext,
  environment: string,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<SecretEvent, void> {
  let lastEventId = '';
  let failures = 0;
  for (let connections = 0; ; connections += 1) {
    let message: IncomingMessage;
    try {
      message = await patiently(context.requester, signal, () => openStream(context, environment, lastEventId, signal));
    } catch (error) {
      if (!isUnrouted(error)) throw error;
      yield* pollChanges(context, environment, options, signal);
      return;
    }
    // From here on changes arrive; what was read before may miss some that came in between.
    context.reader.memoryOf({ environment }).expire();
    if (connections > 0 && lastEventId === '') yield { type: 'resync', environment };
    const parser = new EventStreamParser();
    let received = false;
    try {
      for await (const chunk of chunksOf(message, options.idleTimeoutMs ?? defaultIdleMs, signal)) {
        received = true;
        for (const event of parser.push(chunk)) {
          const change = changeOf(event, environment);
          if (change !== undefined) yield change;
        }
        if (parser.lastEventId !== '') lastEventId = parser.lastEventId;
      }
    } catch (error) {
      throwIfAborted(signal);
      if (isZvaultError(error) && error.code === 'BAD_ANSWER') throw error;
    }
    failures = received ? 0 : failures + 1;
    const { log } = context.requester.settings;
    const base = parser.retryMs ?? defaultReconnectMs;
    const delayMs = Math.min(maxPauseMs, base * (0.5 + context.requester.random()) * 2 ** failures);
    log({ level: 'debug', event: 'watch', message: 'the event stream ended, opening it again', environment, delayMs });
    await sleep(delayMs, signal);
  }
}

async function openStream(
  context: ChangeContext,
  environment: string,
  lastEventId: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const message = await context.scope.withProject({ environment }, signal, ({ org, project }) =>
    context.requester.open({
      method: 'GET',
      path: path`/v1/cloud/orgs/${org}/projects/${project}/envs/${environment}/events`,
      headers: { Accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }) },
      signal,
    }),
  );
  if (message.headers['content-type']?.startsWith('text/event-stream')) return message;
  message.destroy();
  throw new ZvaultError('BAD_ANSWER', 'the server answered something that is not an event stream');
}

/** The body piece by piece; ends early, with an error, when nothing comes for `idleMs`. */
async function* chunksOf(message: IncomingMessage, idleMs: number, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  const stop = (): void => void message.destroy();
  let timer = setTimeout(stop, idleMs);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of message) {
      clearTimeout(timer);
      yield chunk as Buffer;
      timer = setTimeout(stop, idleMs);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    message.destroy();
  }
}

/** `undefined` for events of kinds that are not known here. */
function changeOf(event: ServerEvent, environment: string): SecretEvent | undefined {
  // The server cannot tell what happened since the id that it was given.
  if (event.type === 'reset') return { type: 'resync', environment };
  if (event.type !== 'secret.written' && event.type !== 'secret.deleted') return undefined;
  try {
    const { key, version } = JSON.parse(event.data) as { key: unknown; version: unknown };
    if (typeof key === 'string' && typeof version === 'number') return { type: event.type, environment, key, version };
  } catch {
    // Something changed, that much is sure.
  }
  return { type: 'resync', environment };
}
