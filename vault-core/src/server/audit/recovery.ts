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
  readonly inode?: number;
  readonly offset?: number;
}

/** Most bytes read back: a second of records is far less, so more means that the file is another one. */
const maxBytes = 64 * 1024 * 1024;

/** Complete lines of the file that no stored head covers. */
export async function recoverLines(store: Store, device: FileDevice | undefined): Promise<IndexedRun[]> {
  if (!device) return [];
  const heads = (await store.scan({ prefix: 'audit/head/' })).map(
    ({ value }) => JSON.parse(value.toString()) as StoredHead,
  );
  if (heads.length === 0) return [];
  // What stands before a head in its own file is in the table. A file that took its name is read from its beginning.
  const { path, inode } = device.position;
  const own = heads.filter((head) => head.path === path && head.inode === inode);
  const offset = Math.max(0, ...own.map((head) => head.offset ?? 0));
  const covered = new Map(heads.map(({ chain, seq }) => [chain, seq]));
  return readLines(path, offset, covered);
}

function readLines(path: string, offset: number, covered: ReadonlyMap<string, number>): IndexedRun[] {
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
      .map((line) => indexed(line, covered))
      .filter((line) => line !== undefined);
  } finally {
    closeSync(fd);
  }
}

/** A line that is ours and not in the table yet. */
function indexed(text: string, covered: ReadonlyMap<string, number>): IndexedRun | undefined {
  try {
    const { chain, seq, scope } = JSON.parse(text) as AuditLine;
    if (typeof chain !== 'string' || seq <= (covered.get(chain) ?? 0)) return undefined;
    return { bytes: Buffer.from(`${text}\n`), lines: 1, projectId: scope.project_id };
  } catch {
    return undefined;
  }
}
