// Whole history, or a range of it. Each blob is read once; what a commit brought in are the findings of its blob that the blobs
// before it (of all parents, and of files that it removed) do not have.

import type { Host } from '@zvault/core/domain';
import { ZvaultError } from '@zvault/core/domain';
import type { Found } from '../scanner.ts';
import { readBlobs } from './blobs.ts';
import { type Change, type GitContext, finished, readChanges, runGit, startGit } from './git.ts';
import { groupByBlob, scanBlobs } from './staged.ts';
import { type InputContext, isLfsPointer } from './source.ts';

interface CommitChange extends Change {
  readonly commit: string;
  /** Blobs of files that the same commit removed: a rename with edits takes its content from one of them. */
  readonly removed: readonly string[];
}

/** Scans every commit that a reference leads to. @throws PARTIAL when git fails */
export async function scanHistory(git: GitContext, context: InputContext): Promise<void> {
  const suspicious = new Set<string>();
  const large = new Map<string, number>();
  await readBlobs(git.host, 'all', context.maxFileSize, {
    room: (count) => context.scanner.room(count),
    onBlob: (id, size) => {
      if (isLfsPointer(context.scanner.room(size)) || context.scanner.isSuspicious(size)) suspicious.add(id);
    },
    onLarge: (id, size) => large.set(id, size),
    onMissing: () => {},
  });
  if (suspicious.size === 0 && large.size === 0) return;
  const changes = await readLog(git.host, ['--all'], (change) => suspicious.has(change.blob) || large.has(change.blob));
  await report(git, context, changes);
}

/** Scans what the commits of `A..B` bring in. @throws USAGE for a range that git does not know */
export async function scanRange(git: GitContext, context: InputContext, range: string): Promise<void> {
  if (range.startsWith('-')) throw new ZvaultError('USAGE', 'a range does not begin with a dash');
  const changes = await readLog(git.host, [range], () => true).catch((error: unknown) => {
    if (error instanceof ZvaultError && error.code === 'PARTIAL')
      throw new ZvaultError('USAGE', `git does not know the range "${range}"`, {
        hint: 'write A..B with commits of this repository',
        cause: error,
      });
    throw error;
  });
  await report(git, context, changes);
}

/** Scans what the commits bring in that are on no remote. @throws PARTIAL when git fails */
export async function scanUnpushed(git: GitContext, context: InputContext): Promise<void> {
  await report(git, context, await readLog(git.host, ['HEAD', '--not', '--remotes'], () => true));
}

async function report(git: GitContext, context: InputContext, changes: readonly CommitChange[]): Promise<void> {
  const found = await scanBlobs(git, context, groupByBlob(git, context, changes));
  const earlier = new Map<string, Found[]>();
  const parents = new Set<string>();
  for (const [change, findings] of found)
    if (findings.length > 0)
      for (const id of [...change.before, ...change.removed]) if (!/^0+$/.test(id)) parents.add(id);
  if (parents.size > 0) {
    await readBlobs(git.host, [...parents], context.maxFileSize, {
      room: (count) => context.scanner.room(count),
      onBlob: (id, size) => earlier.set(id, context.scanner.scanRoom('-', size)),
      onLarge: () => {},
      onMissing: () => {},
    });
  }
  for (const [change, findings] of found) {
    const known = new Map<string, number>();
    // A file of a merge has as many of a secret as the parent that has most; a removed file's may have moved here.
    for (const id of [...change.before, ...change.removed]) {
      const counts = new Map<string, number>();
      for (const { identity } of earlier.get(id) ?? []) counts.set(identity, (counts.get(identity) ?? 0) + 1);
      for (const [identity, count] of counts) known.set(identity, Math.max(known.get(identity) ?? 0, count));
    }
    for (const one of findings) {
      const left = known.get(one.identity) ?? 0;
      if (left > 0) known.set(one.identity, left - 1);
      else context.onFound(one, change.commit);
    }
  }
}

/** The changes of the commits, each (blob, path) once with the oldest commit that has it. */
async function readLog(
  host: Host,
  revisions: readonly string[],
  wanted: (change: Change) => boolean,
): Promise<CommitChange[]> {
  const args = [
    'log',
    '--raw',
    '-z',
    '-c',
    '--root',
    '--no-renames',
    '--no-abbrev',
    '--topo-order',
    '--no-ext-diff',
    '--no-show-signature',
    '--format=%x01%H',
    ...revisions,
    '--',
  ];
  const child = startGit(host, args);
  child.stdin?.end();
  const oldest = new Map<string, CommitChange>();
  const reader = new FieldReader();
  let commit = '';
  let fields: string[] = [];
  const flush = (): void => {
    const changes = [...readChanges(fields)];
    const removed = changes.filter((change) => /^D+$/.test(change.status)).flatMap((change) => change.before);
    for (const change of changes) {
      if (/^D+$/.test(change.status) || /^0+$/.test(change.blob) || !wanted(change)) continue;
      // A file that only moved brings nothing in.
      if (removed.includes(change.blob)) continue;
      const key = `${change.blob}\0${change.path}`;
      oldest.delete(key);
      oldest.set(key, { ...change, commit, removed });
    }
    fields = [];
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const field of reader.push(chunk)) {
      const head = field.indexOf('\x01');
      if (head === -1) fields.push(field.replace(/^\n+/, ''));
      else {
        flush();
        commit = field.slice(head + 1).trim();
        const rest = commit.indexOf('\n');
        if (rest !== -1) {
          fields.push(commit.slice(rest).trim());
          commit = commit.slice(0, rest);
        }
      }
    }
  });
  await finished(child, args);
  flush();
  return [...oldest.values()].reverse();
}

/** Splits a stream at NULs. */
class FieldReader {
  #rest: Buffer[] = [];

  *push(chunk: Buffer): Iterable<string> {
    let at = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, at)) {
      yield Buffer.concat([...this.#rest, chunk.subarray(at, end)]).toString('utf8');
      this.#rest = [];
      at = end + 1;
    }
    if (at < chunk.length) this.#rest.push(chunk.subarray(at));
  }
}

/** The file's text at a revision, or `undefined` if it is not there. */
export async function fileAt(git: GitContext, revision: string, path: string): Promise<Buffer | undefined> {
  return runGit(git.host, ['cat-file', 'blob', `${revision}:${git.prefix}${path}`]).catch(() => undefined);
}
