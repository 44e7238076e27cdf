// The entry, and the only file that touches the process: its arguments, streams and signals in, its exit code out.

import { constants } from 'node:os';
import { type Host, type Output, Redactor, ZvaultError, processHost } from '@zvault/core/domain';
import type { Context } from './context.ts';
import { reportError } from './output/failure.ts';
import { createLog } from './output/log.ts';
import { runProgram } from './program.ts';
import { createSignalSource } from './signals.ts';

/**
 * A stream of the process whose failure is noted instead of thrown. Opened at its first use: that costs a
 * millisecond.
 */
function outputOf(name: 'stdout' | 'stderr'): { use(): Output; end(): Promise<NodeJS.ErrnoException | undefined> } {
  let stream: NodeJS.WriteStream | undefined;
  let failure: NodeJS.ErrnoException | undefined;
  return {
    use() {
      if (stream === undefined) {
        stream = process[name];
        stream.on('error', (error: Error) => (failure ??= error));
      }
      return stream;
    },
    async end() {
      const open = stream;
      if (open !== undefined && !open.destroyed && open.writableLength > 0) {
        await new Promise<void>((resolve) => open.once('close', resolve).write('', () => resolve()));
      }
      // What failed in the last write is known to the stream before its 'error' says so.
      failure ??= open?.errored ?? undefined;
      // A reader that has gone away (`zvault … | head`) has what it wanted.
      return failure?.code === 'EPIPE' ? undefined : failure;
    },
  };
}

async function main(): Promise<void> {
  const stdout = outputOf('stdout');
  const stderr = outputOf('stderr');
  const host = Object.create(processHost(), {
    stdout: { get: () => stdout.use() },
    stderr: { get: () => stderr.use() },
  }) as Host;
  const redactor = new Redactor();
  const signals = createSignalSource(process);
  const interruption = new AbortController();
  const log = createLog(host, redactor);
  const context: Context = { host, redactor, log, signals, interrupted: interruption.signal };

  signals.take(['SIGINT', 'SIGTERM', 'SIGHUP'], (signal) => {
    const exitCode = 128 + constants.signals[signal];
    // Asked twice: do not wait for what is being cleaned up.
    if (interruption.signal.aborted) process.exit(exitCode);
    interruption.abort(new ZvaultError('INTERRUPTED', 'interrupted', { details: { exitCode } }));
  });
  // SIGUSR1 would open Node's debugger, and with it the memory that holds values, to every user of this machine.
  if (host.platform !== 'win32') signals.take(['SIGUSR1'], () => {});

  let exitCode = await runProgram(context, process.argv.slice(2));
  const failure = await stdout.end();
  if (failure !== undefined) {
    const code = failure.code === 'ENOSPC' ? 'STORAGE_FULL' : 'UNAVAILABLE';
    exitCode = reportError(context, new ZvaultError(code, `the output cannot be written: ${failure.message}`));
  }
  await stderr.end();
  process.exit(exitCode);
}

void main();
