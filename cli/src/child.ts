// Runs the user's command in our place: its signals, its exit code, its output, as if we were not there. With a
// redactor, output goes through pipes; each stream keeps its order, and a slow reader slows the child down.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { type Output, type Redactor, ZvaultError, messageOf } from '@zvault/core/domain';
import type { Context } from './context.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes values out of the child's stdout and stderr. Undefined: the child inherits ours. */
  readonly redactor: Redactor | undefined;
}

const forwarded: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
];
/** Signals that a terminal sends to its whole foreground group: the child has them already. */
const keyboard: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);
/** The child is gone but something that it started holds its output open: silent for a second, it is left alone. */
const lingerTicks = 10;
const tickMs = 100;

/**
 * Runs the command to its end and answers its exit code; 128 plus the signal's number when a signal killed it.
 * @throws COMMAND_NOT_FOUND, INPUT_INVALID when it cannot be started
 */
export async function runChild({ host, signals }: Context, options: ChildOptions): Promise<number> {
  const { command, redactor } = options;
  const child = start(options);
  const release = signals.take(
    host.platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : forwarded,
    (signal) => void (keyboard.has(signal) && inForeground(host) ? undefined : child.kill(signal)),
  );
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(startError(command, error)));
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    if (redactor === undefined || child.stdout === null || child.stderr === null) return await ended;
    const outputs = [copy(child.stdout, redactor, () => host.stdout), copy(child.stderr, redactor, () => host.stderr)];
    const code = await ended;
    await Promise.all(outputs.map((output) => output.finish()));
    return code;
  } finally {
    release();
  }
}

function start({ command, args, env, redactor }: ChildOptions): ChildProcess {
  try {
    return spawn(command, args, { env, stdio: redactor === undefined ? 'inherit' : ['inherit', 'pipe', 'pipe'] });
  } catch (error) {
    throw startError(command, error);
  }
}

function startError(command: string, error: unknown): ZvaultError {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new ZvaultError('COMMAND_NOT_FOUND', `cannot run ${command}: command not found`, { cause: error });
    case 'EACCES':
      return new ZvaultError('COMMAND_NOT_FOUND', `cannot run ${command}: permission denied`, { cause: error });
    case 'E2BIG':
      return new ZvaultError('INPUT_INVALID', `cannot run ${command}: arguments and environment are too large`, {
        hint: 'give large values in files instead',
        cause: error,
      });
    default:
      return new ZvaultError('INTERNAL', `cannot run ${command}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * True when we are the job that the terminal's keys act on: then the child, in the same group, has their signal
 * already, and a second one would be a second Ctrl-C. A signal that `kill` sends to such a job is not told apart.
 */
function inForeground(host: Context['host']): boolean {
  if (host.platform !== 'linux') return host.stdin.isTTY === true;
  try {
    // Source: proc_pid_stat(5). After the name in parentheses: state, ppid, pgrp, session, tty_nr, tpgid.
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return host.stdin.isTTY === true;
  }
}

/**
 * Copies a stream of the child through the redactor; target and redaction are made at the first output, for they cost
 * time. `finish` waits for the end of the stream, once the child itself is gone.
 */
function copy(source: Readable, redactor: Redactor, target: () => Output): { finish(): Promise<void> } {
  let open: { readonly target: Output; readonly redaction: ReturnType<Redactor['createStream']> } | undefined;
  let silentTicks = 0;
  // Nobody reads any more: closing our end tells the child what it would have been told without us.
  const leave = (): void => void source.destroy();
  const write = (to: Output, bytes: Buffer): void => {
    if (bytes.length > 0 && !to.write(bytes)) {
      source.pause();
      to.once('drain', () => source.resume());
    }
  };
  source.on('data', (chunk: Buffer) => {
    silentTicks = 0;
    if (open === undefined) {
      open = { target: target(), redaction: redactor.createStream() };
      open.target.once('error', leave).once('close', leave);
    }
    write(open.target, open.redaction.write(chunk));
  });
  const closed = new Promise<void>((resolve) => source.once('close', resolve));
  return {
    async finish() {
      const timer = setInterval(() => {
        silentTicks = open?.target.writableNeedDrain === true ? 0 : silentTicks + 1;
        if (silentTicks > lingerTicks) source.destroy();
      }, tickMs);
      await closed;
      clearInterval(timer);
      if (open === undefined) return;
      open.target.off('error', leave).off('close', leave);
      if (!open.target.destroyed) write(open.target, open.redaction.flush());
    },
  };
}
