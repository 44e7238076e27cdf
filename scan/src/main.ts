// The scanner as a program of its own: how it begins and ends.

import { type Host, processHost } from '@zvault/core/domain';
import { runScan } from './command.ts';

/** Runs the process's arguments, and ends the process. */
export function main(): void {
  const real = processHost();
  let silent = true;
  let failure: NodeJS.ErrnoException | undefined;

  /** A stream, opened at its first use: that takes a millisecond. */
  function opened(name: 'stdout' | 'stderr'): PropertyDescriptor {
    let isNew = true;
    return {
      get() {
        silent = false;
        if (isNew) process[name].on('error', (error) => (failure ??= error));
        isNew = false;
        return real[name];
      },
    };
  }

  // SIGUSR1 would open Node's debugger, and with it the memory that holds the vault's values, to every user of this machine.
  if (process.platform !== 'win32' && process.argv.some((word) => word.startsWith('--vault')))
    process.on('SIGUSR1', () => {});

  const host = Object.create(real, { stdout: opened('stdout'), stderr: opened('stderr') }) as Host;

  void runScan(process.argv.slice(2), host).then((status) => {
    // Sooner than the end that comes by itself; that one lets a pipe have all of the report first.
    if (silent) process.exit(status);
    process.exitCode = status;
    process.once('beforeExit', () => {
      // A reader that has gone away (`… | head`) has what it wanted.
      if (failure === undefined || failure.code === 'EPIPE') return;
      process.exitCode = 6;
      if (process.stderr.writable)
        process.stderr.write(`zvault: error: the output cannot be written: ${failure.message} (UNAVAILABLE)\n`);
    });
  });
}
