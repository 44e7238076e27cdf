// A worker: a server process like any other, whose seal and rates its parent holds.

import type { Host } from '../../domain/host.ts';
import { ZvaultError, isZvaultError } from '../../domain/errors.ts';
import { resolveOptions } from '../options.ts';
import { type VaultServer, serve } from '../server.ts';
import { Vault } from '../vault.ts';
import { Channel, type Port } from './channel.ts';
import { ParentLink } from './link.ts';
import type { ParentQuestions, WorkerQuestions, WorkerStart } from './questions.ts';

/** Serves what the parent asks for; resolves when it is told to stop, or when the parent has gone. */
export function serveAsWorker(port: Port, host: Host, warn: (message: string) => void): Promise<void> {
  return new Promise((stopped) => {
    let starting: Promise<VaultServer> | undefined;
    const running = (): Promise<VaultServer> =>
      starting ?? Promise.reject(new ZvaultError('UNAVAILABLE', 'the worker has not started'));
    const stop = async (): Promise<void> => {
      await starting?.then(
        (server) => server.close(),
        () => undefined,
      );
    };
    const answers: WorkerQuestions = {
      start: async (start) => {
        starting = startWorker(start, link, host, warn);
        const { url, port: listening } = await starting;
        return { url, port: listening };
      },
      unseal: async (root) => {
        const { vault } = await running();
        await vault.adopt(root);
      },
      lock: async () => {
        const { vault } = await running();
        try {
          await vault.quiet(() => vault.lock());
        } catch (error) {
          // It is being sealed by a request of its own.
          if (!isZvaultError(error) || error.code !== 'SEALED') throw error;
        }
      },
      metrics: async () => (await running()).metrics(),
      stop: async () => {
        await stop();
        // After the answer has left.
        setImmediate(stopped);
      },
    };
    const link = new ParentLink(new Channel<ParentQuestions>(port, answers));
    port.on('disconnect', () => void stop().then(stopped, stopped));
  });
}

async function startWorker(
  { options, root }: WorkerStart,
  link: ParentLink,
  host: Host,
  warn: (message: string) => void,
): Promise<VaultServer> {
  const vault = await Vault.open(resolveOptions({ ...options, warn }), host, link);
  try {
    if (root) await vault.adopt(root);
    return await serve(vault);
  } catch (error) {
    await vault.close();
    throw error;
  }
}
