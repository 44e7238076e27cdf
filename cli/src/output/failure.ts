// How a command says that it failed, and with which exit code.

import { errorTable, isZvaultError, messageOf } from '@zvault/core/domain';
import type { Context } from '../context.ts';

/** Writes the error (and its hint) to the log; answers the exit code. */
export function reportError({ host, log, redactor }: Context, error: unknown): number {
  if (isZvaultError(error)) {
    // Who presses Ctrl-C knows it.
    if (error.code !== 'INTERRUPTED') {
      log.error(`${error.message} (${error.code})`);
      if (error.hint !== undefined) log.hint(error.hint);
    }
  } else {
    log.error(`unexpected failure: ${messageOf(error)} (INTERNAL)`);
    log.hint('set ZVAULT_DEBUG=1 to see where, and report it');
  }
  if (host.env['ZVAULT_DEBUG']) host.stderr.write(`${redactor.redact(stackOf(error))}\n`);
  return isZvaultError(error) ? exitCodeOf(error.code, error.details) : errorTable.INTERNAL.exit;
}

function exitCodeOf(code: keyof typeof errorTable, details: Readonly<Record<string, unknown>> | undefined): number {
  // An interruption by another signal than Ctrl-C carries its own status, as shells give it.
  const exit = details?.['exitCode'];
  return code === 'INTERRUPTED' && typeof exit === 'number' ? exit : errorTable[code].exit;
}

function stackOf(error: unknown): string {
  const lines: string[] = [];
  for (
    let next = error;
    next !== undefined && lines.length < 5;
    next = next instanceof Error ? next.cause : undefined
  ) {
    lines.push(next instanceof Error ? (next.stack ?? next.message) : messageOf(next));
  }
  return lines.join('\ncaused by: ');
}
