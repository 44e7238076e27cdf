// Says what a command is waiting for, on a terminal only, and only when it takes noticeably long. The line is gone
// afterwards.

import type { Host } from '@zvault/core/domain';
import { terminalText } from './terminal-text.ts';

/** What takes less time needs no line. */
const patienceMs = 400;

/** Runs `work`; meanwhile a person at a terminal reads `text`. */
export async function withProgress<T>(host: Pick<Host, 'stderr'>, text: string, work: () => Promise<T>): Promise<T> {
  if (host.stderr.isTTY !== true) return work();
  let shown = false;
  const timer = setTimeout(() => {
    shown = true;
    host.stderr.write(`zvault: ${terminalText(text)} …`);
  }, patienceMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (shown) host.stderr.write('\r\u001b[2K');
  }
}

export interface ProgressLine extends Disposable {
  /** Says how far it is, at most ten times a second. */
  show(text: string): void;
}

/** One line on a terminal that is written over and over, and gone at the end; nothing elsewhere. */
export function progressLine(host: Pick<Host, 'stderr' | 'now'>): ProgressLine {
  let shownAt = 0;
  let shown = false;
  return {
    show(text) {
      if (host.stderr.isTTY !== true || host.now() - shownAt < 100) return;
      shownAt = host.now();
      shown = true;
      host.stderr.write(`\r\u001b[2Kzvault: ${terminalText(text)} …`);
    },
    [Symbol.dispose]() {
      if (shown) host.stderr.write('\r\u001b[2K');
    },
  };
}

/** 1234567 → 1.2 MB */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 999.95 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value.toFixed(1)} ${units[unit]}`;
}
