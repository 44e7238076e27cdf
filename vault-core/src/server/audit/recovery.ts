// After a crash: the lines that are in the file but not in the table. They go there with the heads of their chains, in one
// transaction, so that nobody brings them a second time: the process itself, if it only seemed dead, finds its head moved.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Reader, Store } from '../store/store.ts';
import type { ChainHead } from './chain.ts';
import type { FileDevice } from './file-device.ts';
import { type IndexedRun, indexLines } from './index-table.ts';
import type { AuditLine } from './record.ts';

/** The last line of a chain that is in the table, and where the next one stands in the file. */
export interface StoredHead extends ChainHead {
  readonly at: number;
  readonly path?: string;
  readonly inode?: number;
  readonly begin?: string | undefined;
  readonly offset?: number;
}

interface LeftLine {
  readonly line: AuditLine;
  readonly run: IndexedRun;
}

const headPrefix = 'audit/head/';
export const headKey = (chain: string): string => headPrefix + chain;

/** Most bytes read back: a second of records is far less, so more means that the file is another one. */
const maxBytes = 64 * 1024 * 1024;

/** Brings complete lines of the file that no stored head covers into the table. */
export async function recoverLines(
  store: Store,
  device: FileDevice | undefined,
  options: { readonly nowMs: number; readonly maxLines: number },
): Promise<void> {
  if (!device || leftLines(device, await storedHeads(store)).length === 0) return;
  await store.transaction(async (transaction) => {
    // Read anew: another process may have been faster.
    const left = leftLines(device, await storedHeads(transaction));
    await indexLines(
      transaction,
      left.map(({ run }) => run),
      options.nowMs,
      options.maxLines,
    );
    for (const { chain, seq, mac } of lastOfEachChain(left)) {
      const head: StoredHead = { chain, seq, mac, at: options.nowMs, ...device.position };
      await transaction.put(headKey(chain), JSON.stringify(head));
    }
  });
}

async function storedHeads(reader: Reader): Promise<StoredHead[]> {
  const entries = await reader.scan({ prefix: headPrefix });
  return entries.map(({ value }) => JSON.parse(value.toString()) as StoredHead);
}

function leftLines(device: FileDevice, heads: readonly StoredHead[]): LeftLine[] {
  // A vault whose table is empty did not write this file.
  if (heads.length === 0) return [];
  // What stands before a head in its own file is in the table. A file that took its name is read from its beginning.
  // Servers on other machines may have a file of the same name, and even of the same inode.
  const { path, inode, begin } = device.position;
  const own = heads.filter((head) => head.path === path && head.inode === inode && (head.begin ?? begin) === begin);
  const offset = Math.max(0, ...own.map((head) => head.offset ?? 0));
  const covered = new Map(heads.map(({ chain, seq }) => [chain, seq]));
  return linesFrom(path, offset)
    .map(parseLine)
    .filter((found) => found !== undefined)
    .filter(({ line }) => line.seq > (covered.get(line.chain) ?? 0));
}

function linesFrom(path: string, offset: number): string[] {
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size - offset;
    if (size <= 0 || size > maxBytes) return [];
    const bytes = Buffer.alloc(size);
    readSync(fd, bytes, 0, size, offset);
    return bytes.toString().split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
  }
}

/** `undefined` for what is no line of ours. */
function parseLine(text: string): LeftLine | undefined {
  try {
    const line = JSON.parse(text) as AuditLine;
    if (typeof line.chain !== 'string' || typeof line.seq !== 'number') return undefined;
    return { line, run: { bytes: Buffer.from(`${text}\n`), lines: 1, projectId: line.scope.project_id } };
  } catch {
    return undefined;
  }
}

function lastOfEachChain(left: readonly LeftLine[]): Iterable<AuditLine> {
  return new Map(left.map(({ line }) => [line.chain, line])).values();
}
