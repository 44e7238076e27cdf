// Scans one version of a file after the other, doing again only what a change can have touched: the filter passes over what is new,
// and a rule is tried again only where a change is within its reach. What comes out is what a scan of the whole gives.

import { assignmentReach } from './assignment.ts';
import type { Engine, Match, Refuted, Run, ScanContext } from './engine.ts';
import { settleOverlaps } from './overlap.ts';
import { guardReach } from './guard.ts';
import type { Entry } from './tables.ts';
import { type Stretch, unchangedStretches } from './unchanged.ts';

type Span<T> = { -readonly [K in keyof T]: T[K] };

/** A keyword in the text, and what its rules said. Positions are those of the text scanned last. */
interface Candidate {
  readonly entry: Entry;
  position: number;
  /** What was looked at: no change outside of it matters. */
  from: number;
  to: number;
  /** For an assigned rule: what was looked at ends with the line that this is on, if not before. */
  lineAt: number;
  matches: readonly Span<Match>[];
  refuted: readonly Span<Refuted>[];
}

const none: readonly never[] = [];

export class VersionScan {
  readonly #engine: Engine;
  #previous = Buffer.alloc(0);
  #count = 0;
  #context: ScanContext | undefined;
  /** In the order in which the filter reports them. */
  #candidates: Candidate[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Scans the first `count` bytes of the engine's room. The matches are good until the next call. */
  scan(count: number, context: ScanContext): Match[] {
    const bytes = this.#engine.room(count);
    if (!isSame(this.#context, context)) {
      this.#candidates = [];
      this.#count = 0;
    }
    const before = this.#previous.subarray(0, this.#count);
    const stretches = unchangedStretches(before, bytes, this.#engine.longestKeyword + 1);
    const again: Candidate[] = [];
    const kept = this.#carry(before, bytes, stretches, again);
    this.#findNew(count, stretches, kept, again, context);
    this.#tryAll(count, again.sort(inOrder), context);
    this.#candidates = again.length === 0 ? kept : merge(kept, again);
    this.#remember(bytes, context);
    return this.#settle();
  }

  /** Moves what is known to where it stands now. Returns what still holds; the rest of what still stands goes to `again`. */
  #carry(before: Buffer, after: Buffer, stretches: readonly Stretch[], again: Candidate[]): Candidate[] {
    const kept: Candidate[] = [];
    let next = 0;
    for (const stretch of stretches) {
      const end = stretch.before + stretch.length;
      const isHead = stretch.before === 0 && stretch.after === 0;
      const isTail = end === before.length && stretch.after + stretch.length === after.length;
      const from = isHead ? -Infinity : stretch.before;
      const to = isTail ? Infinity : end;
      const lastLine = isTail ? Infinity : before.lastIndexOf(10, end - 1);
      for (; next < this.#candidates.length; next += 1) {
        const candidate = this.#candidates[next];
        if (candidate === undefined || gramAt(candidate) >= end) break;
        if (candidate.position < stretch.before || candidate.position + candidate.entry.bytes.length > end) continue;
        const lineEnds = candidate.lineAt <= lastLine || candidate.lineAt + assignmentReach.value <= to;
        const holds = candidate.from >= from && candidate.to <= to && lineEnds;
        move(candidate, stretch.after - stretch.before);
        (holds ? kept : again).push(candidate);
      }
    }
    return kept;
  }

  /** Keywords that are not known: those that a change made, and those of which a guard may say something else now. */
  #findNew(
    count: number,
    stretches: readonly Stretch[],
    kept: readonly Candidate[],
    again: Candidate[],
    context: ScanContext,
  ): void {
    const known = new Set([...kept, ...again].map(({ entry, position }) => keyOf(entry, position)));
    const longest = this.#engine.longestKeyword;
    let from = 0;
    let done = 0;
    for (const { after, length } of [...stretches, { after: count, length: 0 }]) {
      const begin = Math.max(done, from - longest - guardReach.after);
      const end = Math.min(count, after + longest + guardReach.before);
      // Nothing changed before the first stretch, or behind the last.
      const isEdge = from === after && (after === 0 || after === count) && this.#isSameEdge(stretches, after);
      from = after + length;
      if (isEdge || begin >= end) continue;
      const add = (entry: Entry, position: number): void => {
        if (known.has(keyOf(entry, position))) return;
        again.push({ entry, position, from: 0, to: 0, lineAt: -Infinity, matches: none, refuted: none });
      };
      this.#engine.keywords(count, begin, end, add, context);
      done = end;
    }
  }

  /** The text begins, or ends, as the one before did. */
  #isSameEdge(stretches: readonly Stretch[], at: number): boolean {
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (first === undefined || last === undefined) return false;
    return at === 0 ? first.before === 0 : last.before + last.length === this.#count;
  }

  #tryAll(count: number, candidates: readonly Candidate[], context: ScanContext): void {
    for (let next = 0; next < candidates.length;) {
      const { from, to, end } = this.#engine.partOf(candidates, next, count);
      const run = this.#engine.begin(count, from, to);
      for (; next < end; next += 1) this.#tryAgain(run, candidates[next]!, context);
    }
  }

  #tryAgain(run: Run, candidate: Candidate, context: ScanContext): void {
    const { entry, position } = candidate;
    const matches = run.matches.length;
    const refuted = run.refuted.length;
    this.#engine.consider(run, entry, position, context);
    candidate.matches = run.matches.length === matches ? none : run.matches.slice(matches);
    candidate.refuted = run.refuted.length === refuted ? none : run.refuted.slice(refuted);
    const reach = this.#engine.reachOf(entry);
    const end = position + entry.bytes.length;
    candidate.from = position - reach.before;
    candidate.to = end + reach.after;
    candidate.lineAt = reach.isAssigned ? end + assignmentReach.begin : -Infinity;
    if (reach.isWrapped) {
      candidate.from = Math.min(candidate.from, run.wrapped.from);
      candidate.to = Math.max(candidate.to, run.wrapped.to);
    }
  }

  #remember(bytes: Buffer, context: ScanContext): void {
    if (this.#previous.length < bytes.length) this.#previous = Buffer.allocUnsafeSlow(bytes.length * 2);
    bytes.copy(this.#previous);
    this.#count = bytes.length;
    this.#context = context;
  }

  #settle(): Match[] {
    const matches: Match[] = [];
    const refuted: Refuted[] = [];
    for (const candidate of this.#candidates) {
      if (candidate.matches.length > 0) matches.push(...candidate.matches);
      if (candidate.refuted.length > 0) refuted.push(...candidate.refuted);
    }
    return settleOverlaps(matches, refuted);
  }
}

/** The keyword at its place, as one number. */
function keyOf(entry: Entry, position: number): number {
  return position * 2 ** 20 + entry.address;
}

function gramAt({ position, entry }: Candidate): number {
  return position + entry.offset;
}

/** As the filter reports keywords: by the place of their gram. */
function inOrder(a: Candidate, b: Candidate): number {
  return gramAt(a) - gramAt(b) || a.entry.address - b.entry.address;
}

/** One list of two that are in order. */
function merge(a: readonly Candidate[], b: readonly Candidate[]): Candidate[] {
  const merged: Candidate[] = [];
  let next = 0;
  for (const one of b) {
    for (let other = a[next]; other !== undefined && inOrder(other, one) < 0; other = a[next]) {
      merged.push(other);
      next += 1;
    }
    merged.push(one);
  }
  for (; next < a.length; next += 1) merged.push(a[next]!);
  return merged;
}

function isSame(a: ScanContext | undefined, b: ScanContext): boolean {
  return a !== undefined && a.path === b.path && a.least === b.least && a.bareValues === b.bareValues;
}

function move(candidate: Candidate, shift: number): void {
  if (shift === 0) return;
  candidate.position += shift;
  candidate.from += shift;
  candidate.to += shift;
  candidate.lineAt += shift;
  for (const span of candidate.matches) moveSpan(span, shift);
  for (const span of candidate.refuted) moveSpan(span, shift);
}

function moveSpan(span: { start: number; end: number }, shift: number): void {
  span.start += shift;
  span.end += shift;
}
