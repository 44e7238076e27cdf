// The audit records that routes can ask for: newest first, by project. Records are kept in chunks, one for each flush and
// project, so that ten thousand reads a second cost a few rows, not ten thousand. The table is bounded; the file is the
// archive.
//
//   audit/flush/<ms>-<chain>-<seq>               what the flush holds: lines for each project ("-": none)
//   audit/chunk/<ms>-<chain>-<seq>/<project>     the lines (chunk.ts)
//   audit/project/<project>/<ms>-<chain>-<seq>   finds the chunks of a project
//   audit/total, audit/total/<project>           how many lines are in the table

import { ZvaultError } from '../../domain/errors.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { type PackedFlush, unpackLines } from './chunk.ts';
import type { AuditLine } from './record.ts';

export interface AuditQuery {
  /** Absent: all records. */
  readonly projectId?: string;
  readonly limit: number;
  readonly offset?: number;
  /** A cursor from an earlier answer. */
  readonly after?: string;
}

export interface AuditPage {
  readonly entries: readonly { readonly line: AuditLine; readonly cursor: string }[];
  readonly total: number;
}

const chunksRead = 16;

/** Adds lines to the table, and drops the oldest flushes beyond `maxLines`. */
export async function indexLines(transaction: Transaction, flush: PackedFlush, maxLines: number): Promise<void> {
  const { name, chunks } = flush;
  await transaction.prefetch(['audit/total', ...chunks.map(({ project }) => `audit/total/${project}`)]);
  const counts: Record<string, number> = {};
  let added = 0;
  for (const { project, lines, value } of chunks) {
    counts[project] = lines;
    added += lines;
    await transaction.put(`audit/chunk/${name}/${project}`, value);
    await transaction.put(`audit/project/${project}/${name}`, '');
    await addTotal(transaction, `audit/total/${project}`, lines);
  }
  await transaction.put(`audit/flush/${name}`, JSON.stringify(counts));
  let total = await addTotal(transaction, 'audit/total', added);
  while (total > maxLines) {
    const dropped = await dropOldest(transaction, `audit/flush/${name}`);
    if (dropped === 0) break;
    total = await addTotal(transaction, 'audit/total', -dropped);
  }
}

/** Reads a page, newest first. @throws BAD_REQUEST when `after` is no cursor */
export async function queryAudit(reader: Reader, query: AuditQuery): Promise<AuditPage> {
  const { projectId } = query;
  const prefix = projectId === undefined ? 'audit/flush/' : `audit/project/${projectId}/`;
  const from = query.after === undefined ? undefined : parseCursor(query.after);
  const entries: { line: AuditLine; cursor: string }[] = [];
  let skip = query.offset ?? 0;
  // The cursor's own flush is read again, and its newer lines are left out.
  let before: string | undefined = from && `${prefix}${from.flush}~`;
  while (entries.length < query.limit) {
    const found = await reader.scan({
      prefix,
      ...(before === undefined ? {} : { before }),
      reverse: true,
      limit: chunksRead,
    });
    if (found.length === 0) break;
    for (const { key, value } of found) {
      before = key;
      const flush = key.slice(prefix.length);
      const projects = projectId === undefined ? Object.keys(JSON.parse(value.toString()) as object) : [projectId];
      const lines = await readFlush(reader, flush, projects);
      const end = from && from.flush === flush ? Math.min(from.line, lines.length) : lines.length;
      for (let index = end - 1; index >= 0 && entries.length < query.limit; index -= 1) {
        const line = lines[index];
        if (skip > 0) skip -= 1;
        else if (line) entries.push({ line, cursor: formatCursor(flush, index) });
      }
    }
  }
  return {
    entries,
    total: await readTotal(reader, projectId === undefined ? 'audit/total' : `audit/total/${projectId}`),
  };
}

/** Lines of the projects' chunks of one flush, oldest first. */
async function readFlush(reader: Reader, flush: string, projects: readonly string[]): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  for (const project of projects) {
    const chunk = await reader.get(`audit/chunk/${flush}/${project}`);
    if (chunk) for (const line of await unpackLines(chunk.value)) lines.push(line);
  }
  if (projects.length > 1)
    lines.sort((a, b) => (a.timestamp === b.timestamp ? a.seq - b.seq : a.timestamp < b.timestamp ? -1 : 1));
  return lines;
}

async function dropOldest(transaction: Transaction, newest: string): Promise<number> {
  const [oldest] = await transaction.scan({ prefix: 'audit/flush/', before: newest, limit: 1 });
  if (!oldest) return 0;
  const flush = oldest.key.slice('audit/flush/'.length);
  let dropped = 0;
  for (const [project, count] of Object.entries(JSON.parse(oldest.value.toString()) as Record<string, number>)) {
    await transaction.delete(`audit/chunk/${flush}/${project}`);
    await transaction.delete(`audit/project/${project}/${flush}`);
    await addTotal(transaction, `audit/total/${project}`, -count);
    dropped += count;
  }
  await transaction.delete(oldest.key);
  return dropped;
}

async function addTotal(transaction: Transaction, key: string, count: number): Promise<number> {
  const total = Math.max(0, (await readTotal(transaction, key)) + count);
  await transaction.put(key, String(total));
  return total;
}

async function readTotal(reader: Reader, key: string): Promise<number> {
  const entry = await reader.get(key);
  return entry ? Number(entry.value.toString()) : 0;
}

function formatCursor(flush: string, line: number): string {
  return Buffer.from(`${flush}:${line}`).toString('base64url');
}

function parseCursor(text: string): { flush: string; line: number } {
  const match = /^(\d{14}-[0-9a-f]{8}-\d{12}):(\d{1,9})$/.exec(Buffer.from(text, 'base64url').toString());
  // Taken for none, a damaged cursor would send a reader back to the beginning, again and again.
  if (!match) throw new ZvaultError('BAD_REQUEST', 'the parameter "after" is not a cursor');
  return { flush: match[1] ?? '', line: Number(match[2]) };
}
