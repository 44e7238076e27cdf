// What a scan leaves behind is garbage at once: the text of files that are done. V8 lets it pile up, in a young generation that grows (on
// a large machine to 128 MB for each thread) and in an old one that is collected late. Small ones serve as well.

import { changeFlags, isChanged, isMainThread, v8 } from './v8-flags.ts';

/** Bytes of text, and of what was made of it, between two looks at the heap. */
const betweenBytes = 4 * 1024 * 1024;
/** What the young generation may grow to, in bytes: two halves, of which one is in use. */
const youngBytes = 8 * 1024 * 1024;

/** Keeps the heaps of all threads small, from when this one has grown to what a scan can use. */
export class SmallHeap {
  #left = betweenBytes;

  /** Is told how much was scanned or made. */
  scanned(count: number): void {
    this.#left -= count;
    if (this.#left > 0) return;
    this.#left = betweenBytes;
    if (isChanged('smallHeap') || !isMainThread()) return;
    const young = v8()
      .getHeapSpaceStatistics()
      .find(({ space_name: name }) => name === 'new_space');
    if ((young?.space_size ?? 0) >= youngBytes) changeFlags('smallHeap');
  }
}
