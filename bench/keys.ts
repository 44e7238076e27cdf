// Unsealing, rotation, backup and restore of a vault on disk.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createClient } from '@zvault/core/client';
import { startServer } from '@zvault/core/server';
import { type Bench, type Figure, median } from './figure.ts';

const rounds = 30;
const secrets = 20_000;
const batch = 2000;

export const keys: Bench = {
  summary: `a vault of ${secrets} secrets: unseal, rotate everything, back up, restore`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
    const listen = { host: '127.0.0.1', port: 0 };
    const storage = `sqlite:${join(folder, 'vault.db')}`;
    await using server = await startServer({ storage, listen, rateLimit: 0 });
    try {
      return await measure(server.url);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(url: string): Promise<Figure[]> {
  const anonymous = createClient({ url, env: {} });
  const made = await anonymous.cloud.sys.init({ shares: 5, threshold: 3, key_file: true, passphrase: 'a passphrase' });
  const shares = made.unseal_shares.slice(0, 3);
  await anonymous.cloud.sys.unseal({ shares });
  const client = createClient({
    url,
    token: made.root_token,
    org: 'o',
    project: 'p',
    environment: 'development',
    env: {},
  });
  const { sys, operator } = client.cloud;
  const unsealed = async (body: Parameters<typeof sys.unseal>[0], times: number): Promise<number> => {
    const took: number[] = [];
    for (let round = 0; round < times; round += 1) {
      await sys.seal();
      const started = performance.now();
      await sys.unseal(body);
      took.push(performance.now() - started);
    }
    return median(took);
  };
  await client.cloud.orgs.create({ name: 'o', slug: 'o' });
  await client.cloud.projects.create('o', { name: 'p', slug: 'p' });
  for (let start = 0; start < secrets; start += batch) {
    const operations = Array.from({ length: batch }, (_, index) => ({
      op: 'put' as const,
      key: `KEY_${start + index}`,
      value: `value of secret number ${start + index}`,
    }));
    await client.batch(operations);
  }
  const figures: Figure[] = [
    { name: 'unseal with 3 shares', value: await unsealed({ shares }, rounds), unit: 'ms' },
    { name: 'unseal with a key file', value: await unsealed({ key: made.key_file ?? '' }, rounds), unit: 'ms' },
    {
      name: 'unseal with a passphrase',
      value: await unsealed({ passphrase: 'a passphrase' }, 5),
      unit: 'ms',
      detail: 'Argon2id, 64 MiB, 3 passes',
    },
  ];

  let started = performance.now();
  let state = await operator.rotate();
  while (state.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 100));
    state = await operator.rotation();
  }
  const rotated = (performance.now() - started) / 1000;
  figures.push({
    name: 'rotate all keys: encrypted again',
    value: state.reencrypted / rotated,
    unit: 'entries/s',
    detail: `half of the time is left to requests, ${state.reencrypted} entries in ${rotated.toFixed(1)} s`,
  });

  started = performance.now();
  const parts: Buffer[] = [];
  for await (const part of await operator.backup()) parts.push(part as Buffer);
  const bytes = Buffer.concat(parts);
  figures.push(rate('backup', bytes.length, started));
  started = performance.now();
  await operator.restore(() => Readable.from([bytes]));
  figures.push(rate('restore: staged', bytes.length, started));
  started = performance.now();
  await sys.unseal({ shares });
  figures.push(rate('restore: proven and put in place', bytes.length, started));
  client.close();
  anonymous.close();
  return figures;
}

function rate(name: string, bytes: number, started: number): Figure {
  const seconds = (performance.now() - started) / 1000;
  return { name, value: bytes / 1_000_000 / seconds, unit: 'MB/s', detail: `${(bytes / 1_000_000).toFixed(1)} MB` };
}
