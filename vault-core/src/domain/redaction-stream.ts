// Replaces the matches of compiled matchers in a stream of bytes, wherever its chunks are cut.

import type { Matcher } from './matcher.ts';

/** What stands in the place of a secret: one for each unbroken run of bytes that belong to secrets. */
export const redactionMark = '[redacted]';

const mark = Buffer.from(redactionMark);

/**
 * Redacts a stream chunk by chunk. The result does not depend on where the chunks are cut. Text that may be the beginning of
 * a secret is held back until that is decided, at most 127 bytes (1 KiB with values over 4 KiB), for as long as it takes:
 * letting it go after some time would print a secret that arrives slowly. No form of a value starts with whitespace, so that
 * a prompt that ends with a space or a line break is never held.
 */
export class RedactionStream {
  readonly #layers: () => readonly Matcher[];
  readonly #clearings: () => number;
  #clearing: number;
  /** What is held back. */
  #held: Buffer = Buffer.alloc(0);
  /** Number of bytes at the start of `#held` that belong to the run whose mark was the last thing written; -1: it was not a mark. */
  #covered = -1;

  /** Use `Redactor.createStream`. */
  constructor(layers: () => readonly Matcher[], clearings: () => number) {
    this.#layers = layers;
    this.#clearings = clearings;
    this.#clearing = clearings();
  }

  /** Number of bytes held back. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** The next part of the output; may be empty, and may share memory with `chunk`. */
  write(chunk: Buffer): Buffer {
    return this.#process(chunk, false);
  }

  /** Ends the text: the rest of the output. Text written afterwards starts anew. */
  flush(): Buffer {
    const rest = this.#process(Buffer.alloc(0), true);
    this.#covered = -1;
    return rest;
  }

  #process(chunk: Buffer, final: boolean): Buffer {
    const parts: Buffer[] = [];
    if (this.#clearing !== this.#clearings()) {
      this.#clearing = this.#clearings();
      this.#dropHeld(parts);
    }
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const { runs, decided } = findRuns(this.#layers(), text, final);
    let at = Math.max(this.#covered, 0);
    let inRun = this.#covered >= 0;
    for (const { start, end } of runs) {
      if (!inRun || start > at) {
        if (start > at) parts.push(text.subarray(at, start));
        parts.push(mark);
      }
      inRun = true;
      at = Math.max(at, end);
    }
    if (at < decided) parts.push(text.subarray(at, decided));
    this.#covered = inRun && at >= decided ? at - decided : -1;
    this.#hold(text.subarray(decided));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** After the values are gone, what is held can't be told from a secret any more. */
  #dropHeld(parts: Buffer[]): void {
    if (this.#held.length === 0) return;
    if (this.#covered < 0) parts.push(mark);
    this.#covered = 0;
    this.#hold(Buffer.alloc(0));
  }

  #hold(rest: Buffer): void {
    const copy = Buffer.from(rest);
    this.#held.fill(0);
    this.#held = copy;
  }
}

interface Run {
  readonly start: number;
  readonly end: number;
}

export interface Findings {
  /** Maximal stretches of the text that belong to secrets, those that start before `decided`; one may reach beyond it. */
  readonly runs: readonly Run[];
  /** From here on the text may still become part of a secret. */
  readonly decided: number;
}

/** All matches count, overlapping ones too: when two secrets share bytes, no rest of either remains. */
export function findRuns(layers: readonly Matcher[], text: Uint8Array, final: boolean): Findings {
  const matches: Run[] = [];
  let decided = text.length;
  for (const layer of layers) {
    const undecided = layer.scan(text, {
      final,
      onMatch(start, end) {
        matches.push({ start, end });
        return start + 1;
      },
    });
    decided = Math.min(decided, undecided);
  }
  if (layers.length > 1) matches.sort((a, b) => a.start - b.start);
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of matches) {
    if (start >= decided) break;
    const run = runs.at(-1);
    if (run !== undefined && start <= run.end) run.end = Math.max(run.end, end);
    else runs.push({ start, end });
  }
  return { runs, decided };
}
