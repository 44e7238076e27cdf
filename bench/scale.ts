// A million secrets in one SQLite vault, beside a thousand: latency of reads, start, memory.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type BatchOperation, type VaultClient, createClient } from '@zvault/core/client';
import { type Bench, median } from './figure.ts';

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
const perEnvironment = 10_000;
const perBatch = 2500;
/** Each of another secret, so that none is in the server's memory; the first ones warm up the process. */
const reads = 1000;
const warmUp = 250;

export const scale: Bench = {
  summary: '1,000,000 secrets beside 1,000 (filling takes some minutes)',
  async run() {
    const small = await measure(1000);
    const large = await measure(1_000_000);
    const detail = `median ${large.readMs.toFixed(3)} ms beside ${small.readMs.toFixed(3)} ms, ${reads - warmUp} random secrets, none read before`;
    return [
      {
        name: 'read of a random secret, 1,000,000 beside 1,000',
        value: large.readMs / small.readMs,
        unit: '×',
        bound: '<1.5',
        detail,
      },
      { name: 'start and unseal with 1,000,000 secrets', value: large.startMs / 1000, unit: 's', bound: '<2' },
      { name: 'memory of the server after the reads', value: large.rssMb, unit: 'MB', bound: '<500' },
    ];
  },
};

interface Measured {
  readonly readMs: number;
  readonly startMs: number;
  readonly rssMb: number;
}

async function measure(secrets: number): Promise<Measured> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-scale-'));
  const keyFile = join(folder.path, 'unseal.key');
  const storage = ['--storage', `sqlite:${join(folder.path, 'vault.db')}`];
  const first = await startServer(storage, {});
  const init = spawnSync(process.execPath, [zvault, 'init', '--unseal-key-file', keyFile, '--json'], {
    env: { ...process.env, ZVAULT_URL: first.url },
    encoding: 'utf8',
  });
  const { root_token: token } = JSON.parse(init.stdout) as { root_token: string };
  await first.stop();

  const unseal = { ZVAULT_UNSEAL_KEY_FILE: keyFile };
  const filled = await startServer(storage, unseal);
  await using filler = createClient({
    url: filled.url,
    token,
    org: 'scale',
    project: 'scale',
    env: {},
    timeoutMs: 120_000,
  });
  await fill(filler, secrets);
  await filled.stop();

  const started = performance.now();
  const server = await startServer(storage, unseal);
  const startMs = performance.now() - started;
  await using client = createClient({ url: server.url, token, org: 'scale', project: 'scale', env: {}, cacheTtlMs: 0 });
  const environments = Math.ceil(secrets / perEnvironment);
  const times: number[] = [];
  // A step that is prime to the count visits other secrets each time.
  for (let index = 0; index < reads; index += 1) {
    const number = (index * 7919) % secrets;
    const began = performance.now();
    await client.get(keyOf(number), `e${number % environments}`);
    if (index >= warmUp) times.push(performance.now() - began);
  }
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '');
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
  await server.stop();
  return { readMs: median(times), startMs, rssMb };
}

const keyOf = (number: number): string => `SERVICE_${number}_SETTING`;

async function fill(client: VaultClient, secrets: number): Promise<void> {
  await client.cloud.orgs.create({ name: 'scale', slug: 'scale' });
  const environments = Math.ceil(secrets / perEnvironment);
  const slugs = Array.from({ length: environments }, (_, index) => `e${index}`);
  await client.cloud.projects.create('scale', { name: 'scale', slug: 'scale', environments: slugs });
  for (const [index, slug] of slugs.entries()) {
    for (let start = index; start < secrets; start += perBatch * environments) {
      const operations: BatchOperation[] = [];
      for (let number = start; number < Math.min(secrets, start + perBatch * environments); number += environments) {
        operations.push({ op: 'put', key: keyOf(number), value: `the value of setting number ${number}` });
      }
      await client.batch(operations, slug);
    }
  }
}

interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startServer(storage: readonly string[], env: Record<string, string>): Promise<Running> {
  const args = [zvault, 'server', ...storage, '--listen', '127.0.0.1:0', '--rate-limit', '0'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const [line] = (await once(createInterface({ input: child.stderr }), 'line')) as [string];
  const url = /https?:\/\/\S+/.exec(line)?.[0] ?? '';
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  return { url, pid: child.pid ?? 0, stop };
}
