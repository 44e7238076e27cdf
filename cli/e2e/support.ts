// Runs the command as users get it: bundled, in a process of its own, with nothing of our environment but PATH.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { copyScan, scanBeside } from '../../scripts/scan-beside.ts';

const cli = fileURLToPath(new URL('..', import.meta.url));
const buildFolder = mkdtempSync(join(tmpdir(), 'zvault-e2e-build-'));
/** The bundle, built from the sources as they are now. */
export const bundle = join(buildFolder, 'zvault.cjs');

await build({
  entryPoints: [join(cli, 'src/main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  conditions: ['zvault-source'],
  supported: { 'dynamic-import': false },
  minify: true,
  logLevel: 'error',
  plugins: [scanBeside],
});
copyScan(buildFolder);
afterAll(() => rmSync(buildFolder, { recursive: true, force: true }));

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly stdio?: StdioOptions;
}

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: Buffer;
}

/** Starts `zvault args…`. */
export function start(args: readonly string[], options: RunOptions): ChildProcess {
  const { cwd, env, stdio = 'pipe' } = options;
  // With the "--" of the launcher's first line.
  return spawn(process.execPath, ['--', bundle, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio,
  });
}

/** Runs `zvault args…` to its end. */
export function zvault(args: readonly string[], options: RunOptions): Promise<Result> {
  return finish(start(args, options), options.input);
}

/** Runs another program to its end. Never synchronously: the vault lives in this process. */
export function execute(command: string, args: readonly string[], options: RunOptions): Promise<Result> {
  const { cwd, env, input } = options;
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env } });
  return finish(child, input);
}

async function finish(child: ChildProcess, input: RunOptions['input']): Promise<Result> {
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  child.stdin?.on('error', () => {});
  child.stdin?.end(input ?? '');
  const [code, signal] = await ended(child);
  const [output, errors] = await Promise.all([stdout, stderr]);
  return { code, signal, stdout: output.toString(), stderr: errors.toString(), output };
}

export function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

/** Resolves with the first text on stdout that `pattern` matches. */
export async function until(
  child: ChildProcess,
  pattern: RegExp,
  from: 'stdout' | 'stderr' = 'stdout',
): Promise<RegExpExecArray> {
  let text = '';
  for await (const chunk of child[from] ?? []) {
    text += String(chunk);
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
  throw new Error(`the output ended without ${pattern}: ${text}`);
}

async function collect(child: ChildProcess, from: 'stdout' | 'stderr'): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of child[from] ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A folder that goes away with the test: `using folder = temporaryFolder()`. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'zvault-e2e-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A program for `run` that writes its environment to a file, as JSON: its stdout would be redacted. */
export function dumpEnvironment(file: string): string[] {
  return [process.execPath, '-e', `require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env))`];
}

export function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}
