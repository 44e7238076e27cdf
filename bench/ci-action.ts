// The GitHub Action as the runner starts it: its start beside `node -e 0`, and 500 secrets through 50 ms of latency beside a client that
// lists and then gets each.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVault } from '@zvault/core/testing';
import { listAndGet } from './bulk.ts';
import { delayProxy } from './delay-proxy.ts';
import { type Bench, type Figure, median } from './figure.ts';

const main = fileURLToPath(new URL('../actions/setup/dist/main.cjs', import.meta.url));
const count = 500;
const latencyMs = 50;
const startRounds = 21;
const loadRounds = 7;

export const ciAction: Bench = {
  summary: `the GitHub Action: its start, and ${count} secrets through ${latencyMs} ms of latency`,
  async run() {
    return [sizeFigure(), startFigure(), ...(await loadFigures())];
  },
};

function sizeFigure(): Figure {
  return {
    name: 'bundle of the action without the vault',
    value: statSync(main).size / 1000,
    unit: 'kB',
    bound: '<300',
  };
}

/** Without the runner's files it ends at once, with everything loaded. */
function startFigure(): Figure {
  const times: Record<'floor' | 'action', number[]> = { floor: [], action: [] };
  const commands = { floor: ['-e', '0'], action: [main] } as const;
  for (let round = -2; round < startRounds; round += 1) {
    for (const name of ['floor', 'action'] as const) {
      const started = performance.now();
      spawnSync(process.execPath, commands[name], { env: { PATH: process.env['PATH'] }, stdio: 'ignore' });
      if (round >= 0) times[name].push(performance.now() - started);
    }
  }
  return {
    name: 'start of the action',
    value: median(times.action) / median(times.floor),
    unit: '× node -e 0',
    bound: '<2.5',
    detail: `median ${median(times.action).toFixed(1)} ms of ${startRounds}`,
  };
}

async function loadFigures(): Promise<Figure[]> {
  const seed = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`KEY_${index}`, `value of secret number ${index}`]),
  );
  await using vault = await startVault({ seed });
  const proxy = await delayProxy(Number(new URL(vault.url).port), latencyMs);
  const url = `http://127.0.0.1:${proxy.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
  try {
    const times: number[] = [];
    for (let round = 0; round < loadRounds; round += 1) {
      const names = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'];
      const files = names.map((name) => [name, join(folder, `${name}-${round}`)] as const);
      for (const [, file] of files) writeFileSync(file, '');
      const env = {
        PATH: process.env['PATH'],
        GITHUB_ACTIONS: 'true',
        RUNNER_TEMP: folder,
        INPUT_URL: url,
        INPUT_TOKEN: vault.serviceToken,
        INPUT_ENV: vault.environment,
        ...Object.fromEntries(files),
      };
      const started = performance.now();
      const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.resume();
      const [code] = (await once(child, 'close')) as [number];
      times.push(performance.now() - started);
      if (code !== 0) throw new Error(`the action ended with ${code}`);
    }
    const path = `/v1/cloud/orgs/${vault.orgId}/projects/${vault.projectId}/envs/${vault.environment}/secrets`;
    const many = await listAndGet(url, vault.serviceToken, path);
    return [
      {
        name: 'the whole action, 500 secrets',
        value: median(times),
        unit: 'ms',
        bound: '<500',
        detail: `median of ${loadRounds}`,
      },
      {
        name: 'list, then 500 gets, 20 at a time',
        value: many,
        unit: 'ms',
        detail: 'requests alone: what clients without bulk do',
      },
    ];
  } finally {
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
