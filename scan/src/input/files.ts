// Files and folders of the work tree. Folders are walked in order; `.git` is left out; links are not followed, their target's text
// is scanned.

import { closeSync, fstatSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { isUtf16, sniffBytes } from '../content.ts';
import { countCodePoints } from '../position.ts';
import type { Found, RoomText } from '../scanner.ts';
import { type InputContext, isLfsPointer } from './source.ts';

/** Bytes of a large file that are scanned at a time, and how many of them the next piece sees again. */
const pieceBytes = 2 * 1024 * 1024;
const overlapBytes = 64 * 1024;

/** A file to read: its path for the system, and as it is reported. */
export interface FileEntry {
  readonly path: string;
  readonly display: string;
  readonly link: boolean;
}

/** All files under the paths, in order. @throws USAGE for a path that does not exist */
export function* listFiles(
  context: Pick<InputContext, 'host' | 'excluded' | 'onSkipped'>,
  paths: readonly string[],
): Generator<FileEntry> {
  const roots = paths.map((given) => {
    const path = resolve(context.host.cwd, given);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new ZvaultError('USAGE', `"${given}" does not exist`);
    return { path, stats };
  });
  for (const { path, stats } of roots) {
    const display = displayOf(context.host.cwd, path);
    if (stats.isDirectory()) yield* walk(context, path, display === '' ? '' : `${display}/`);
    else yield { path, display, link: stats.isSymbolicLink() };
  }
}

function* walk(
  context: Pick<InputContext, 'excluded' | 'onSkipped'>,
  folder: string,
  prefix: string,
): Iterable<FileEntry> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    context.onSkipped({ path: prefix, reason: `can't be read (${codeOf(error)})` });
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const display = prefix + entry.name;
    if (entry.name === '.git' || context.excluded(entry.isDirectory() ? `${display}/` : display)) continue;
    const path = folder + sep + entry.name;
    if (entry.isDirectory()) yield* walk(context, path, `${display}/`);
    else if (entry.isFile() || entry.isSymbolicLink()) yield { path, display, link: entry.isSymbolicLink() };
    else context.onSkipped({ path: display, reason: 'neither a file nor a folder' });
  }
}

/** Scans one file and reports what it holds. */
export function scanFile(context: InputContext, entry: FileEntry): void {
  if (entry.link) {
    const target = readlinkSync(entry.path, 'buffer');
    for (const found of context.scanner.scan(entry.display, target)) context.onFound(found);
    return;
  }
  let file: number | undefined;
  try {
    file = openSync(entry.path, 'r');
    scanOpen(context, entry, file);
  } catch (error) {
    if (error instanceof ZvaultError) throw error;
    context.onSkipped({ path: entry.display, reason: `can't be read (${codeOf(error)})` });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function scanOpen(context: InputContext, entry: FileEntry, file: number): void {
  const { size } = fstatSync(file);
  if (size === 0) return;
  if (context.maxFileSize !== 0 && size > context.maxFileSize) {
    context.onSkipped({ path: entry.display, reason: `${size} bytes, over the limit` });
    return;
  }
  const { scanner } = context;
  if (context.deep) {
    const bytes = Buffer.allocUnsafe(size);
    const inside = context.scanArchive(entry.display, bytes.subarray(0, readFully(file, bytes, 0)));
    if (inside !== undefined) return inside.forEach((found) => context.onFound(found));
  }
  if (size > pieceBytes && !isUtf16(headOf(file))) return scanPieces(context, entry, file);
  const count = readFully(file, scanner.room(size), 0);
  if (isLfsPointer(scanner.room(count)))
    return context.onSkipped({ path: entry.display, reason: 'its content is in Git LFS' });
  for (const found of scanner.scanRoom(entry.display, count)) context.onFound(found);
}

function headOf(file: number): Buffer {
  const head = Buffer.allocUnsafe(sniffBytes);
  return head.subarray(0, readFully(file, head, 0));
}

/**
 * Scans a large file in pieces that overlap, so that it needs little memory; what comes out is what a scan of the whole gives, for secrets
 * of up to half the overlap. Each finding is reported by the piece that has the most text on both sides of its beginning.
 */
function scanPieces(context: InputContext, entry: FileEntry, file: number): void {
  const { scanner } = context;
  /** Of the current piece: where it begins in the file, its first line, and what that has before it, in code points. */
  let position = 0;
  let line = 0;
  let column = 0;
  let mark = 0;
  let binary = false;
  for (;;) {
    const count = readFully(file, scanner.room(pieceBytes), position);
    const text: RoomText = position === 0 ? scanner.textInRoom(count) : { count, binary };
    if (position === 0) {
      binary = text.binary;
      // A byte order mark.
      mark = count - text.count;
    }
    const step = pieceBytes - overlapBytes - (position === 0 ? mark : 0);
    const from = position === 0 ? 0 : overlapBytes / 2;
    const isLast = count < pieceBytes;
    const to = isLast ? Infinity : step + overlapBytes / 2;
    const offset = position === 0 ? 0 : position - mark;
    for (const found of scanner.scanRoom(entry.display, text.count, text))
      if (found.start >= from && found.start < to) context.onFound(moved(found, offset, line, column));
    if (isLast) return;
    const bytes = scanner.room(text.count);
    const lineStart = bytes.lastIndexOf(10, step - 1) + 1;
    column = (lineStart === 0 ? column : 0) + countCodePoints(bytes, lineStart, step);
    line += countLines(bytes, step);
    position += pieceBytes - overlapBytes;
  }
}

/** The finding as it stands in the whole. */
function moved(found: Found, offset: number, line: number, column: number): Found {
  const { finding } = found;
  const { line: first, endLine: last } = finding;
  return {
    ...found,
    start: found.start + offset,
    end: found.end + offset,
    finding: {
      ...finding,
      line: first + line,
      endLine: last + line,
      column: finding.column + (first === 1 ? column : 0),
      endColumn: finding.endColumn + (last === 1 ? column : 0),
    },
  };
}

function countLines(bytes: Buffer, until: number): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1 && at < until; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

/** Reads until the buffer is full or the file ends. Returns the number of bytes. */
function readFully(file: number, buffer: Buffer, position: number): number {
  let count = 0;
  while (count < buffer.length) {
    const read = readSync(file, buffer, count, buffer.length - count, position + count);
    if (read === 0) break;
    count += read;
  }
  return count;
}

function displayOf(cwd: string, path: string): string {
  const shown = relative(cwd, path);
  return (isAbsolute(shown) ? path : shown).split(sep).join('/');
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown error';
}
