// One finding per secret: of matches that overlap the surest is kept, and none stands where a surer rule's check said no.

import type { Match, Refuted } from './engine.ts';

const rank = { generic: 0, structured: 1, format: 2 } as const;

/** The matches to report, in order of position. */
export function settleOverlaps(matches: readonly Match[], refuted: readonly Refuted[]): Match[] {
  if (matches.length === 0) return [];
  const wrong = new Spans();
  for (const span of refuted) wrong.add(span);
  const sorted = matches
    .filter((match) => match.rule.confidence === 'format' || !wrong.overlaps(match))
    .sort(
      (a, b) =>
        rank[b.rule.confidence] - rank[a.rule.confidence] || b.end - b.start - (a.end - a.start) || a.start - b.start,
    );
  const taken = new Spans();
  const kept = sorted.filter((match) => {
    const free = !taken.overlaps(match);
    if (free) taken.add(match);
    return free;
  });
  return kept.sort((a, b) => a.start - b.start);
}

const cellBits = 8;

/** Spans by the cells of 256 bytes that they touch: a file may have thousands. */
class Spans {
  readonly #cells = new Map<number, Refuted[]>();

  add(span: Refuted): void {
    for (let cell = span.start >> cellBits; cell <= (span.end - 1) >> cellBits; cell++) {
      const known = this.#cells.get(cell);
      if (known) known.push(span);
      else this.#cells.set(cell, [span]);
    }
  }

  overlaps({ start, end }: Refuted): boolean {
    for (let cell = start >> cellBits; cell <= (end - 1) >> cellBits; cell++)
      if (this.#cells.get(cell)?.some((other) => other.start < end && start < other.end) === true) return true;
    return false;
  }
}
