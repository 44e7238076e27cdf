// Reading an environment of 500 secrets through 50 ms of latency: one request, beside a client that lists and then gets each.

import { Agent } from 'node:http';
import { createClient } from '@zvault/core/client';
import { startVault } from '@zvault/core/testing';
import { getText } from '../scripts/get-text.ts';
import { delayProxy } from './delay-proxy.ts';
import { type Bench, median } from './figure.ts';

const count = 500;
const latencyMs = 50;

export const bulk: Bench = {
  summary: `${count} secrets through ${latencyMs} ms of latency`,
  async run() {
    await using vault = await startVault({
      seed: Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`KEY_${index}`, `value of secret number ${index}`]),
      ),
    });
    const proxy = await delayProxy(Number(new URL(vault.url).port), latencyMs);
    const url = `http://127.0.0.1:${proxy.port}`;
    try {
      const one: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const client = createClient({ url, token: vault.serviceToken, environment: vault.environment, env: {} });
        // The connection is there already, as in an application that has asked before.
        await client.healthy();
        const started = performance.now();
        const secrets = await client.getAll();
        one.push(performance.now() - started);
        if (secrets.size !== count) throw new Error(`${secrets.size} of ${count} secrets arrived`);
        client.close();
      }
      const many = await listAndGet(
        url,
        vault.serviceToken,
        `/v1/cloud/orgs/${vault.orgId}/projects/${vault.projectId}/envs/${vault.environment}/secrets`,
      );
      return [
        {
          name: 'bulk read of 500 secrets',
          value: median(one) / latencyMs,
          unit: 'round trips',
          bound: '<1.5',
          detail: `median ${median(one).toFixed(1)} ms`,
        },
        {
          name: 'list, then 500 gets, 20 at a time',
          value: many / latencyMs,
          unit: 'round trips',
          detail: `${many.toFixed(0)} ms: what clients without bulk do`,
        },
      ];
    } finally {
      proxy.close();
    }
  },
};

/** Milliseconds that a client without bulk reads takes: a list, then each, 20 at a time. */
export async function listAndGet(url: string, token: string, path: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const read = (where: string): Promise<string> =>
    getText(url + where, { agent, headers: { authorization: `Bearer ${token}` } });
  await read('/health');
  const started = performance.now();
  const { keys } = JSON.parse(await read(path)) as { keys: { key: string }[] };
  await Promise.all(keys.map(({ key }) => read(`${path}/${encodeURIComponent(key)}`)));
  const took = performance.now() - started;
  agent.destroy();
  return took;
}
