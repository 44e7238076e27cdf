// Scans one version of a file after the other, doing again only what a change can have touched: the filter passes over the changed
// part, and a rule is tried again only where the change is within its reach. What comes out is what a scan of the whole gives.

import { assignmentBefore, assignmentEnd } from './assignment.ts';
import type { Engine, Match, Refuted, Run, ScanContext } from './engine.ts';
import { settleOverlaps } from './overlap.ts';
import type { Entry } from './tables.ts';

type Span<T> = { -readonly [K in keyof T]: T[K] };

/** A keyword in the text, and what its rules said. Positions are those of the text scanned last. */
interface Candidate {
  readonly entry: Entry;
  position: number;
  /** What was looked at: no change outside of it matters. */
  from: number;
  to: number;
  matches: readonly Span<Match>[];
  refuted: readonly Span<Refuted>[];
}

const none: readonly never[] = [];

export class VersionScan {
  readonly #engine: Engine;
  #previous = Buffer.alloc(0);
  #count = 0;
  #context: ScanContext | undefined;
  #candidates: Candidate[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Scans the first `count` bytes of the engine's room. The matches are good until the next call. */
  scan(count: number, context: ScanContext): Match[] {
    const bytes = this.#engine.room(count);
    const { head, tail } = this.#unchanged(bytes, context);
    const tailStart = count - tail;
    const again: Candidate[] = [];
    const kept = this.#carry(head, tail, count - this.#count, again);
    this.#engine.keywords(count, head, tailStart, (entry, position) => {
      if (position + entry.bytes.length > head && position < tailStart)
        again.push({ entry, position, from: 0, to: 0, matches: none, refuted: none });
    });
    if (again.length > 0) {
      const run = this.#engine.begin(count);
      for (const candidate of again.sort(inOrder)) this.#tryAgain(run, candidate, context);
    }
    this.#candidates = again.length === 0 ? kept : [...kept, ...again].sort(inOrder);
    this.#remember(bytes, context);
    return settleOverlaps(
      this.#candidates.flatMap((candidate) => candidate.matches),
      this.#candidates.flatMap((candidate) => candidate.refuted),
    );
  }

  /** Moves what is known to where it stands now. Returns what still holds; the rest of what still stands goes to `again`. */
  #carry(head: number, tail: number, shift: number, again: Candidate[]): Candidate[] {
    const tailStart = this.#count - tail;
    return this.#candidates.filter((candidate) => {
      const inTail = candidate.position >= tailStart;
      if (!inTail && candidate.position + candidate.entry.bytes.length > head) return false;
      const holds = inTail ? candidate.from >= tailStart : candidate.to <= head;
      if (inTail) move(candidate, shift);
      if (!holds) again.push(candidate);
      return holds;
    });
  }

  #tryAgain(run: Run, candidate: Candidate, context: ScanContext): void {
    const { entry, position } = candidate;
    const matches = run.matches.length;
    const refuted = run.refuted.length;
    this.#engine.consider(run, entry, position, context);
    candidate.matches = run.matches.length === matches ? none : run.matches.slice(matches);
    candidate.refuted = run.refuted.length === refuted ? none : run.refuted.slice(refuted);
    const reach = this.#engine.reachOf(entry);
    const length = entry.bytes.length;
    candidate.from = position - reach.before;
    candidate.to = position + length + reach.after;
    for (const { kind } of entry.meanings) {
      if (kind === 'assigned') {
        candidate.from = Math.min(candidate.from, position - assignmentBefore);
        candidate.to = Math.max(candidate.to, assignmentEnd(run.text, position, length));
      } else if (kind === 'wrapped') {
        candidate.from = Math.min(candidate.from, run.wrapped.from);
        candidate.to = Math.max(candidate.to, run.wrapped.to);
      }
    }
  }

  /** How many bytes are the same at the beginning and at the end. */
  #unchanged(bytes: Buffer, context: ScanContext): { head: number; tail: number } {
    if (!isSame(this.#context, context)) {
      this.#candidates = [];
      this.#count = 0;
    }
    const before = this.#previous.subarray(0, this.#count);
    const head = commonHead(before, bytes);
    const rest = Math.min(before.length, bytes.length) - head;
    return { head, tail: commonTail(before, bytes, rest) };
  }

  #remember(bytes: Buffer, context: ScanContext): void {
    if (this.#previous.length < bytes.length) this.#previous = Buffer.allocUnsafeSlow(bytes.length * 2);
    bytes.copy(this.#previous);
    this.#count = bytes.length;
    this.#context = context;
  }
}

/** As the filter reports keywords: by the place of their gram. */
function inOrder(a: Candidate, b: Candidate): number {
  return a.position + a.entry.offset - b.position - b.entry.offset || a.entry.order - b.entry.order;
}

function isSame(a: ScanContext | undefined, b: ScanContext): boolean {
  return a !== undefined && a.path === b.path && a.least === b.least && a.bareValues === b.bareValues;
}

function move(candidate: Candidate, shift: number): void {
  if (shift === 0) return;
  candidate.position += shift;
  candidate.from += shift;
  candidate.to += shift;
  for (const span of candidate.matches) moveSpan(span, shift);
  for (const span of candidate.refuted) moveSpan(span, shift);
}

function moveSpan(span: { start: number; end: number }, shift: number): void {
  span.start += shift;
  span.end += shift;
}

/** Compared natively in blocks of this many bytes, then one by one. */
const blockBytes = 1024;

function commonHead(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same + blockBytes <= most && a.compare(b, same, same + blockBytes, same, same + blockBytes) === 0)
    same += blockBytes;
  while (same < most && a[same] === b[same]) same += 1;
  return same;
}

function commonTail(a: Buffer, b: Buffer, most: number): number {
  let same = 0;
  for (;;) {
    const [endA, endB] = [a.length - same, b.length - same];
    if (same + blockBytes > most || a.compare(b, endB - blockBytes, endB, endA - blockBytes, endA) !== 0) break;
    same += blockBytes;
  }
  while (same < most && a[a.length - 1 - same] === b[b.length - 1 - same]) same += 1;
  return same;
}
