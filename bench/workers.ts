// What one server process can do and what a second one adds, over SQLite and over PostgreSQL: the figures under docs/scale.md.
// On a machine with fewer than four cores, two workers and the load share what there is, and only the CPU time of a read says what a
// second worker would add elsewhere. For that the load must be light: `wrk` where it is in PATH, which takes a third of what our own takes.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { type Load, type LoadOptions, load } from './rig.ts';

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
/** For each worker. */
const connections = 32;
const seconds = 3;
const rounds = 3;
/** Linux counts CPU time in hundredths of a second. */
const ticksASecond = 100;

interface Measured {
  readonly reads: number;
  readonly p99Ms: number;
  /** CPU time of all workers for one read. */
  readonly readCpuMicros: number;
  readonly writes: number;
}

const lightLoad = spawnSync('wrk', ['--version']).error === undefined;

export const workers: Bench = {
  summary: `${connections} connections for each worker, ${seconds} s each, ${rounds} times in turn, one and two workers, SQLite and PostgreSQL`,
  async run() {
    const postgres = await startPostgres();
    try {
      const figures: Figure[] = [];
      for (const [kind, storage] of [
        ['SQLite', undefined],
        ['PostgreSQL', postgres.url],
      ] as const) {
        figures.push(...(await compare(kind, storage)));
      }
      return figures;
    } finally {
      await postgres.stop();
    }
  },
};

async function compare(kind: string, storage: string | undefined): Promise<Figure[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-workers-'));
  const env = { ZVAULT_STORAGE: storage ?? `sqlite:${join(folder.path, 'vault.db')}` };
  const vault = await prepare(env, folder.path);
  const one: Measured[] = [];
  const two: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    one.push(await measure(1, { ...env, ZVAULT_UNSEAL_KEY: vault.key }, folder.path, vault));
    two.push(await measure(2, { ...env, ZVAULT_UNSEAL_KEY: vault.key }, folder.path, vault));
  }
  const of = (all: readonly Measured[], what: keyof Measured): number => median(all.map((measured) => measured[what]));
  const reads = (all: readonly Measured[]): string =>
    `${Math.round(of(all, 'reads'))}/s, p99 ${of(all, 'p99Ms').toFixed(1)} ms`;
  const cores = cpus().length;
  return [
    {
      name: `${kind}: reads of two workers beside one`,
      value: median(two.map((measured, round) => measured.reads / (one[round]?.reads ?? Number.NaN))),
      unit: '×',
      // Two workers and the load need a core each, and the machine one for itself.
      ...(cores >= 4 ? { bound: '>1.6' } : {}),
      detail: `two ${reads(two)}; one ${reads(one)}; ${cores} cores`,
    },
    {
      name: `${kind}: the same by CPU time of a read`,
      value: (2 * of(one, 'readCpuMicros')) / of(two, 'readCpuMicros'),
      unit: '×',
      // A load or a database that fills a core of its own slows the workers, on whose cores it runs here.
      ...(lightLoad && storage === undefined ? { bound: '>1.6' } : {}),
      detail: `one worker ${of(one, 'readCpuMicros').toFixed(0)} µs a read, of two ${of(two, 'readCpuMicros').toFixed(0)} µs`,
    },
    {
      name: `${kind}: writes a second`,
      value: of(one, 'writes'),
      unit: '/s',
      detail: `one worker; two ${Math.round(of(two, 'writes'))}/s`,
    },
  ];
}

interface Prepared {
  readonly key: string;
  readonly token: string;
  readonly path: string;
}

async function prepare(env: Record<string, string>, folder: string): Promise<Prepared> {
  const server = await startServer(1, env, folder);
  const agent = new Agent({ keepAlive: true });
  const call = async (method: string, path: string, token?: string, body?: unknown): Promise<any> =>
    JSON.parse(await send(server.url, method, path, agent, token, body)) as unknown;
  const init = await call('POST', '/v1/sys/init', undefined, { shares: 2, threshold: 2, key_file: true });
  await call('POST', '/v1/sys/unseal', undefined, { shares: init.unseal_shares });
  const token = init.root_token as string;
  await call('POST', '/v1/cloud/orgs', token, { name: 'bench', slug: 'bench' });
  await call('POST', '/v1/cloud/orgs/bench/projects', token, { name: 'app', slug: 'app' });
  const made = await call('POST', '/v1/cloud/orgs/bench/projects/app/tokens', token, {
    name: 'bench',
    permissions: ['read', 'write'],
  });
  const path = '/v1/cloud/orgs/bench/projects/app/envs/development/secrets';
  await call('PUT', `${path}/KEY`, token, { value: 'a value of usual length, 0123456789' });
  agent.destroy();
  await server.stop();
  return { key: init.key_file as string, token: made.plaintext_token as string, path };
}

async function measure(
  count: number,
  env: Record<string, string>,
  folder: string,
  { token, path }: Prepared,
): Promise<Measured> {
  const server = await startServer(count, env, folder);
  try {
    const options = {
      url: new URL(server.url),
      path: `${path}/KEY`,
      headers: { Authorization: `Bearer ${token}` },
      connections: connections * count,
    };
    // First: after the reads the disk is busy with their audit.
    const writes = await writesASecond(server.url, path, token);
    await loadFor(1, options);
    const before = server.cpuSeconds();
    const { perSecond, p99Ms } = await loadFor(seconds, options);
    const readCpuMicros = ((server.cpuSeconds() - before) * 1e6) / (perSecond * seconds);
    return { reads: perSecond, p99Ms, readCpuMicros, writes };
  } finally {
    await server.stop();
  }
}

type Target = Omit<LoadOptions, 'seconds'>;

/** The same request again and again, over all connections. */
function loadFor(forSeconds: number, target: Target): Promise<Load> {
  return lightLoad ? loadOfWrk(target, forSeconds) : load('load.mjs', { ...target, seconds: forSeconds });
}

async function loadOfWrk({ url, path, headers, connections: open }: Target, forSeconds: number): Promise<Load> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const flags = ['-t', '1', '-c', String(open), '-d', `${forSeconds}s`, '--latency', ...lines];
  const { stdout } = await promisify(execFile)('wrk', [...flags, new URL(path, url).href]);
  const [, perSecond] = /^Requests\/sec:\s+([\d.]+)$/m.exec(stdout) ?? [];
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  if (perSecond === undefined || p99 === undefined || stdout.includes('Non-2xx')) throw new Error(stdout);
  const unitMs = { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'];
  return { perSecond: Number(perSecond), p99Ms: Number(p99) * unitMs };
}

async function writesASecond(url: string, path: string, token: string): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const end = performance.now() + seconds * 1000;
  let count = 0;
  const writer = async (_: unknown, number: number): Promise<void> => {
    while (performance.now() < end) {
      await send(url, 'PUT', `${path}/W${number}`, agent, token, { value: `value ${count}` });
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, writer));
  agent.destroy();
  return count / seconds;
}

async function startServer(count: number, env: Record<string, string>, folder: string) {
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
  const serving = count === 1 ? [String(pid)] : workersOf;
  return {
    url,
    cpuSeconds: () => serving.reduce((sum, one) => sum + cpuTicks(one), 0) / ticksASecond,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** User and system time. Source: proc_pid_stat(5), fields 14 and 15; the name before them may hold spaces. */
function cpuTicks(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function send(
  url: string,
  method: string,
  path: string,
  agent: Agent,
  token: string | undefined,
  body: unknown,
): Promise<string> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const message = request(new URL(path, url), {
    method,
    agent,
    headers: { 'content-type': 'application/json', ...authorization },
  });
  message.end(JSON.stringify(body));
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
  return answer;
}
