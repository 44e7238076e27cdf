// watch(): changes of an environment as they happen, by callback or as an async iterable.

import { joinSignals } from './abort.ts';
import type { ChangeContext, SecretEvent, WatchOptions } from './change.ts';

/** A running watch with a callback. */
export interface Watcher extends AsyncDisposable {
  /** Resolves when the watch has ended; rejects when it failed for good: the token was refused, or the environment is gone. */
  readonly closed: Promise<void>;
  close(): void;
}

export type WatchCallback = (event: SecretEvent) => void | Promise<void>;

/** Changes one by one. `break`, `return()` and the signal end it; a failure for good is thrown. */
export function iterateChanges(context: ChangeContext, options: WatchOptions): AsyncIterableIterator<SecretEvent> {
  const joined = joinSignals(context.requester.life, options.signal);
  let changes: Promise<AsyncGenerator<SecretEvent, void>> | undefined;
  const finish = (): IteratorReturnResult<undefined> => {
    joined.release();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      changes ??= import('./change-stream.ts').then(({ followChanges }) =>
        followChanges(context, options, joined.signal),
      );
      try {
        const step = await (await changes).next();
        return step.done ? finish() : step;
      } catch (error) {
        finish();
        throw error;
      }
    },
    async return() {
      // A generator that waits for the network ends only when the wait does.
      joined.abort(undefined);
      await (await changes)?.return();
      return finish();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Calls back for each change, one call after the other. What the callback throws ends the watch and is `closed`'s rejection. */
export function watchChanges(context: ChangeContext, callback: WatchCallback, options: WatchOptions): Watcher {
  const changes = iterateChanges(context, options);
  const run = async (): Promise<void> => {
    for await (const change of changes) await callback(change);
  };
  const closed = run();
  // Whoever does not look at `closed` must not be ended by it; the log tells.
  closed.catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
    context.requester.settings.log({ level: 'warn', event: 'watch', message: 'the watch has failed', code });
  });
  const close = (): void => void changes.return?.();
  return {
    closed,
    close,
    async [Symbol.asyncDispose]() {
      close();
      await closed.catch(() => {});
    },
  };
}
