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
