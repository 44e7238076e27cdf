// What one server process can do and what a second one adds, over SQLite and over PostgreSQL: the figures under docs/scale.md.
// On a machine with fewer than four cores, two workers and the load share what there is. What a second worker adds where cores are free is
// then told by workers that are held to half a core each, and by the CPU time of a read.

import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startPostgres } from '../test/support/postgres-server.ts';
import { canLimitCpu, limitCpu } from './cpu-share.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { isLightLoad, loadLightly, startWorkers } from './server.ts';

/** For each worker. */
const connections = 32;
const seconds = 3;
const rounds = 3;
/** Of a core, for each worker: two of them, and what the load takes for them, fit two cores. */
const share = 0.5;

interface Measured {
  readonly reads: number;
  readonly p99Ms: number;
  /** CPU time of all workers for one read. */
  readonly readCpuMicros: number;
  readonly writes: number;
  /** Reads a second with `share` of a core for each worker; NaN where that can't be arranged. */
  readonly heldReads: number;
}

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
      ...(isLightLoad() && storage === undefined ? { bound: '>1.6' } : {}),
      detail: `one worker ${of(one, 'readCpuMicros').toFixed(0)} µs a read, of two ${of(two, 'readCpuMicros').toFixed(0)} µs`,
    },
    ...(canLimitCpu()
      ? [
          {
            name: `${kind}: the same with half a core for each worker`,
            value: median(two.map(({ heldReads }, round) => heldReads / (one[round]?.heldReads ?? Number.NaN))),
            unit: '×',
            ...(isLightLoad() && storage === undefined ? { bound: '>1.6' } : {}),
            detail: `two ${Math.round(of(two, 'heldReads'))}/s; one ${Math.round(of(one, 'heldReads'))}/s`,
          },
        ]
      : []),
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
  await using server = await startWorkers(1, env, folder);
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
  return { key: init.key_file as string, token: made.plaintext_token as string, path };
}

async function measure(
  count: number,
  env: Record<string, string>,
  folder: string,
  { token, path }: Prepared,
): Promise<Measured> {
  await using server = await startWorkers(count, env, folder);
  const options = {
    url: server.url,
    path: `${path}/KEY`,
    headers: { Authorization: `Bearer ${token}` },
    connections: connections * count,
    seconds,
  };
  // First: after the reads the disk is busy with their audit.
  const writes = await writesASecond(server.url, path, token);
  await loadLightly({ ...options, seconds: 1 });
  const before = server.cpuSeconds();
  const { perSecond: reads, p99Ms } = await loadLightly(options);
  const readCpuMicros = ((server.cpuSeconds() - before) * 1e6) / (reads * seconds);
  let heldReads = Number.NaN;
  if (canLimitCpu()) {
    using _held = limitCpu(server.pids, share);
    heldReads = (await loadLightly(options)).perSecond;
  }
  return { reads, p99Ms, readCpuMicros, writes, heldReads };
}

async function writesASecond(url: URL, path: string, token: string): Promise<number> {
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

async function send(
  url: URL,
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
