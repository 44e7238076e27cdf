// `zvault server` with its workers in processes of their own, and a light load for it: `wrk` where it is in PATH, which takes a third
// of what our own load takes.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Load, type LoadOptions, load } from './rig.ts';

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
/** Linux counts CPU time in hundredths of a second. */
const ticksASecond = 100;

let isInstalled: boolean | undefined;

/** True where `loadLightly` uses `wrk`. */
export function isLightLoad(): boolean {
  return (isInstalled ??= spawnSync('wrk', ['--version']).error === undefined);
}

export interface ServerProcess extends AsyncDisposable {
  readonly url: URL;
  /** Of the processes that answer. */
  readonly pids: readonly string[];
  /** Their user and system time. */
  cpuSeconds(): number;
}

/** On a free port of the loopback, without a rate limit; its audit file is in `folder`. */
export async function startWorkers(
  count: number,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<ServerProcess> {
  const flags = ['--listen', '127.0.0.1:0', '--rate-limit', '0', '--audit', `file:${join(folder, 'audit.log')}`];
  const child = spawn(process.execPath, [zvault, 'server', '--workers', String(count), ...flags], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = (await once(createInterface({ input: child.stderr }), 'line')) as [string];
  const url = /https?:\/\/\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(line);
  const pid = child.pid ?? 0;
  const workersOf = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const pids = count === 1 ? [String(pid)] : workersOf;
  return {
    url: new URL(url),
    pids,
    cpuSeconds: () => pids.reduce((sum, one) => sum + cpuTicks(one), 0) / ticksASecond,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The same request again and again, over all connections. */
export function loadLightly(options: LoadOptions): Promise<Load> {
  return isLightLoad() ? loadOfWrk(options) : load('load.mjs', options);
}

async function loadOfWrk({ url, path, headers, connections, seconds }: LoadOptions): Promise<Load> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const flags = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', ...lines];
  const { stdout } = await promisify(execFile)('wrk', [...flags, new URL(path, url).href]);
  const [, perSecond] = /^Requests\/sec:\s+([\d.]+)$/m.exec(stdout) ?? [];
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  if (perSecond === undefined || p99 === undefined || stdout.includes('Non-2xx')) throw new Error(stdout);
  const unitMs = { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'];
  return { perSecond: Number(perSecond), p99Ms: Number(p99) * unitMs };
}

/** User and system time. Source: proc_pid_stat(5), fields 14 and 15; the name before them may hold spaces. */
function cpuTicks(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
