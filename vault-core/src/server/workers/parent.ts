// The parent of workers: starts them, starts dead ones anew, takes the shares for all of them, hands out the root key, and
// counts rates. It answers no requests itself, and the key rests in its memory only.

import type { Cluster, Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { type Host, processHost } from '../../domain/host.ts';
import { RateLimit } from '../http/rate-limit.ts';
import { type ServerOptions, resolveOptions } from '../options.ts';
import type { CipherKey } from '../crypto/cipher.ts';
import { readStaged } from '../backup/staging.ts';
import { Seal } from '../seal.ts';
import type { SealConfig } from '../seal/config.ts';
import { listen } from '../server.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { wayIn } from '../way-in.ts';
import { Channel } from './channel.ts';
import { mergeMetrics } from './merge-metrics.ts';
import type { ParentQuestions, WorkerQuestions } from './questions.ts';

export interface WorkerServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Process ids of the workers that run. */
  readonly pids: readonly number[];
  /** Stops all workers in order, then forgets the key. May be called more than once. */
  close(): Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly channel: Channel<WorkerQuestions>;
}

/** A worker that ends sooner than this after its start is started anew only after a pause. */
const shortLifeMs = 5000;
const pauseMs = 1000;
/** A worker that has not stopped by then is ended. */
const stopMs = 15_000;
const keyWatchMs = 1000;

/**
 * Starts `count` processes that run the same program with the same arguments, to which that program gives `serveAsWorker`. The
 * first of them must listen.
 * @throws CONFIG_INVALID, UNAVAILABLE, AUDIT_UNAVAILABLE
 */
export async function startWorkers(
  options: ServerOptions,
  count: number,
  host: Host = processHost(),
): Promise<WorkerServer> {
  const resolved = resolveOptions(options);
  if (resolved.storage.kind === 'memory') {
    throw new ZvaultError('CONFIG_INVALID', 'workers can’t share a storage in memory', {
      hint: 'name a --storage sqlite:PATH or postgres://…, or leave --workers out',
    });
  }
  // Before the workers: they would all try to create it.
  const store = await openStore(resolved.storage);
  const { default: cluster } = await import('node:cluster');
  const parent = new Parent(cluster, options, store, host);
  try {
    await parent.unsealAtStart();
    return await parent.start(count);
  } catch (error) {
    await parent.close();
    throw error;
  }
}

class Parent {
  readonly #cluster: Cluster;
  readonly #options: ServerOptions;
  readonly #store: Store;
  readonly #seal: Seal;
  readonly #rate: RateLimit;
  readonly #warn: (message: string) => void;
  readonly #running = new Set<Running>();
  /**
   * Each worker has a socket of its own for the same address, and the machine deals the connections out. Elsewhere Node's cluster
   * does it in this process; there a connection can hang whose worker dies in the moment of taking it.
   */
  readonly #sharePort: boolean;
  #listen: ServerOptions['listen'];
  #keyWatch: NodeJS.Timeout | undefined;
  #sealRevision = 0;
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ServerOptions, store: Store, host: Host) {
    this.#cluster = cluster;
    this.#options = options;
    this.#listen = options.listen;
    this.#sharePort = host.platform === 'linux';
    this.#store = store;
    this.#seal = new Seal(store, host.now, { warn: options.warn ?? (() => undefined) });
    this.#rate = new RateLimit(options.rateLimit ?? 500, host.now);
    this.#warn = options.warn ?? (() => undefined);
  }

  async unsealAtStart(): Promise<void> {
    const way = this.#options.unseal && wayIn(this.#options.unseal);
    if (way && (await this.#seal.status()).initialized) await this.#seal.unsealAutomatically(way);
  }

  async start(count: number): Promise<WorkerServer> {
    this.#cluster.setupPrimary({ serialization: 'advanced' });
    if (this.#sharePort) this.#listen = await freeAddress(this.#options);
    const { url, port } = await this.#fork();
    await Promise.all(Array.from({ length: count - 1 }, () => this.#fork()));
    this.#keyWatch = setInterval(() => {
      this.#watchKeys().catch((error: unknown) => this.#warn(`can't check the keys: ${messageOf(error)}`));
    }, keyWatchMs).unref();
    const running = this.#running;
    return {
      url,
      port,
      get pids() {
        return [...running].map(({ worker }) => worker.process.pid ?? 0);
      },
      close: () => this.close(),
      [Symbol.asyncDispose]: () => this.close(),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#keyWatch);
    await Promise.all([...this.#running].map((running) => stop(running)));
    this.#seal.seal();
    await this.#store.close();
  }

  async #fork(): Promise<{ url: string; port: number }> {
    const startedMs = performance.now();
    // What unseals is of no use to a worker.
    const worker = this.#cluster.fork({
      ZVAULT_UNSEAL_KEY: '',
      ZVAULT_UNSEAL_KEY_FILE: '',
      ZVAULT_UNSEAL_PASSPHRASE: '',
    });
    const answers: ParentQuestions = {
      giveShare: (share) => this.#open((staged) => this.#seal.giveShare(share, staged)),
      giveShares: (shares) => this.#open((staged) => this.#seal.giveShares(shares, staged)),
      giveSecret: (way) => this.#open((staged) => this.#seal.giveSecret(way, staged)),
      replaced: (root) => this.#replaced(root, running),
      resetShares: () => this.#seal.resetShares(),
      progress: async () => (await this.#seal.status()).progress,
      sealed: () => this.#lock(running),
      takeRate: async ({ name, count }) => this.#rate.takeUpTo(name, count),
      metrics: async () => mergeMetrics(await this.#ofAll((one) => one.channel.ask('metrics', undefined))),
    };
    const running: Running = { worker, channel: new Channel<WorkerQuestions>(worker, answers) };
    this.#running.add(running);
    let listening = false;
    worker.once('exit', (code, signal) => {
      this.#running.delete(running);
      if (this.#closing || !listening) return;
      this.#warn(`a worker has ended (${signal ?? `exit code ${code}`}); another one is started`);
      setTimeout(() => this.#replace(), performance.now() - startedMs < shortLifeMs ? pauseMs : 0);
    });
    const { unseal: _unseal, warn: _warn, ...options } = this.#options;
    const root = await this.#seal.copyRoot();
    try {
      const started = { options: { ...options, listen: this.#listen, sharePort: this.#sharePort }, root };
      const address = await running.channel.ask('start', started);
      listening = true;
      return address;
    } catch (error) {
      worker.kill('SIGKILL');
      throw error;
    } finally {
      root?.bytes.fill(0);
    }
  }

  #replace(): void {
    if (this.#closing) return;
    this.#fork().catch((error: unknown) => {
      this.#warn(`a worker does not start: ${messageOf(error)}`);
      setTimeout(() => this.#replace(), pauseMs);
    });
  }

  /** Shares may open the vault: then every worker gets the key before the answer leaves, or none keeps it. */
  async #open(
    give: (staged: SealConfig | undefined) => Promise<CipherKey | undefined>,
  ): Promise<CipherKey | undefined> {
    const wasSealed = this.#seal.sealed;
    const staged = await readStaged(this.#store);
    const root = await give(staged?.seal);
    if (wasSealed && !this.#seal.sealed) await this.#distribute();
    // Of the staged backup: the worker that asks proves it and puts it in place.
    return root;
  }

  /** A worker has put a backup in the place of the vault and opened it: everybody else leaves the old one for it. */
  async #replaced(root: CipherKey, by: Running): Promise<void> {
    await this.#lock(by);
    await this.#seal.open(root);
    await this.#distribute();
  }

  async #distribute(): Promise<void> {
    const root = await this.#seal.copyRoot();
    if (!root) return;
    try {
      await this.#ofAll((one) => one.channel.ask('unseal', root));
    } catch (error) {
      await this.#lock();
      throw error;
    } finally {
      root.bytes.fill(0);
    }
  }

  /** Seals the parent and all workers but the one that has done so already. */
  async #lock(except?: Running): Promise<void> {
    this.#seal.seal();
    await this.#ofAll((one) => (one === except ? Promise.resolve() : one.channel.ask('lock', undefined)));
  }

  /** Another server on the same database may have replaced the keys; each worker notices by itself, too. */
  async #watchKeys(): Promise<void> {
    const revision = await this.#seal.revision();
    if (revision === this.#sealRevision || this.#seal.sealed || this.#closing) return;
    if (!(await this.#seal.isCurrent())) {
      await this.#lock();
      await this.unsealAtStart();
      await this.#distribute();
    }
    this.#sealRevision = revision;
  }

  /** One that ends meanwhile does not count: its successor gets the state of then. */
  async #ofAll<T>(ask: (one: Running) => Promise<T>): Promise<T[]> {
    const all = [...this.#running];
    const answers = await Promise.allSettled(all.map((one) => ask(one)));
    const given: T[] = [];
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') given.push(answer.value);
      else if (all[index] && !all[index].worker.isDead() && all[index].worker.isConnected()) throw answer.reason;
    }
    return given;
  }
}

/** The address to listen on, its port chosen. @throws UNAVAILABLE when somebody else is there: workers would share it with him */
async function freeAddress(options: ServerOptions): Promise<{ host: string; port: number }> {
  const probe = createServer();
  const { listen: wanted } = resolveOptions(options);
  const port = await listen(probe, { listen: wanted, sharePort: false });
  probe.close();
  await once(probe, 'close');
  return { host: wanted.host, port };
}

async function stop({ worker, channel }: Running): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  const timer = setTimeout(() => worker.kill('SIGKILL'), stopMs);
  channel.ask('stop', undefined).catch(() => worker.kill('SIGKILL'));
  await ended;
  clearTimeout(timer);
}
