// V8's flags that a scan changes while it runs. They are the process's, so only its main thread sets them; and a code cache is good only
// with the flags that it was made with: they are as usual at the beginning, at the end, and while one is made (code-cache.ts).

import type * as V8 from 'node:v8';
import type * as Threads from 'node:worker_threads';
import { loadBuiltIn } from './built-in.ts';

/** Only large scans ask for these: to load them takes more than a millisecond. */
export const v8 = (): typeof V8 => loadBuiltIn('node:v8') as typeof V8;
export const isMainThread = (): boolean => (loadBuiltIn('node:worker_threads') as typeof Threads).isMainThread;

/** What is set, and how V8 has it. */
const changes = {
  /** The young generation does not grow, and the old one is collected sooner; 0 lets it grow up to four times. */
  smallHeap: {
    on: ['--semi-space-growth-factor=1', '--heap-growing-percent=100'],
    off: ['--semi-space-growth-factor=2', '--heap-growing-percent=0'],
  },
  /**
   * V8 compiles hot functions once, with Maglev, and not again with TurboFan: on threads of its own, for each of ours. What is hot here is
   * WebAssembly, which is compiled for all of them.
   */
  fewCompilers: { on: ['--no-turbofan'], off: ['--turbofan'] },
} as const;
type Change = keyof typeof changes;

const inForce = new Set<Change>();

/** From here on. Does nothing on other threads. */
export function changeFlags(change: Change): void {
  if (inForce.has(change) || !isMainThread()) return;
  inForce.add(change);
  set(changes[change].on);
}

export function isChanged(change: Change): boolean {
  return inForce.has(change);
}

/** V8's flags are as usual again. */
export function resetFlags(): void {
  for (const change of inForce) set(changes[change].off);
  inForce.clear();
}

/** Runs it with V8's flags as usual. */
export function withUsualFlags<T>(run: () => T): T {
  for (const change of inForce) set(changes[change].off);
  try {
    return run();
  } finally {
    for (const change of inForce) set(changes[change].on);
  }
}

function set(flags: readonly string[]): void {
  for (const flag of flags) v8().setFlagsFromString(flag);
}
