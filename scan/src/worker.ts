// A thread that scans the files it is told. What it answers holds positions and redacted texts, never a secret.

import { parentPort, workerData } from 'node:worker_threads';
import { processHost } from '@zvault/core/domain';
import { bundledTables } from './bundled-tables.ts';
import { type FileEntry, scanFile } from './input/files.ts';
import type { InputContext } from './input/source.ts';
import { rules } from './rules/index.ts';
import { type Found, Scanner } from './scanner.ts';
import type { WorkerAnswer, WorkerSettings } from './threads.ts';

/** Answers the messages of the main thread until that ends this one. */
export function work(): void {
  const settings = workerData as WorkerSettings;
  const host = processHost();
  const disabled = new Set(settings.disabled);
  const scanner = new Scanner({
    rules,
    tables: bundledTables(),
    enabled: disabled.size === 0 ? undefined : (rule) => !disabled.has(rule.id),
    strict: settings.strict,
    allowlists: settings.allowlists,
  });
  parentPort?.on('message', (files: readonly FileEntry[]) => {
    const found: Found[] = [];
    const skipped: WorkerAnswer['skipped'][number][] = [];
    const context: InputContext = {
      host,
      scanner,
      maxFileSize: settings.maxFileSize,
      excluded: () => false,
      deep: false,
      scanArchive: () => undefined,
      onFound: (one) => void found.push({ ...one, identity: '' }),
      onSkipped: (one) => void skipped.push(one),
    };
    for (const file of files) scanFile(context, file);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage({ found, skipped } satisfies WorkerAnswer);
  });
}
