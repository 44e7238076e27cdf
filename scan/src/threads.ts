// Scans files on several threads, this one among them: each other gets a batch when it has done one, and has another to go on with.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Allowlist } from './config/allowlist.ts';
import { type FileEntry, scanFile } from './input/files.ts';
import type { InputContext, Skipped } from './input/source.ts';
import type { Found } from './scanner.ts';
import { changeFlags } from './v8-flags.ts';

/** Small, since at the end the others wait for the last one. */
const batchFiles = 64;
const stepFiles = 16;
const batchesAhead = 4;
/** Fewer are scanned before another thread has begun. */
const leastFiles = 64;
/** Fewer files are scanned sooner than a thread has started and its code has warmed up. */
const filesWorthThreads = 10_000;
const mostThreads = 4;

/** Since V8 13 it is there, and in use, on what Node runs on mostly. */
const hasMaglev = Number.parseInt(process.versions.v8, 10) >= 13;

export interface WorkerSettings {
  /** Ids of rules that do not run. */
  readonly disabled: readonly string[];
  readonly strict: boolean;
  readonly allowlists: readonly Allowlist[];
  readonly maxFileSize: number;
}

export interface WorkerAnswer {
  readonly found: readonly Found[];
  readonly skipped: readonly Skipped[];
}

/** Set by the bundler: the worker's file beside the bundle. */
declare const zvaultScanWorker: string | undefined;

/** So many of the files must be known before `threadCount` can tell. */
export function filesToCount(asked: number | undefined): number {
  return asked === undefined ? filesWorthThreads : asked * leastFiles;
}

/** How many threads to use for so many files or more. 1 where there is no file for a thread to run (the sources are run as they are). */
export function threadCount(asked: number | undefined, files: number): number {
  if (typeof zvaultScanWorker === 'undefined') return 1;
  if (asked !== undefined) return Math.min(asked, Math.max(1, Math.ceil(files / leastFiles)));
  return files < filesWorthThreads ? 1 : Math.min(mostThreads, availableParallelism());
}

/** Scans the files on this thread and `threads - 1` others, and reports to the context, in no particular order. Files are listed meanwhile. */
export async function scanOnThreads(
  files: Iterator<FileEntry>,
  threads: number,
  settings: WorkerSettings,
  context: InputContext,
): Promise<void> {
  let failed = false;
  const take = (most: number): readonly FileEntry[] => {
    if (failed) return [];
    const batch: FileEntry[] = [];
    while (batch.length < most) {
      const next = files.next();
      if (next.done === true) break;
      batch.push(next.value);
    }
    return batch;
  };
  const parts = [scanHere(take, context)];
  for (let other = 1; other < threads; other += 1) parts.push(scanOnOther(take, settings, context));
  try {
    await Promise.all(parts);
  } catch (error) {
    // The others end with what they have.
    failed = true;
    await Promise.allSettled(parts);
    throw error;
  }
}

type Take = (most: number) => readonly FileEntry[];

/** In small steps: between them the other threads get their batches. */
async function scanHere(take: Take, context: InputContext): Promise<void> {
  for (let batch = take(stepFiles); batch.length > 0; batch = take(stepFiles)) {
    for (const file of batch) scanFile(context, file);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function scanOnOther(take: Take, settings: WorkerSettings, context: InputContext): Promise<void> {
  const worker = new Worker(join(__dirname, typeof zvaultScanWorker === 'undefined' ? '' : zvaultScanWorker), {
    workerData: settings,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      let waiting = 0;
      const feed = (): void => {
        const batch = take(batchFiles);
        if (batch.length === 0) {
          if (waiting === 0) resolve();
          return;
        }
        waiting += 1;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage(batch);
      };
      worker.on('error', reject);
      worker.on('message', (answer: WorkerAnswer) => {
        waiting -= 1;
        // It runs now, with the code that V8 has kept.
        if (hasMaglev) changeFlags('fewCompilers');
        for (const one of answer.found) context.onFound(one);
        for (const one of answer.skipped) context.onSkipped(one);
        try {
          feed();
        } catch (error) {
          // A path that does not exist.
          reject(error);
        }
      });
      // Ahead, so that the thread never waits for this one, which may be at a large file.
      for (let ahead = 0; ahead < batchesAhead; ahead += 1) feed();
    });
  } finally {
    await worker.terminate();
  }
}
