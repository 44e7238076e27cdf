import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { resolve } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';
import { type ProgressLine, formatBytes, progressLine } from '../output/progress.ts';
import { writeStreamAtomic } from '../staged-stream.ts';

interface Options extends ConnectionFlags {
  readonly output?: string;
}

export const backup = defineCommand<Options>({
  configure(command) {
    addressOption(
      command.option('--output <file>', 'write it to this file, which only you may read; "-" is stdout'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, interrupted, log } = context;
    const piped = options.output === '-' || (options.output === undefined && host.stdout.isTTY !== true);
    await using connection = await connect(context, options, 'vault');
    const answer = await connection.client.cloud.operator.backup({ signal: interrupted });
    using line = progressLine(host);
    const counter = new Counter(line);
    const stream = answer.once('error', (error) => counter.destroy(error)).pipe(counter);
    try {
      if (piped) {
        await pipeline(stream, host.stdout as NodeJS.WritableStream, { end: false, signal: interrupted });
        return;
      }
      const file = options.output ?? defaultName(host.now());
      await writeStreamAtomic(host, resolve(host.cwd, file), stream, interrupted);
      log.done(`wrote ${formatBytes(counter.bytes)} to ${file}; the vault's own shares or codes open it, nothing else`);
    } catch (error) {
      interrupted.throwIfAborted();
      if (answer.complete && answer.readableEnded) throw error;
      throw new ZvaultError('CONNECTION_FAILED', 'the server ended the backup before its end', {
        hint: "look into the server's log, and try again",
        cause: error,
      });
    } finally {
      answer.destroy();
    }
  },
});

class Counter extends Transform {
  bytes = 0;
  readonly #line: ProgressLine;

  constructor(line: ProgressLine) {
    super();
    this.#line = line;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.#line.show(`${formatBytes(this.bytes)} so far`);
    done(null, chunk);
  }
}

/** zvault-2026-11-22T154100Z.backup */
function defaultName(nowMs: number): string {
  return `zvault-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '')}Z.backup`;
}

const notes = `
Everything in the vault as of one moment, encrypted; reads and writes go on meanwhile. Without
--output it goes to stdout, or at a terminal to a new file here. Needs sudo on sys/backup. To open
it takes the shares, passphrase or recovery code that the vault has now: keep them apart from it.
`;
