// Splits the bytes of one write into runs of lines of the same project, without copying.

import type { IndexedRun } from './index-table.ts';
import type { AuditEvent } from './record.ts';

export function runsOfProject(
  bytes: Buffer,
  lines: readonly string[],
  events: readonly Pick<AuditEvent, 'projectId'>[],
): IndexedRun[] {
  const runs: IndexedRun[] = [];
  let start = 0;
  let end = 0;
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const projectId = events[index]?.projectId ?? null;
    end += lines.length === 1 ? bytes.length : Buffer.byteLength(line);
    count += 1;
    const next = events[index + 1];
    if (next && next.projectId === projectId) continue;
    runs.push({ bytes: bytes.subarray(start, end), lines: count, projectId });
    start = end;
    count = 0;
  }
  return runs;
}
