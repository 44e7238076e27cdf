// One finding per secret: of matches that overlap the surest is kept, and none stands where a surer rule's check said no.

import type { Match, Refuted } from './engine.ts';

const rank = { generic: 0, structured: 1, format: 2 } as const;

/** The matches to report, in order of position. */
export function settleOverlaps(matches: readonly Match[], refuted: readonly Refuted[]): Match[] {
  if (matches.length === 0) return [];
  const standing = matches.filter(
    (match) =>
      match.rule.confidence === 'format' ||
      !refuted.some((other) => other.start < match.end && match.start < other.end),
  );
  const sorted = standing.sort(
    (a, b) =>
      rank[b.rule.confidence] - rank[a.rule.confidence] || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const kept: Match[] = [];
  for (const match of sorted) {
    if (!kept.some((other) => other.start < match.end && match.start < other.end)) kept.push(match);
  }
  return kept.sort((a, b) => a.start - b.start);
}
