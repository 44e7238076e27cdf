// After a crash: the lines that are in the file but not in the table. They go there with the heads of their chains, in one
// transaction, so that nobody brings them a second time: the process itself, if it only seemed dead, finds its head moved.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Reader, Store } from '../store/store.ts';
import type { ChainHead } from './chain.ts';
import type { FileDevice } from './file-device.ts';
import { type IndexedRun, packRuns } from './chunk.ts';
import { indexLines } from './index-table.ts';
import type { AuditLine } from './record.ts';

/** The last line of a chain that is in the table, and where the next one stands in the file. */
export interface StoredHead extends Pick<ChainHead, 'chain' | 'seq' | 'mac'> {
  readonly at: number;
  readonly path?: string;
  readonly inode?: number;
  readonly begin?: string | undefined;
  readonly offset?: number;
  /** No line follows: its process has stopped, or was found dead. */
  readonly ended?: boolean;
}

interface LeftLine {
  readonly line: AuditLine;
  readonly run: IndexedRun;
}

const headPrefix = 'audit/head/';
export const headKey = (chain: string): string => headPrefix + chain;

/** Most bytes read back, from the end: a second of records is far less. */
const maxBytes = 64 * 1024 * 1024;
/** A chain of this file that was silent for so long belongs to a process that has ended, or will be found by its next head. */
const deadAfterMs = 3_600_000;

/**
 * Brings complete lines of the file that no stored head covers into the table. Living processes that write to the same file
 * lose nothing by it: they find their heads moved.
 */
export async function recoverLines(
  store: Store,
  device: FileDevice | undefined,
  options: { readonly nowMs: number; readonly maxLines: number },
): Promise<void> {
  if (!device) return;
  for (;;) {
    const heads = await storedHeads(store);
    const left = leftLines(device, heads);
    const ended = dead(device, heads, options.nowMs);
    const flush = await packRuns(
      left.map(({ run }) => run),
      options.nowMs,
      options.maxLines,
    );
    if (!flush && ended.length === 0) return;
    const stored = await store.transaction(async (transaction) => {
      // Another process may have been faster.
      if (!isDeepStrictEqual(await storedHeads(transaction), heads)) return false;
      if (flush) await indexLines(transaction, flush, options.maxLines);
      for (const head of ended) {
        await transaction.put(headKey(head.chain), JSON.stringify({ ...head, ended: true } satisfies StoredHead));
      }
      for (const { chain, seq, mac } of lastOfEachChain(left)) {
        const head: StoredHead = { chain, seq, mac, at: options.nowMs, ...device.position };
        await transaction.put(headKey(chain), JSON.stringify(head));
      }
      return true;
    });
    if (stored) return;
  }
}

/** The heads of all chains. */
export async function storedHeads(reader: Reader): Promise<StoredHead[]> {
  const entries = await reader.scan({ prefix: headPrefix });
  return entries.map(({ value }) => JSON.parse(value.toString()) as StoredHead);
}

function leftLines(device: FileDevice, heads: readonly StoredHead[]): LeftLine[] {
  // A vault whose table is empty did not write this file.
  if (heads.length === 0) return [];
  // What stands before a head in its own file is in the table, as far as it is of that chain. A file that took its name is read
  // from its beginning.
  const own = headsOf(device, heads);
  const open = own.filter(({ ended }) => !ended).map(({ offset = 0 }) => offset);
  const offset = open.length > 0 ? Math.min(...open) : Math.max(0, ...own.map((head) => head.offset ?? 0));
  const covered = new Map(heads.map(({ chain, seq }) => [chain, seq]));
  return linesFrom(device.path, offset)
    .map(parseLine)
    .filter((found) => found !== undefined)
    .filter(({ line }) => line.seq > (covered.get(line.chain) ?? 0));
}

/** Servers on other machines may have a file of the same name, and even of the same inode. */
function headsOf(device: FileDevice, heads: readonly StoredHead[]): StoredHead[] {
  if (!device.position) return [];
  const { path, inode, begin } = device.position;
  return heads.filter((head) => head.path === path && head.inode === inode && (head.begin ?? begin) === begin);
}

function dead(device: FileDevice, heads: readonly StoredHead[], nowMs: number): StoredHead[] {
  return headsOf(device, heads).filter(({ ended, at }) => !ended && at < nowMs - deadAfterMs);
}

function linesFrom(path: string, offset: number): string[] {
  const fd = openSync(path, 'r');
  try {
    const end = fstatSync(fd).size;
    const size = Math.min(end - offset, maxBytes);
    if (size <= 0) return [];
    const bytes = Buffer.alloc(size);
    readSync(fd, bytes, 0, size, end - size);
    // Of a line that begins before, the end is no JSON, and is left out.
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
