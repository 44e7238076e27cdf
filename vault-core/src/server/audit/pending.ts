// Lines between their write and their way into the table. They are written into large buffers that are used again (a buffer for
// each write would be tens of megabytes a second for the garbage collector), and known as runs of lines of the same project that
// lie behind each other there. Nothing is copied.

import type { IndexedRun } from './chunk.ts';
import type { AuditEvent } from './record.ts';

const slabBytes = 1_048_576;

interface Run {
  readonly start: number;
  end: number;
  lines: number;
  readonly projectId: string | null;
}

/** What stands in one buffer. */
interface Batch {
  readonly slab: Buffer;
  readonly runs: Run[];
  used: number;
  lines: number;
}

/** Lines on their way into the table, to be released when they are there, or given back. */
export interface TakenLines {
  readonly batches: readonly Batch[];
  readonly lines: number;
}

export class PendingLines {
  #batches: Batch[] = [];
  /** The last of the batches. */
  #current: Batch | undefined;
  #free: Buffer[] = [];
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  /** Room for `mostBytes` in one piece, from `start` on. */
  reserve(mostBytes: number): { readonly slab: Buffer; readonly start: number } {
    let batch = this.#current;
    if (!batch || batch.slab.length - batch.used < mostBytes) this.#current = batch = this.#begin(mostBytes);
    return { slab: batch.slab, start: batch.used };
  }

  /** Keeps the lines that were written to the reserved piece. `ends`: where each of them ends, in the order of `events`. */
  keep(ends: readonly number[], events: readonly Pick<AuditEvent, 'projectId'>[]): void {
    const batch = this.#current;
    if (!batch) return;
    let run = batch.runs.at(-1);
    for (let index = 0; index < ends.length; index += 1) {
      const end = ends[index] ?? batch.used;
      const projectId = events[index]?.projectId ?? null;
      if (run && run.projectId === projectId) {
        run.end = end;
        run.lines += 1;
      } else batch.runs.push((run = { start: batch.used, end, lines: 1, projectId }));
      batch.used = end;
    }
    batch.lines += ends.length;
    this.#lines += ends.length;
  }

  /** All lines. What comes meanwhile is kept apart. */
  take(): TakenLines {
    const taken = { batches: this.#batches, lines: this.#lines };
    this.#batches = [];
    this.#current = undefined;
    this.#lines = 0;
    return taken;
  }

  /** The lines are in the table, or given up: nobody may look at their bytes any more. */
  release({ batches }: Pick<TakenLines, 'batches'>): void {
    for (const { slab } of batches) if (slab.length === slabBytes) this.#free.push(slab);
    // As many are kept as were just needed: those of a busy minute go.
    if (this.#free.length > batches.length + 1) this.#free.length = batches.length + 1;
  }

  /** Puts back what could not be stored. */
  giveBack({ batches, lines }: TakenLines): void {
    this.#batches.unshift(...batches);
    this.#lines += lines;
  }

  /** Gives up the oldest lines, a buffer at a time, as long as `leastLines` are left. */
  trim(leastLines: number): void {
    for (;;) {
      const [oldest] = this.#batches;
      if (!oldest || oldest === this.#current || this.#lines - oldest.lines < leastLines) return;
      this.#batches.shift();
      this.#lines -= oldest.lines;
      this.release({ batches: [oldest] });
    }
  }

  #begin(mostBytes: number): Batch {
    const slab =
      mostBytes > slabBytes
        ? Buffer.allocUnsafeSlow(mostBytes)
        : (this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes));
    const batch = { slab, runs: [], used: 0, lines: 0 };
    this.#batches.push(batch);
    return batch;
  }
}

/** The runs of the lines, oldest first, without the first `count` lines. */
export function runsAfter({ batches }: TakenLines, count: number): IndexedRun[] {
  const left: IndexedRun[] = [];
  let skip = count;
  for (const { slab, runs } of batches) {
    for (const { start, end, lines, projectId } of runs) {
      const skipped = Math.min(Math.max(0, skip), lines);
      skip -= skipped;
      if (skipped === lines) continue;
      let from = start;
      for (let line = 0; line < skipped; line += 1) from = slab.indexOf('\n', from) + 1;
      left.push({ bytes: slab.subarray(from, end), lines: lines - skipped, projectId });
    }
  }
  return left;
}
