// A thread that runs git and puts what it prints into memory that it shares with the thread that scans.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@zvault/core/domain';
import { finished, startGit } from './input/git.ts';
import { type ReaderOrder, type ReaderSettings, state, word } from './input/read-ahead.ts';

const settings = workerData as ReaderSettings;
const ring = Buffer.from(settings.ring);
const words = new Int32Array(settings.words);

parentPort?.on('message', (order: ReaderOrder) => {
  void run(order).then(
    () => end(state.ended),
    (error: unknown) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      parentPort?.postMessage(messageOf(error));
      end(state.failed);
    },
  );
});

async function run({ args, input }: ReaderOrder): Promise<void> {
  const child = startGit(settings, args);
  const done = finished(child, args);
  child.stdin?.on('error', () => {}); // git's own message tells why it went away
  child.stdin?.end(input);
  child.stdout?.on('data', put);
  await done;
}

/** Waits where the ring is full: git then waits, too. */
function put(chunk: Buffer): void {
  let written = Atomics.load(words, word.written);
  for (let from = 0; from < chunk.length;) {
    const read = Atomics.load(words, word.read);
    const room = ring.length - ((written - read) | 0);
    if (room === 0) {
      Atomics.wait(words, word.read, read);
      continue;
    }
    const at = written & (ring.length - 1);
    const count = Math.min(room, chunk.length - from, ring.length - at);
    chunk.copy(ring, at, from, from + count);
    from += count;
    written = (written + count) | 0;
    Atomics.store(words, word.written, written);
  }
  tell();
}

function end(how: number): void {
  Atomics.store(words, word.state, how);
  tell();
}

function tell(): void {
  Atomics.add(words, word.news, 1);
  Atomics.notify(words, word.news);
}
