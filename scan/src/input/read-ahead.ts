// Objects of git, read on a thread of its own while this one scans: git goes on meanwhile, where a pipe holds no more than a few
// small files. What it has read rests in a ring in memory that both threads share; nothing else does.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ZvaultError } from '@zvault/core/domain';
import type { Host } from '@zvault/core/domain';

/** A power of two, so that counts of bytes may run over. */
const ringBytes = 1 << 23;
/** So many bytes are scanned before other events of this thread have their turn. */
const stepBytes = 1 << 20;
const patienceMs = 50;

/** Words of the shared state: how many bytes were written and read in all, modulo 2^32; how it ended; how often one of these was news. */
export const word = { written: 0, read: 1, state: 2, news: 3, count: 4 } as const;
export const state = { running: 0, ended: 1, failed: 2 } as const;

export interface ReaderSettings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly ring: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

export interface ReaderOrder {
  readonly args: readonly string[];
  /** What git reads. */
  readonly input: string;
}

/** Set by the bundler: the thread's file beside the bundle. */
declare const zvaultScanReader: string | undefined;

export class ReadAhead {
  readonly #ring = Buffer.from(new SharedArrayBuffer(ringBytes));
  readonly #words = new Int32Array(new SharedArrayBuffer(word.count * Int32Array.BYTES_PER_ELEMENT));
  readonly #worker: Worker;
  #failure: Error | undefined;

  /** `undefined` where one core has all to do, and where there is no file for the thread to run (the sources are run as they are). */
  static start(host: Host): ReadAhead | undefined {
    if (typeof zvaultScanReader === 'undefined' || availableParallelism() === 1) return undefined;
    return new ReadAhead(host, join(__dirname, zvaultScanReader));
  }

  private constructor(host: Host, file: string) {
    const workerData: ReaderSettings = {
      cwd: host.cwd,
      env: { ...host.env, ZVAULT_TOKEN: undefined },
      ring: this.#ring.buffer,
      words: this.#words.buffer,
    };
    this.#worker = new Worker(file, { workerData });
    this.#worker.on('error', (error) => (this.#failure ??= error));
    this.#worker.on('message', (said: string) => (this.#failure ??= new ZvaultError('PARTIAL', said)));
  }

  /** Runs git to its end. What `onChunk` is given is good for the call only. @throws PARTIAL when git fails */
  async read(order: ReaderOrder, onChunk: (chunk: Buffer) => void): Promise<void> {
    const words = this.#words;
    Atomics.store(words, word.state, state.running);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(order);
    let read = Atomics.load(words, word.read);
    let step = 0;
    for (;;) {
      // First, so that no news is slept through.
      const news = Atomics.load(words, word.news);
      const ended = Atomics.load(words, word.state);
      const written = Atomics.load(words, word.written);
      if (written === read) {
        if (ended === state.ended) return;
        if (ended === state.failed || Atomics.wait(words, word.news, news, patienceMs) === 'timed-out')
          await this.#turn();
        continue;
      }
      const at = read & (ringBytes - 1);
      const count = Math.min((written - read) | 0, ringBytes - at, stepBytes);
      onChunk(this.#ring.subarray(at, at + count));
      read = (read + count) | 0;
      Atomics.store(words, word.read, read);
      Atomics.notify(words, word.read);
      step += count;
      if (step >= stepBytes) {
        step = 0;
        await this.#turn();
      }
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure) throw this.#failure;
  }
}
