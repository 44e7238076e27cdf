// Whole history, or a range of it. Each blob is read once, and the blobs of one path one after the other, oldest first: so git finds
// them fastest, and what a blob has that the one before it did not is known the moment it is read.

import { ZvaultError } from '@zvault/core/domain';
import type { Found } from '../scanner.ts';
import { type BlobReader, readBlobs } from './blobs.ts';
import { type Addition, type ChangeLog, Names, readChangeLog } from './change-log.ts';
import { type GitContext, displayPath, runGit } from './git.ts';
import { ReadAhead } from './read-ahead.ts';
import { type InputContext, isLfsPointer } from './source.ts';

/** So many changes are worth a thread that reads ahead. */
const manyChanges = 500;

/** Scans every commit that a reference leads to. @throws PARTIAL when git fails */
export async function scanHistory(git: GitContext, context: InputContext): Promise<void> {
  await scanLog(git, context, ['--all']);
}

/** Scans what the commits of `A..B` bring in. @throws USAGE for a range that git does not know */
export async function scanRange(git: GitContext, context: InputContext, range: string): Promise<void> {
  if (range.startsWith('-')) throw new ZvaultError('USAGE', 'a range does not begin with a dash');
  await scanLog(git, context, [range], (error) => {
    if (!(error instanceof ZvaultError) || error.code !== 'PARTIAL') return error;
    return new ZvaultError('USAGE', `git does not know the range "${range}"`, {
      hint: 'write A..B with commits of this repository',
      cause: error,
    });
  });
}

/** Scans what the commits bring in that are on no remote. @throws PARTIAL when git fails */
export async function scanUnpushed(git: GitContext, context: InputContext): Promise<void> {
  const hasCommits = await runGit(git.host, ['rev-parse', '--verify', '--quiet', 'HEAD']).then(
    () => true,
    () => false,
  );
  if (!hasCommits) return;
  await scanLog(git, context, ['HEAD', '--not', '--remotes']);
}

/** @param explain what is thrown when the log can't be read */
async function scanLog(
  git: GitContext,
  context: InputContext,
  revisions: readonly string[],
  explain = (error: unknown): unknown => error,
): Promise<void> {
  let ahead: ReadAhead | undefined;
  // It begins while the log is read still.
  const onChanges = (count: number): void => {
    if (count > manyChanges) ahead ??= ReadAhead.start(git.host);
  };
  try {
    const log = await readChangeLog(git.host, revisions, onChanges).catch((error: unknown) => {
      throw explain(error);
    });
    await new HistoryScan(git, context, log, ahead).run();
  } finally {
    await ahead?.close();
  }
}

/** The secrets of a blob, by the numbers of their identities, each as often as it stands there. */
type Secrets = readonly number[];

class HistoryScan {
  readonly #git: GitContext;
  readonly #context: InputContext;
  readonly #log: ChangeLog;
  readonly #ahead: ReadAhead | undefined;
  /** In the order of the commits. */
  readonly #additions: Addition[] = [];
  readonly #ofBlob = new Map<number, Addition[]>();
  readonly #identities = new Names();
  /** Of blobs that have been read; those without secrets have an empty list. */
  readonly #secrets = new Map<number, Secrets>();
  readonly #found = new Map<Addition, readonly Found[]>();
  /** Blobs that were read before what they are compared with. */
  readonly #undecided = new Map<number, Addition[]>();

  constructor(git: GitContext, context: InputContext, log: ChangeLog, ahead: ReadAhead | undefined) {
    this.#git = git;
    this.#context = context;
    this.#log = log;
    this.#ahead = ahead;
  }

  /** @throws PARTIAL when git fails */
  async run(): Promise<void> {
    await this.#read(this.#order(), (blob, size) => {
      const undecided = this.#look(this.#ofBlob.get(blob) ?? [], size, (addition) => this.#isComparable(addition));
      if (undecided.length > 0) this.#undecided.set(blob, undecided);
    });
    await this.#readEarlier();
    await this.#read(this.#undecided.keys(), (blob, size) =>
      this.#look(this.#undecided.get(blob) ?? [], size, () => true),
    );
    for (const addition of this.#additions) {
      const commit = this.#log.commits.at(addition.commit);
      for (const one of this.#found.get(addition) ?? []) this.#context.onFound(one, commit);
    }
  }

  /** The blobs to read: path by path, the oldest first. */
  #order(): Iterable<number> {
    const byPath = new Map<number, number[]>();
    for (const addition of this.#log.additions()) {
      const path = this.#pathOf(addition);
      if (this.#context.excluded(path)) continue;
      if (addition.submodule) {
        this.#context.onSkipped({ path, reason: 'a submodule' });
        continue;
      }
      this.#additions.push(addition);
      const others = this.#ofBlob.get(addition.blob);
      if (others) {
        others.push(addition);
        continue;
      }
      this.#ofBlob.set(addition.blob, [addition]);
      const blobs = byPath.get(addition.path);
      if (blobs) blobs.push(addition.blob);
      else byPath.set(addition.path, [addition.blob]);
    }
    return [...byPath.values()].flat();
  }

  /** Blobs that the scan itself does not read (before the range), where something is compared with them. */
  async #readEarlier(): Promise<void> {
    const earlier = new Map<number, string>();
    for (const additions of this.#undecided.values())
      for (const addition of additions)
        for (const blob of predecessors(addition))
          if (!this.#secrets.has(blob)) earlier.set(blob, this.#pathOf(addition));
    await this.#read(earlier.keys(), (blob, size) => {
      const text = this.#context.scanner.textInRoom(size);
      this.#note(blob, this.#context.scanner.hits(earlier.get(blob) ?? '', text));
    });
  }

  async #read(blobs: Iterable<number>, onBlob: (blob: number, size: number) => void): Promise<void> {
    const { scanner, maxFileSize } = this.#context;
    const ids = Array.from(blobs, (blob) => this.#log.blobs.at(blob));
    if (ids.length === 0) return;
    const skip = (id: string, reason: string): void => {
      for (const addition of this.#ofBlob.get(this.#log.blobs.numberOf(id)) ?? [])
        this.#context.onSkipped({ path: this.#pathOf(addition), reason });
    };
    const reader: BlobReader = {
      room: (count) => scanner.room(count),
      onBlob: (id, size) => {
        if (isLfsPointer(scanner.room(size))) skip(id, 'its content is in Git LFS');
        else onBlob(this.#log.blobs.numberOf(id), size);
      },
      onLarge: (id, size) => skip(id, `${size} bytes, over the limit`),
      onMissing: (id) => skip(id, 'the object is not in this repository'),
    };
    await readBlobs(this.#git.host, ids, maxFileSize, reader, this.#ahead);
  }

  /** Scans the blob in the room for each of the paths (a path's name takes part in it). Returns those that have secrets but can't be compared. */
  #look(additions: readonly Addition[], size: number, isComparable: (addition: Addition) => boolean): Addition[] {
    const { scanner, deep } = this.#context;
    const copy = additions.length > 1 || deep ? Buffer.from(scanner.room(size)) : undefined;
    return additions.filter((addition) => {
      const path = this.#pathOf(addition);
      const members = copy && deep ? this.#context.scanArchive(path, copy) : undefined;
      const text = copy ? scanner.text(copy) : scanner.textInRoom(size);
      const hits = members ? [] : scanner.hitsOfVersion(path, text);
      const secrets = members ?? hits;
      this.#note(addition.blob, secrets);
      if (secrets.length === 0) return false;
      if (!isComparable(addition)) return true;
      const isNew = this.#newcomers(addition);
      const found = members ? members.filter(isNew) : scanner.place(path, text, hits, isNew);
      if (found.length > 0) this.#found.set(addition, found);
      return false;
    });
  }

  #note(blob: number, secrets: readonly { readonly identity: string }[]): void {
    const known = this.#secrets.get(blob) ?? [];
    // At another path other rules may hold: what any of them finds was there.
    const more = secrets.length < known.length ? known : secrets.map((one) => this.#identities.numberOf(one.identity));
    this.#secrets.set(blob, more);
  }

  #isComparable(addition: Addition): boolean {
    for (const blob of predecessors(addition)) if (!this.#secrets.has(blob)) return false;
    return true;
  }

  /** Answers for one secret after the other whether the commit brought it in. A file of a merge has as many of one as the parent that has most. */
  #newcomers(addition: Addition): (secret: { readonly identity: string }) => boolean {
    const known = new Map<number, number>();
    for (const blob of predecessors(addition)) {
      const counts = new Map<number, number>();
      for (const one of this.#secrets.get(blob) ?? []) counts.set(one, (counts.get(one) ?? 0) + 1);
      for (const [one, count] of counts) known.set(one, Math.max(known.get(one) ?? 0, count));
    }
    return ({ identity }) => {
      const number = this.#identities.numberOf(identity);
      const left = known.get(number) ?? 0;
      known.set(number, left - 1);
      return left <= 0;
    };
  }

  #pathOf(addition: Addition): string {
    return displayPath(this.#git, this.#log.paths.at(addition.path));
  }
}

/** What stood there before, and what moved there may come from. */
function* predecessors(addition: Addition): Iterable<number> {
  yield* addition.before;
  yield* addition.removed;
}
