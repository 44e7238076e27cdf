// Files and folders of the work tree. Folders are walked in order; `.git` is left out; links are not followed, their target's text
// is scanned.

import { closeSync, fstatSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { type InputContext, isLfsPointer } from './source.ts';

/** Bytes of a large file that are scanned at a time, and how many of them the next piece sees again. */
const pieceBytes = 16 * 1024 * 1024;
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
  if (size > pieceBytes) return scanPieces(context, entry, file);
  const room = context.scanner.room(size);
  const count = readFully(file, room, 0);
  const whole = room.subarray(0, count);
  if (isLfsPointer(whole)) return context.onSkipped({ path: entry.display, reason: 'its content is in Git LFS' });
  const inside = context.deep ? context.scanArchive(entry.display, Buffer.from(whole)) : undefined;
  if (context.deep && inside === undefined) readFully(file, context.scanner.room(size), 0);
  for (const found of inside ?? context.scanner.scanRoom(entry.display, count)) context.onFound(found);
}

/** A file too large to hold is scanned in pieces that overlap; a finding in the overlap is reported by the first that has it whole. */
function scanPieces(context: InputContext, entry: FileEntry, file: number): void {
  let position = 0;
  let lineBase = 0;
  let reportedUntil = 0;
  for (;;) {
    const room = context.scanner.room(pieceBytes);
    const count = readFully(file, room, position);
    if (count === 0) return;
    const last = count < pieceBytes;
    const linesInStep = last ? 0 : countLines(room, pieceBytes - overlapBytes);
    for (const found of context.scanner.scanRoom(entry.display, count)) {
      const end = position + found.end;
      if (position + found.start < reportedUntil) continue;
      reportedUntil = end;
      const { finding } = found;
      context.onFound({
        ...found,
        finding: { ...finding, line: finding.line + lineBase, endLine: finding.endLine + lineBase },
      });
    }
    if (last) return;
    position += pieceBytes - overlapBytes;
    lineBase += linesInStep;
  }
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
