// What commits did to files, as `git log --raw` tells it: which blob each has put at which path, and what stood there before. Kept
// as numbers: a long history has a million changes.

import type { Host } from '@zvault/core/domain';
import { finished, readChanges, startGit } from './git.ts';

/** Numbers for texts, in the order they come. */
export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  find(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  at(number: number): string {
    return this.#names[number] ?? '';
  }

  get size(): number {
    return this.#names.length;
  }
}

/** One file of one commit. Blobs, paths and commits are numbers in the log's lists. */
export interface Addition {
  readonly blob: number;
  readonly path: number;
  readonly commit: number;
  readonly submodule: boolean;
  /** What the commit had at this path in its parents. */
  readonly before: readonly number[];
  /** Files that the same commit removed: one that moved takes its content from one of them. */
  readonly removed: ReadonlySet<number>;
}

export class ChangeLog {
  readonly blobs = new Names();
  readonly paths = new Names();
  readonly commits = new Names();
  /** Newest commit first. */
  readonly #additions: Addition[] = [];

  /** Takes the `--raw` fields of a commit. */
  add(commitId: string, fields: readonly string[]): void {
    const changes = [...readChanges(fields)];
    if (changes.length === 0) return;
    const commit = this.commits.numberOf(commitId);
    const removed = new Set<number>();
    for (const change of changes)
      if (isRemoval(change.status)) for (const id of this.#present(change.before)) removed.add(id);
    for (const change of changes) {
      if (isRemoval(change.status) || isNothing(change.blob)) continue;
      const blob = this.blobs.numberOf(change.blob);
      // A file that only moved brings nothing in.
      if (removed.has(blob)) continue;
      const path = this.paths.numberOf(change.path);
      const before = this.#present(change.before);
      this.#additions.push({ blob, path, commit, submodule: change.mode === '160000', before, removed });
    }
  }

  /** How many changes there are. */
  get size(): number {
    return this.#additions.length;
  }

  /** Each blob at each path once, with the oldest commit that put it there; the oldest first. */
  *additions(): Iterable<Addition> {
    const seen = new Set<number>();
    for (let i = this.#additions.length - 1; i >= 0; i--) {
      const addition = this.#additions[i];
      if (addition === undefined) continue;
      const key = addition.blob * this.paths.size + addition.path;
      if (seen.has(key)) continue;
      seen.add(key);
      yield addition;
    }
  }

  #present(ids: readonly string[]): number[] {
    return ids.filter((id) => !isNothing(id)).map((id) => this.blobs.numberOf(id));
  }
}

function isRemoval(status: string): boolean {
  return /^D+$/.test(status);
}

function isNothing(id: string): boolean {
  return /^0+$/.test(id);
}

/**
 * Reads the log of the revisions, merges with what they changed themselves.
 * @param onChanges told now and then how many changes there are so far
 * @throws PARTIAL when git fails
 */
export async function readChangeLog(
  host: Host,
  revisions: readonly string[],
  onChanges: (count: number) => void = () => {},
): Promise<ChangeLog> {
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
  const log = new ChangeLog();
  const reader = new FieldReader();
  let commit = '';
  let fields: string[] = [];
  // A path may be anything; what stands before it tells that it is one.
  let isPath = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const field of reader.push(chunk)) {
      if (isPath) {
        fields.push(field);
        isPath = false;
      } else if (field.startsWith('\x01')) {
        log.add(commit, fields);
        fields = [];
        commit = field.slice(1).trim();
      } else if (/^\n*:/.test(field)) {
        fields.push(field.trim());
        isPath = true;
      }
    }
    onChanges(log.size);
  });
  await finished(child, args);
  log.add(commit, fields);
  return log;
}

/** Splits a stream at NULs. */
class FieldReader {
  #rest: Buffer[] = [];

  *push(chunk: Buffer): Iterable<string> {
    let at = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, at)) {
      if (this.#rest.length === 0) yield chunk.toString('utf8', at, end);
      else {
        yield Buffer.concat([...this.#rest, chunk.subarray(at, end)]).toString('utf8');
        this.#rest = [];
      }
      at = end + 1;
    }
    if (at < chunk.length) this.#rest.push(chunk.subarray(at));
  }
}
