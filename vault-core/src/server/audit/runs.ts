// Splits what one write put into a slab into runs of lines of the same project, without copying.

import type { IndexedRun } from './index-table.ts';
import type { AuditEvent } from './record.ts';

/** `ends`: where each line ends in the slab, in the order of `events`. */
export function runsOfProject(
  slab: Buffer,
  start: number,
  ends: readonly number[],
  events: readonly Pick<AuditEvent, 'projectId'>[],
): IndexedRun[] {
  const runs: IndexedRun[] = [];
  let from = start;
  let count = 0;
  for (const [index, { projectId }] of events.entries()) {
    count += 1;
    const next = events[index + 1];
    if (next && next.projectId === projectId) continue;
    const end = ends[index] ?? from;
    runs.push({ bytes: slab.subarray(from, end), lines: count, projectId });
    from = end;
    count = 0;
  }
  return runs;
}

/** The runs without their first `count` lines. */
export function withoutFirst(runs: readonly IndexedRun[], count: number): IndexedRun[] {
  const left: IndexedRun[] = [];
  let skip = count;
  for (const { bytes, lines, projectId } of runs) {
    const skipped = Math.min(Math.max(0, skip), lines);
    skip -= skipped;
    if (skipped === lines) continue;
    let from = 0;
    for (let line = 0; line < skipped; line += 1) from = bytes.indexOf('\n', from) + 1;
    left.push({ bytes: bytes.subarray(from), lines: lines - skipped, projectId });
  }
  return left;
}
