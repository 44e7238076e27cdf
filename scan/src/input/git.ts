// Runs git and reads its NUL-separated lists and its object stream. The environment is passed on: in a hook it says
// which index is meant (`commit -a` and `commit PATH` use another than `.git/index`).

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import type { Host } from '@zvault/core/domain';

export interface GitContext {
  readonly host: Host;
  /** Where the current folder stands in the repository: empty at its top, else with a slash at its end. */
  readonly prefix: string;
}

/** @throws USAGE when the current folder is in no repository */
export async function openRepository(host: Host): Promise<GitContext> {
  if (existsSync(join(host.cwd, '.git'))) return { host, prefix: '' };
  const answer = await runGit(host, ['rev-parse', '--show-prefix', '--is-inside-work-tree']).catch((error: unknown) => {
    if (error instanceof ZvaultError && error.code === 'PARTIAL') {
      throw new ZvaultError('USAGE', 'the current folder is in no git repository', {
        hint: 'run it inside a repository, or name the paths to scan',
      });
    }
    throw error;
  });
  return { host, prefix: answer.toString('utf8').split('\n')[0] ?? '' };
}

/** Runs git to its end and returns what it printed. @throws PARTIAL when git fails */
export async function runGit(host: Host, args: readonly string[]): Promise<Buffer> {
  const answer = runGitWithin(host, args, { bytes: Infinity });
  if (answer === undefined) throw new ZvaultError('PARTIAL', `git ${nameOf(args)} said too much`);
  return answer;
}

/** Bounds of what git is waited for: bytes that it prints, milliseconds. */
interface Bounds {
  readonly bytes: number;
  /** @default any */
  readonly time?: number;
}

/** The same, waiting for git here: node then makes no streams, which takes longer than git does. `undefined` if git goes over the bounds. */
export function runGitWithin(
  host: Host,
  args: readonly string[],
  { bytes, time }: Bounds,
  input?: string,
): Buffer | undefined {
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const { error, status, signal, stdout, stderr } = spawnSync('git', [...always, ...args], {
    ...settingsOf(host),
    stdio: [stdin, 'pipe', 'pipe'],
    maxBuffer: bytes,
    ...(time === undefined ? {} : { timeout: time }),
    ...(input === undefined ? {} : { input }),
  });
  const code = error && 'code' in error ? error.code : undefined;
  if (code === 'ENOBUFS' || code === 'ETIMEDOUT') return undefined;
  // One that ends before it has read all tells by its status why.
  if (error !== undefined && code !== 'EPIPE') throw cantRun(error);
  if (status !== 0) throw failed(args, status, signal, stderr.toString('utf8'));
  return stdout;
}

/** Starts git for what may be long: its answer is read as it comes. */
export function startGit(host: GitPlace, args: readonly string[]): ChildProcess {
  return spawn('git', [...always, ...args], { ...settingsOf(host), stdio: ['pipe', 'pipe', 'pipe'] });
}

/** No lock that somebody's next command would wait for, and paths from the top whatever the user's configuration says. */
const always = ['--no-optional-locks', '-c', 'diff.relative=false', '-c', 'diff.suppressBlankEmpty=false'];

/** Where git runs. */
type GitPlace = Pick<Host, 'cwd' | 'env'>;

function settingsOf(host: GitPlace): { cwd: string; env: NodeJS.ProcessEnv; windowsHide: true } {
  return {
    cwd: host.cwd,
    // Objects that a partial clone has not fetched stay where they are: a hook must not use the network. Nor has git a use for the
    // vault's token. GIT_DIFF_OPTS would go before the options of `git diff`.
    env: { ...host.env, ZVAULT_TOKEN: undefined, GIT_DIFF_OPTS: undefined, GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' },
    windowsHide: true,
  };
}

/** Resolves when git ends with 0. @throws PARTIAL otherwise, with the first line of what it said */
export async function finished(child: ChildProcess, args: readonly string[]): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < 2000) said += chunk.toString('utf8');
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) => reject(cantRun(error)));
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else reject(failed(args, status, signal, said));
    });
  });
}

function cantRun(error: Error): ZvaultError {
  return new ZvaultError('PARTIAL', `git can't be run: ${error.message}`, {
    hint: 'install git, or name the paths to scan',
  });
}

function failed(args: readonly string[], status: number | null, signal: string | null, said: string): ZvaultError {
  const end = signal ?? `status ${status}`;
  return new ZvaultError('PARTIAL', `git ${nameOf(args)} ended with ${end}: ${said.split('\n')[0] ?? ''}`);
}

function nameOf(args: readonly string[]): string {
  return args.find((word) => !word.startsWith('-')) ?? '';
}

/** The path as it is reported: relative to the current folder. */
export function displayPath(git: GitContext, path: string): string {
  if (git.prefix === '') return path;
  if (path.startsWith(git.prefix)) return path.slice(git.prefix.length);
  const base = git.prefix.split('/').slice(0, -1);
  const parts = path.split('/');
  let shared = 0;
  while (shared < base.length && shared < parts.length - 1 && base[shared] === parts[shared]) shared += 1;
  return [...base.slice(shared).map(() => '..'), ...parts.slice(shared)].join('/');
}

/** One line of `--raw` output. */
export interface Change {
  readonly mode: string;
  /** Blob ids before; several for a merge. All zeros where the file was not there. */
  readonly before: readonly string[];
  readonly blob: string;
  readonly status: string;
  readonly path: string;
}

/** Parses `--raw -z` output; a combined entry (of a merge) has several colons. */
export function* readChanges(fields: Iterable<string>): Iterable<Change> {
  const iterator = fields[Symbol.iterator]();
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    const head = next.value;
    if (!head.startsWith(':')) continue;
    const change = readHead(head);
    const path = iterator.next();
    if (path.done === true) return;
    let name = path.value;
    if (change.status.startsWith('R') || change.status.startsWith('C')) {
      const renamed = iterator.next();
      name = renamed.done === true ? name : renamed.value;
    }
    yield { ...change, path: name };
  }
}

function readHead(head: string): Omit<Change, 'path'> {
  let parents = 1;
  while (head[parents] === ':') parents += 1;
  const parts = head.slice(parents).split(' ');
  return {
    mode: parts[parents] ?? '',
    before: parts.slice(parents + 1, 2 * parents + 1),
    blob: parts[2 * parents + 1] ?? '',
    status: parts[2 * parents + 2] ?? '',
  };
}
