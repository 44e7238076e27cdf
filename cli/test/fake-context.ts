// A context without a process: captured streams, a fixed environment, a folder of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { type Host, type Input, type Output, Redactor } from '@zvault/core/domain';
import type { Context } from '../src/context.ts';
import { createLog } from '../src/output/log.ts';
import type { SignalSource } from '../src/signals.ts';

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly terminal?: boolean;
  readonly platform?: NodeJS.Platform;
}

export interface FakeContext extends Context, Disposable {
  /** The current folder, inside of `root`. */
  readonly folder: string;
  readonly interrupt: AbortController;
  out(): string;
  err(): string;
  /** Delivers a signal to who has taken it; false when nobody has. */
  deliver(signal: NodeJS.Signals): boolean;
}

/** Folders are removed when the context is disposed of: `using context = fakeContext()`. */
export function fakeContext(options: FakeOptions = {}): FakeContext {
  const root = mkdtempSync(join(tmpdir(), 'zvault-cli-test-'));
  const [stdout, stderr] = [capture(options.terminal), capture(options.terminal)];
  const redactor = new Redactor();
  const interrupt = new AbortController();
  const signals = fakeSignals();
  let seed = 1;
  const host: Host = {
    env: { HOME: root, ...options.env },
    cwd: root,
    homeDir: root,
    tempDir: root,
    platform: options.platform ?? 'linux',
    stdin: inputOf(options),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => 1_800_000_000_000,
    randomBytes: (count) =>
      Buffer.from(Array.from({ length: count }, () => (seed = (seed * 16_807) % 2_147_483_647) & 255)),
  };
  return {
    host,
    redactor,
    log: createLog(host, redactor),
    signals,
    interrupted: interrupt.signal,
    interrupt,
    folder: root,
    out: stdout.text,
    err: stderr.text,
    deliver: (signal) => signals.deliver(signal),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function capture(terminal: boolean | undefined): { stream: Output; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: terminal, columns: 100 }),
    text: () => Buffer.concat(chunks).toString(),
  };
}

function inputOf({ stdin, terminal }: FakeOptions): Input {
  const stream = terminal === true ? new PassThrough() : Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]);
  return Object.assign(stream, { isTTY: terminal, setRawMode: () => stream });
}

function fakeSignals(): SignalSource & { deliver(signal: NodeJS.Signals): boolean } {
  const takers: { signals: readonly NodeJS.Signals[]; listener: (signal: NodeJS.Signals) => void }[] = [];
  return {
    take(signals, listener) {
      const taker = { signals, listener };
      takers.push(taker);
      return () => void takers.splice(takers.indexOf(taker), 1);
    },
    deliver(signal) {
      const taker = takers.findLast(({ signals }) => signals.includes(signal));
      taker?.listener(signal);
      return taker !== undefined;
    },
  };
}
