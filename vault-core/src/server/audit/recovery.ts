// After a crash: the lines that are in the file but not in the table.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Store } from '../store/store.ts';
import type { FileDevice } from './file-device.ts';
import type { IndexedRun } from './index-table.ts';
import type { AuditLine } from './record.ts';

interface StoredHead {
  readonly chain: string;
  readonly seq: number;
  readonly at: number;
  readonly path?: string;
  readonly offset?: number;
}

/** Most bytes read back: a second of records is far less, so more means that the file is another one. */
const maxBytes = 64 * 1024 * 1024;

/** Complete lines after the newest stored head of this file. A rotated file gives none. */
export async function recoverLines(store: Store, device: FileDevice | undefined): Promise<IndexedRun[]> {
  if (!device) return [];
  const heads = (await store.scan({ prefix: 'audit/head/' }))
    .map(({ value }) => JSON.parse(value.toString()) as StoredHead)
    .filter((head) => head.path === device.path && head.offset !== undefined);
  const newest = heads.reduce<StoredHead | undefined>(
    (best, head) => (best && (best.offset ?? 0) > (head.offset ?? 0) ? best : head),
    undefined,
  );
  return newest ? readLines(device.path, newest.offset ?? 0, newest) : [];
}

function readLines(path: string, offset: number, head: StoredHead): IndexedRun[] {
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size - offset;
    if (size <= 0 || size > maxBytes) return [];
    const bytes = Buffer.alloc(size);
    readSync(fd, bytes, 0, size, offset);
    return bytes
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => indexed(line, head))
      .filter((line) => line !== undefined);
  } finally {
    closeSync(fd);
  }
}

/** A line that is ours and not in the table yet. */
function indexed(text: string, head: StoredHead): IndexedRun | undefined {
  try {
    const { chain, seq, scope } = JSON.parse(text) as AuditLine;
    if (typeof chain !== 'string' || (chain === head.chain && seq <= head.seq)) return undefined;
    return { bytes: Buffer.from(`${text}\n`), lines: 1, projectId: scope.project_id };
  } catch {
    return undefined;
  }
}
