// The server of serve.ts as a child process, with everything that it prints.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('serve.ts', import.meta.url));

export interface ChildServer extends AsyncDisposable {
  readonly url: string;
  readonly output: () => string;
  /** Ends it and waits. The signal that ended it, or its exit code, is returned. */
  end(signal: NodeJS.Signals): Promise<NodeJS.Signals | number | null>;
}

export interface ChildServerOptions {
  readonly audit?: string;
  /** Instead of the SQLite file in the folder; needs `audit`. */
  readonly storage?: string;
  /** Largest file that it may write, in the shell's blocks. */
  readonly fileBlocks?: number;
}

export async function startChildServer(folder: string, options: ChildServerOptions = {}): Promise<ChildServer> {
  const { audit, fileBlocks, storage } = options;
  const node = [
    '--conditions=zvault-source',
    entry,
    folder,
    ...[audit, storage].filter((given) => given !== undefined),
  ];
  const child =
    fileBlocks === undefined
      ? spawn(process.execPath, node)
      : // An ignored signal stays ignored over exec: a write beyond the limit then fails with EFBIG instead of ending the process.
        spawn('sh', ['-c', `trap '' XFSZ; ulimit -f ${fileBlocks}; exec "$0" "$@"`, process.execPath, ...node]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  const url = await firstLine(child, () => output);
  const end = async (signal: NodeJS.Signals): Promise<NodeJS.Signals | number | null> => {
    child.kill(signal);
    return exited;
  };
  return { url, output: () => output, end, [Symbol.asyncDispose]: async () => void (await end('SIGKILL')) };
}

function firstLine(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const url = /^http:\S+$/m.exec(output())?.[0];
      if (url) resolve(url);
    };
    child.stdout?.on('data', look);
    child.once('exit', () => reject(new Error(`the server ended before it served: ${output()}`)));
  });
}
