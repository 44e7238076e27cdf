// How the table keeps lines: by project, and in large numbers compressed (Zstandard, RFC 8878). Lines of a busy second are nearly
// the same; compressed they are a twentieth, and the store has a twentieth to write.
//
// A chunk is the lines as they are, or frames: four bytes of length, big-endian, and as many bytes of a Zstandard frame. Lines
// start with a brace; a length never does, since a frame holds at most a megabyte of lines, or one line.

import { promisify } from 'node:util';
import type { AuditLine } from './record.ts';

/** Lines of the log that follow each other and belong to one project, newlines included. */
export interface IndexedRun {
  readonly bytes: Buffer;
  readonly lines: number;
  readonly projectId: string | null;
}

/** The lines of one project in one flush. */
interface Chunk {
  /** An id, or `noProject`. */
  readonly project: string;
  readonly lines: number;
  readonly value: Buffer;
}

/** What goes into the table at once. */
export interface PackedFlush {
  /** Time, then what makes it unique: chain and number of the first line. */
  readonly name: string;
  readonly chunks: readonly Chunk[];
}

const noProject = '-';
/** Fewer bytes than this are not worth a frame. */
const leastPackedBytes = 16_384;
const frameBytes = 1_048_576;
const openingBrace = 0x7b;

/** Makes chunks of lines (newest last), of about the last `maxLines`. `undefined` when there are none. */
export async function packRuns(
  runs: readonly IndexedRun[],
  nowMs: number,
  maxLines: number,
): Promise<PackedFlush | undefined> {
  const [first] = runs;
  if (!first) return undefined;
  const byProject = new Map<string, { parts: Buffer[]; lines: number; bytes: number }>();
  for (const { bytes, lines, projectId } of newest(runs, maxLines)) {
    const project = projectId ?? noProject;
    let own = byProject.get(project);
    if (!own) byProject.set(project, (own = { parts: [], lines: 0, bytes: 0 }));
    own.parts.push(bytes);
    own.lines += lines;
    own.bytes += bytes.length;
  }
  const chunks: Chunk[] = [];
  for (const [project, { parts, lines, bytes }] of byProject) {
    const value = bytes < leastPackedBytes ? Buffer.concat(parts) : Buffer.concat(await frames(parts));
    chunks.push({ project, lines, value });
  }
  return { name: flushName(first, nowMs), chunks };
}

/** The lines of a chunk, oldest first. */
export async function unpackLines(chunk: Buffer): Promise<AuditLine[]> {
  const lines = (text: Buffer): AuditLine[] =>
    text
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditLine);
  if (chunk[0] === openingBrace || chunk.length === 0) return lines(chunk);
  const { zstdDecompress } = await import('node:zlib');
  const found: AuditLine[][] = [];
  for (let at = 0; at < chunk.length;) {
    const end = at + 4 + chunk.readUInt32BE(at);
    found.push(lines(await promisify(zstdDecompress)(chunk.subarray(at + 4, end))));
    at = end;
  }
  return found.flat();
}

/** Compressed on the thread pool, a megabyte at a time. */
async function frames(parts: readonly Buffer[]): Promise<Buffer[]> {
  const { zstdCompress, constants } = await import('node:zlib');
  const compress = promisify<Buffer, object, Buffer>(zstdCompress);
  const packed: Buffer[] = [];
  for (const group of grouped(parts)) {
    const [only] = group;
    const bytes = group.length === 1 && only ? only : Buffer.concat(group);
    const frame = await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    packed.push(length, frame);
  }
  return packed;
}

function grouped(parts: readonly Buffer[]): Buffer[][] {
  const groups: Buffer[][] = [];
  let sizeBytes = frameBytes;
  for (const part of parts) {
    if (sizeBytes + part.length > frameBytes) {
      groups.push([]);
      sizeBytes = 0;
    }
    groups.at(-1)?.push(part);
    sizeBytes += part.length;
  }
  return groups;
}

/** The last runs, up to about `maxLines`: what is dropped at once need not be written first. */
function newest(runs: readonly IndexedRun[], maxLines: number): readonly IndexedRun[] {
  let lines = 0;
  let start = runs.length;
  while (start > 0 && lines < maxLines) lines += runs[--start]?.lines ?? 0;
  return start === 0 ? runs : runs.slice(start);
}

function flushName({ bytes }: IndexedRun, nowMs: number): string {
  const { chain, seq } = JSON.parse(bytes.toString('utf8', 0, bytes.indexOf('\n'))) as AuditLine;
  return `${String(nowMs).padStart(14, '0')}-${chain.slice(0, 8)}-${String(seq).padStart(12, '0')}`;
}
