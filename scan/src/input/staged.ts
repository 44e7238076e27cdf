// The staged content: the blobs of the index, not a textual diff, so that `-diff`, `binary` and UTF-16 hide nothing. Only for
// files with findings is a diff asked which lines this commit adds.

import { ZvaultError } from '@zvault/core/domain';
import type { Found } from '../scanner.ts';
import { readBlobs } from './blobs.ts';
import { type Change, type GitContext, displayPath, readChanges, runGit } from './git.ts';
import { type InputContext, isLfsPointer } from './source.ts';

/** Scans what the next commit would bring in. @param paths only these; all if there are none. @throws USAGE for an index with conflicts, PARTIAL when git fails */
export async function scanStaged(git: GitContext, context: InputContext, paths: readonly string[]): Promise<void> {
  const list = await listStaged(git, paths);
  const changes = [...readChanges(list.toString('utf8').split('\0'))];
  const unmerged = changes.find((change) => change.status === 'U');
  if (unmerged)
    throw new ZvaultError('USAGE', `"${displayPath(git, unmerged.path)}" has conflicts`, {
      hint: 'resolve them and stage the file',
    });
  const byBlob = groupByBlob(git, context, changes);
  const found = new Map<Change, Found[]>();
  const perBlob = await scanBlobs(git, context, byBlob);
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

function listStaged(git: GitContext, paths: readonly string[]): Promise<Buffer> {
  return runGit(git.host, [
    '--literal-pathspecs',
    'diff',
    '--cached',
    '--raw',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--diff-filter=ACMTU',
    '--abbrev=64',
    '--',
    ...paths,
  ]);
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
): Promise<Map<C, Found[]>> {
  const found = new Map<C, Found[]>();
  const skip = (id: string, reason: string): void => {
    for (const change of byBlob.get(id) ?? []) context.onSkipped({ path: displayPath(git, change.path), reason });
  };
  if (byBlob.size === 0) return found;
  await readBlobs(git.host, [...byBlob.keys()], context.maxFileSize, {
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
  });
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
