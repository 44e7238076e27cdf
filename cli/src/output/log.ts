// What a person reads while a command works. Data goes to stdout; everything here goes to stderr, each line with the
// name in front: lower case, no full stop. Whatever value the command has touched is taken out of every line.

import type { Host, Output, Redactor } from '@zvault/core/domain';
import { terminalText } from './terminal-text.ts';

export interface Log {
  info(message: string): void;
  /** A step that is done: what a person looks for. */
  done(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  hint(message: string): void;
}

export function createLog(host: Pick<Host, 'env' | 'stderr'>, redactor: Pick<Redactor, 'redact'>): Log {
  const write = (prefix: string, message: string): void => {
    host.stderr.write(`${prefix}${terminalText(redactor.redact(message))}\n`);
  };
  return {
    info: (message) => write('zvault: ', message),
    done: (message) => write(usesColor(host.stderr, host.env) ? '\u001b[32m✓\u001b[39m ' : 'zvault: ', message),
    warn: (message) => write('zvault: warning: ', message),
    error: (message) => write('zvault: error: ', message),
    hint: (message) => write('zvault: hint: ', message),
  };
}

/** True when `stream` is a terminal whose user has not asked for plain text. Source: https://no-color.org */
export function usesColor(stream: Pick<Output, 'isTTY'>, env: Host['env']): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
