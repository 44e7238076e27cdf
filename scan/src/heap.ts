// What a scan leaves behind is garbage at once: the text of files that are done. V8 lets it pile up, in a young generation that grows (on
// a large machine to 128 MB for each thread) and in an old one that is collected late. Small ones serve as well.
//
// V8's flags are the process's, so only its main thread sets them, and a code cache is good only with the flags that it was made with:
// they are as usual at the beginning, at the end, and while one is made (code-cache.ts).

import type * as V8 from 'node:v8';
import type * as Threads from 'node:worker_threads';
import { loadBuiltIn } from './built-in.ts';

/** Only large scans ask for these: to load them takes more than a millisecond. */
const v8 = (): typeof V8 => loadBuiltIn('node:v8') as typeof V8;
const isMainThread = (): boolean => (loadBuiltIn('node:worker_threads') as typeof Threads).isMainThread;

/** Bytes of text, and of what was made of it, between two looks at the heap. */
const betweenBytes = 4 * 1024 * 1024;
/** What the young generation may grow to, in bytes: two halves, of which one is in use. */
const youngBytes = 8 * 1024 * 1024;
const small = ['--semi-space-growth-factor=1', '--heap-growing-percent=100'];
/** As V8 has them; 0 lets it grow up to four times. */
const usual = ['--semi-space-growth-factor=2', '--heap-growing-percent=0'];

/** Keeps the heaps of all threads small, from when this one has grown to what a scan can use. */
export class SmallHeap {
  #left = betweenBytes;

  /** Is told how much was scanned or made. */
  scanned(count: number): void {
    this.#left -= count;
    if (this.#left > 0) return;
    this.#left = betweenBytes;
    if (isSmall || !isMainThread()) return;
    const young = v8()
      .getHeapSpaceStatistics()
      .find(({ space_name: name }) => name === 'new_space');
    if ((young?.space_size ?? 0) >= youngBytes) keepHeapSmall();
  }
}

let isSmall = false;

/** From here on the young generation does not grow, and the old one is collected sooner. */
export function keepHeapSmall(): void {
  setFlags(small);
  isSmall = true;
}

/** V8's flags are as usual again. */
export function endSmallHeap(): void {
  if (isSmall) setFlags(usual);
  isSmall = false;
}

/** Runs it with V8's flags as usual. */
export function withUsualFlags<T>(run: () => T): T {
  if (!isSmall) return run();
  setFlags(usual);
  try {
    return run();
  } finally {
    setFlags(small);
  }
}

function setFlags(flags: readonly string[]): void {
  for (const flag of flags) v8().setFlagsFromString(flag);
}
