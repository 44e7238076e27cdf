// What every command gets: the world, the log, and who is told when the user interrupts. Tests build one of their own.

import type { Host, Redactor } from '@zvault/core/domain';
import type { Log } from './output/log.ts';
import type { SignalSource } from './signals.ts';

export interface Context {
  readonly host: Host;
  readonly log: Log;
  /** Knows every value that this command has touched; the log and the output of children go through it. */
  readonly redactor: Redactor;
  readonly signals: SignalSource;
  /** Aborted when the user interrupts: everything that waits takes it. */
  readonly interrupted: AbortSignal;
}
