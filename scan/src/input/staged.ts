// The staged content: the blobs of the index, not a textual diff, so that `-diff`, `binary` and UTF-16 hide nothing. Only for
// files with findings is a diff asked which lines this commit adds.

import { ZvaultError } from '@zvault/core/domain';
import type { Found } from '../scanner.ts';
import { type BlobReader, readBlobs } from './blobs.ts';
import { type Change, type GitContext, displayPath, readChanges, runGit, runGitWithin } from './git.ts';
import { readContents, wholeFilePatch } from './patch.ts';
import { type InputContext, isLfsPointer } from './source.ts';

/** Scans what the next commit would bring in. @param paths only these; all if there are none. @throws USAGE for an index with conflicts, PARTIAL when git fails */
export async function scanStaged(git: GitContext, context: InputContext, paths: readonly string[]): Promise<void> {
  const { changes, contents } = await readStage(git, paths);
  const unmerged = changes.find((change) => change.status === 'U');
  if (unmerged)
    throw new ZvaultError('USAGE', `"${displayPath(git, unmerged.path)}" has conflicts`, {
      hint: 'resolve them and stage the file',
    });
  const byBlob = groupByBlob(git, context, changes);
  const found = new Map<Change, Found[]>();
  const perBlob = await scanBlobs(git, context, byBlob, contents);
  for (const [change, findings] of perBlob) if (findings.length > 0) found.set(change, findings);
  if (found.size === 0) return;
  const renames = await renameSources(git);
  for (const [change, findings] of found) {
    const added = await addedLines(git, change, renames.get(change.path));
    for (const one of findings)
      if (added === 'all' || added.some(([from, to]) => one.finding.line <= to && one.finding.endLine >= from))
        context.onFound(one);
  }
}

/** What is staged, and its contents by their id as far as they are few. */
interface Stage {
  readonly changes: readonly Change[];
  readonly contents: ReadonlyMap<string, string>;
}

/** What a commit mostly brings fits in so much, in bytes; above it the contents are read one by one. */
const fewBytes = 4 * 1024 * 1024;
/** Git compares before it writes: after so long, in milliseconds, a large file is read instead. */
const fewTime = 1000;

async function readStage(git: GitContext, paths: readonly string[]): Promise<Stage> {
  const list = [
    '--literal-pathspecs',
    'diff',
    '--cached',
    '--raw',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--diff-filter=ACMTU',
    '--abbrev=64',
  ];
  const both = listWithContents(git, list, paths);
  if (both === undefined) {
    const answer = await runGit(git.host, [...list, '--', ...paths]);
    return { changes: [...readChanges(answer.toString('utf8').split('\0'))], contents: new Map() };
  }
  const listed = both.indexOf('\0\0');
  const end = listed === -1 ? both.length : listed;
  return {
    changes: [...readChanges(both.toString('utf8', 0, end).split('\0'))],
    contents: readContents(both.toString('latin1', end + 2)),
  };
}

function listWithContents(git: GitContext, list: readonly string[], paths: readonly string[]): Buffer | undefined {
  const args = [...list, ...wholeFilePatch, '--', ...paths];
  try {
    return runGitWithin(git.host, args, { bytes: fewBytes, time: fewTime });
  } catch {
    return undefined; // It needs what was there before, too. Without it git tells more exactly what is wrong.
  }
}

/** Blobs to read with the files that have them; what can't be read is named. */
function groupByBlob<C extends Change>(
  git: GitContext,
  context: InputContext,
  changes: readonly C[],
): Map<string, C[]> {
  const byBlob = new Map<string, C[]>();
  for (const change of changes) {
    if (context.excluded(displayPath(git, change.path))) continue;
    if (change.mode === '160000') {
      context.onSkipped({ path: displayPath(git, change.path), reason: 'a submodule' });
      continue;
    }
    const known = byBlob.get(change.blob);
    if (known) known.push(change);
    else byBlob.set(change.blob, [change]);
  }
  return byBlob;
}

/** Scans each blob once for each path that has it (a path's name takes part in the findings). */
async function scanBlobs<C extends Change>(
  git: GitContext,
  context: InputContext,
  byBlob: Map<string, C[]>,
  contents: ReadonlyMap<string, string>,
): Promise<Map<C, Found[]>> {
  const found = new Map<C, Found[]>();
  const skip = (id: string, reason: string): void => {
    for (const change of byBlob.get(id) ?? []) context.onSkipped({ path: displayPath(git, change.path), reason });
  };
  const reader: BlobReader = {
    room: (count) => context.scanner.room(count),
    onBlob: (id, size) => {
      const changes = byBlob.get(id) ?? [];
      if (isLfsPointer(context.scanner.room(size))) return skip(id, 'its content is in Git LFS');
      const copy = changes.length > 1 || context.deep ? Buffer.from(context.scanner.room(size)) : undefined;
      for (const change of changes) {
        const path = displayPath(git, change.path);
        const inside = copy && context.deep ? context.scanArchive(path, copy) : undefined;
        const findings = inside ?? (copy ? context.scanner.scan(path, copy) : context.scanner.scanRoom(path, size));
        found.set(change, findings);
      }
    },
    onLarge: (id, size) => skip(id, `${size} bytes, over the limit`),
    onMissing: (id) => skip(id, 'the object is not in this repository'),
  };
  const others: string[] = [];
  for (const id of byBlob.keys()) {
    const content = contents.get(id);
    if (content === undefined) others.push(id);
    else if (context.maxFileSize !== 0 && content.length > context.maxFileSize) reader.onLarge(id, content.length);
    else {
      reader.room(content.length).write(content, 'latin1');
      reader.onBlob(id, content.length);
    }
  }
  if (others.length > 0) await readBlobs(git.host, others, context.maxFileSize, reader);
  return found;
}

/** New path to old path of what git takes for renamed. */
async function renameSources(git: GitContext): Promise<Map<string, string>> {
  const list = await runGit(git.host, [
    'diff',
    '--cached',
    '--raw',
    '-z',
    '-M',
    '--no-ext-diff',
    '--diff-filter=R',
    '--abbrev=64',
  ]).catch(() => Buffer.alloc(0));
  const fields = list.toString('utf8').split('\0');
  const sources = new Map<string, string>();
  for (let i = 0; i + 2 < fields.length; i += 3) sources.set(fields[i + 2] ?? '', fields[i + 1] ?? '');
  return sources;
}

/** Ranges of lines that the commit adds to the file; all of them if git can't tell (its old content may be elsewhere). */
async function addedLines(
  git: GitContext,
  change: Change,
  source: string | undefined,
): Promise<'all' | (readonly [from: number, to: number])[]> {
  if (change.status === 'A' && source === undefined) return 'all';
  const top = git.prefix === '' ? [] : [':(top,literal)'];
  const paths = [...(source === undefined ? [] : [source]), change.path].map((path) =>
    top.length > 0 ? `:(top,literal)${path}` : path,
  );
  const literal = top.length > 0 ? [] : ['--literal-pathspecs'];
  let patch: string;
  try {
    patch = (
      await runGit(git.host, [
        ...literal,
        'diff',
        '--cached',
        '-U0',
        '--text',
        '--no-ext-diff',
        '--no-textconv',
        '--no-color',
        '-M',
        '--',
        ...paths,
      ])
    ).toString('latin1');
  } catch {
    return 'all';
  }
  const ranges: [number, number][] = [];
  let skip = 0;
  for (const line of patch.split('\n')) {
    if (skip > 0) {
      // The hunk's own lines may look like headers. "\ No newline" is no line of either side.
      if (!line.startsWith('\\')) skip -= 1;
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk === null) continue;
    const count = Number(hunk[3] ?? '1');
    const from = Number(hunk[2]);
    if (count > 0) ranges.push([from, from + count - 1]);
    skip = Number(hunk[1] ?? '1') + count;
  }
  return ranges;
}
