// The KV engine: reads a second beside a bare node:http server that answers the same bytes; the times of its parts under fifty
// clients; and, with --peer-url and --peer-token, KV reads and transit encryptions beside another server that speaks HashiCorp's API.

import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { startServer } from '@zvault/core/server';
import { type Bench, type Figure, median } from './figure.ts';
import { inTurns, load, send, startBare, startDev } from './rig.ts';
import { loadLightly, startWorkers } from './server.ts';
import { timesOf } from './timed.ts';

const seconds = 3;
const connections = 16;
const rounds = 5;
const clients = 50;
const loadSeconds = 30;
/** Of each client between two reads: what is timed is the server's work, not a queue in front of it. */
const pauseMs = 10;
const path = '/v1/secret/data/bench/secret';
const secret = { data: { password: 'a value of usual length, 0123456789', user: 'bench' } };

export interface Peer {
  readonly url: URL;
  readonly token: string;
}

export function kv(peer: Peer | undefined): Bench {
  return {
    summary: `${connections} connections, ${seconds} s each, ${rounds} times in turn; then ${clients} clients for ${loadSeconds} s`,
    async run() {
      // Before minutes go into the rest: does the peer answer?
      if (peer) await prepare(peer.url, { 'X-Vault-Token': peer.token });
      return [...(await besideBare()), ...(await underLoad()), ...(peer ? await besidePeer(peer) : [])];
    },
  };
}

async function besideBare(): Promise<Figure[]> {
  const vault = await startDev();
  const headers = { 'X-Vault-Token': vault.env['ZVAULT_TOKEN'] ?? '' };
  await send(vault.url, 'POST', path, headers, secret);
  const bare = await startBare(await send(vault.url, 'GET', path, headers));
  try {
    const options = { path, headers, seconds, connections };
    const ours = { ...options, url: vault.url };
    return await inTurns(
      'KV reads beside bare node:http',
      ours,
      { ...options, url: bare.url },
      { rounds, bound: '>0.7' },
    );
  } finally {
    await Promise.all([vault.stop(), bare.stop()]);
  }
}

/** The server runs in this process, so that its parts can be timed; the load is in another. */
async function underLoad(): Promise<Figure[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-bench-'));
  await using server = await startServer({
    storage: `sqlite:${join(folder.path, 'vault.db')}`,
    listen: { host: '127.0.0.1', port: 0 },
    rateLimit: 0,
  });
  const url = new URL(server.url);
  const { token, unsealMs } = await open(url);
  const headers = { 'X-Vault-Token': token };
  await send(url, 'POST', path, headers, secret);
  const { vault } = server;
  const check = timesOf(vault.access.vault, 'authorize');
  const audit = timesOf(vault.audit, 'appendNow');
  const { perSecond, p99Ms } = await load('load.mjs', {
    url,
    path,
    headers,
    seconds: loadSeconds,
    connections: clients,
    pauseMs,
  });
  const answer = await answerTimeMs(url, 'kv.read');
  const under = `${clients} clients, ${loadSeconds} s, ${Math.round(perSecond)} reads/s`;
  const figure = (name: string, value: number, bound: string, detail: string): Figure => ({
    name,
    value,
    unit: 'ms',
    bound,
    detail,
  });
  return [
    figure('unseal with 3 of 5 shares', unsealMs, '<1000', 'one request'),
    figure('token check, p99', check.p99Ms(), '<1', under),
    figure('audit write, all records of a turn, p99', audit.p99Ms(), '<5', under),
    figure(
      'read of a cached secret, request to answer, p99',
      answer,
      '<5',
      `${under}; upper end of its bucket in the metrics`,
    ),
    {
      name: 'the same as clients see it, p99',
      value: p99Ms,
      unit: 'ms',
      detail: 'they share two cores with the server',
    },
  ];
}

/** The bucket of the route's histogram that holds the 99th percentile. */
async function answerTimeMs(url: URL, route: string): Promise<number> {
  const page = await send(url, 'GET', '/v1/metrics', {});
  const line = new RegExp(`_bucket\\{route="${route}",status="200",le="([^"]+)"\\} (\\d+)`, 'g');
  const buckets = Array.from(page.matchAll(line), ([, bound = '', count = '']) => ({ bound, count: Number(count) }));
  const total = buckets.at(-1)?.count ?? 0;
  return Number(buckets.find(({ count }) => count >= total * 0.99)?.bound.replace('+Inf', 'Infinity')) * 1000;
}

async function besidePeer({ url, token }: Peer): Promise<Figure[]> {
  const vault = await startDev();
  const own = { 'X-Vault-Token': vault.env['ZVAULT_TOKEN'] ?? '' };
  const peers = { 'X-Vault-Token': token };
  const names = ['zvault', 'peer'] as const;
  const options = { seconds, connections };
  try {
    await prepare(vault.url, own);
    const reads = await inTurns(
      'KV reads beside the peer',
      { ...options, path, url: vault.url, headers: own },
      { ...options, path, url, headers: peers },
      { rounds, names },
    );
    const body = JSON.stringify({ plaintext: Buffer.alloc(64, 'a').toString('base64') });
    const encrypt = { ...options, path: '/v1/transit/encrypt/bench', body };
    const encryptions = await inTurns(
      'transit encryptions beside the peer',
      { ...encrypt, url: vault.url, headers: own },
      { ...encrypt, url, headers: peers },
      { rounds, names },
    );
    return [...reads, ...encryptions, await workersBesidePeer({ url, token })];
  } finally {
    await vault.stop();
  }
}

/** A peer that serves with a thread for each core, beside a worker for each of two cores. */
async function workersBesidePeer({ url, token }: Peer): Promise<Figure> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-bench-'));
  await using server = await startWorkers(
    2,
    { ZVAULT_STORAGE: `sqlite:${join(folder.path, 'vault.db')}` },
    folder.path,
  );
  const own = { 'X-Vault-Token': (await open(server.url)).token };
  await send(server.url, 'POST', path, own, secret);
  const options = { path, seconds, connections: 2 * connections };
  const ours = async (): Promise<number> =>
    (await loadLightly({ ...options, url: server.url, headers: own })).perSecond;
  const theirs = async (): Promise<number> =>
    (await loadLightly({ ...options, url, headers: { 'X-Vault-Token': token } })).perSecond;
  await ours();
  await theirs();
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push([await ours(), await theirs()]);
  const perSecond = (which: 0 | 1): string => `${Math.round(median(pairs.map((pair) => pair[which])))}/s`;
  return {
    name: `KV reads of two workers beside the peer, ${2 * connections} connections`,
    value: median(pairs.map(([one, other]) => one / other)),
    unit: '×',
    detail: `zvault ${perSecond(0)}; peer ${perSecond(1)}`,
  };
}

/** Initialises and unseals a server. */
async function open(url: URL): Promise<{ token: string; unsealMs: number }> {
  const init = await send(url, 'POST', '/v1/sys/init', {}, { shares: 5, threshold: 3 });
  const { unseal_shares: shares, root_token: token } = JSON.parse(init) as {
    unseal_shares: string[];
    root_token: string;
  };
  const started = performance.now();
  await send(url, 'POST', '/v1/sys/unseal', {}, { shares: shares.slice(0, 3) });
  return { token, unsealMs: performance.now() - started };
}

/** A secret, and a key. A peer may have no transit engine yet, or the key already. */
async function prepare(url: URL, headers: Readonly<Record<string, string>>): Promise<void> {
  await send(url, 'POST', path, headers, secret);
  const plaintext = { plaintext: 'YQ==' };
  const works = (): Promise<boolean> =>
    send(url, 'POST', '/v1/transit/encrypt/bench', headers, plaintext).then(
      () => true,
      () => false,
    );
  if (await works()) return;
  await send(url, 'POST', '/v1/sys/mounts/transit', headers, { type: 'transit' }).catch(() => undefined);
  await send(url, 'POST', '/v1/transit/keys/bench', headers);
  if (!(await works())) throw new ZvaultError('UNAVAILABLE', `${url.origin} does not encrypt with the key "bench"`);
}
