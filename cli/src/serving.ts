// What `dev` and `server` do once they serve: wait for a signal, then stop in order.

import { constants } from 'node:os';
import type { Context } from './context.ts';

/**
 * Waits until a signal asks to stop, then closes; a second signal does not wait for that. Answers the exit code: 0
 * for SIGTERM, by which a service manager stops, else 128 plus the signal's number.
 */
export async function serveUntilStopped(
  { signals, interrupted }: Pick<Context, 'signals' | 'interrupted'>,
  close: () => Promise<void>,
): Promise<number> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    const release = signals.take(['SIGINT', 'SIGTERM', 'SIGHUP'], (received) => {
      release();
      resolve(received);
    });
  });
  const impatient = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([close(), impatient]);
  return signal === 'SIGTERM' ? 0 : 128 + constants.signals[signal];
}
