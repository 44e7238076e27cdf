// Waiting that can be given up: the error of an abort, several signals as one, and a sleep.

import { setMaxListeners } from 'node:events';
import { isZvaultError, ZvaultError } from '../domain/errors.ts';

/**
 * What an aborted call throws: the signal's reason if it is a `ZvaultError`; TIMEOUT for `AbortSignal.timeout`; else INTERRUPTED
 * with the reason as its cause.
 */
export function abortError(signal: AbortSignal): ZvaultError {
  const reason: unknown = signal.reason;
  if (isZvaultError(reason)) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new ZvaultError('TIMEOUT', 'the time limit of the call has passed', { cause: reason });
  }
  return new ZvaultError('INTERRUPTED', 'the call was cancelled', { cause: reason });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** One signal that aborts with the first of several. `release` lets go of them: long-lived signals must not collect listeners. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  release(): void;
}

export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const controller = new AbortController();
  // Many requests at once listen to one signal; Node 20 warns of a leak at eleven.
  setMaxListeners(0, controller.signal);
  const releases: (() => void)[] = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const follow = (): void => controller.abort(signal.reason);
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
    releases.push(() => signal.removeEventListener('abort', follow));
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** Resolves after `ms` milliseconds; rejects with `abortError` when the signal aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      if (signal) reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
