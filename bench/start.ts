// How long a start takes, beside `node -e 0`.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Bench, type Figure, median } from './figure.ts';

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
const testing = fileURLToPath(new URL('../vault-core/dist/testing.cjs', import.meta.url));
const rounds = 31;

/** NODE_EXTRA_CA_CERTS costs 40 ms of its own at each start with http. */
const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => {
  const { NODE_EXTRA_CA_CERTS: _unset, ...rest } = process.env;
  return { ...rest, ...more };
};

export const start: Bench = {
  summary: 'zvault dev, zvault run and startVault() beside node -e 0',
  async run() {
    const vault = spawn(process.execPath, [zvault, 'dev', '--json'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: vault.stdout }), 'line')) as [string];
    const settings = JSON.parse(line) as Record<string, string>;
    const inVault = environment({ ...settings, ZVAULT_TOKEN: settings['ZVAULT_SERVICE_TOKEN'] ?? '' });
    const floor = `const http = require('http'); http.get(process.env.ZVAULT_URL + '/health', (r) => { r.resume(); require('child_process').spawn('true').on('exit', () => process.exit()); })`;
    const commands: Record<string, { args: string[]; env: NodeJS.ProcessEnv }> = {
      'node -e 0': { args: ['-e', '0'], env: environment() },
      'node, one request, one spawn': { args: ['-e', floor], env: inVault },
      'zvault dev -- true': { args: [zvault, 'dev', '--', 'true'], env: environment() },
      'zvault run -- true': { args: [zvault, 'run', '--', 'true'], env: inVault },
      'zvault --version': { args: [zvault, '--version'], env: environment() },
    };
    const times: Record<string, number[]> = {};
    for (let round = -2; round < rounds; round += 1) {
      for (const [name, { args, env }] of Object.entries(commands)) {
        const started = performance.now();
        const { status } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'], cwd: '/' });
        if (status !== 0) throw new Error(`${name} ended with ${status}`);
        // The first two rounds fill the code cache.
        if (round >= 0) (times[name] ??= []).push(performance.now() - started);
      }
    }
    vault.kill();
    const base = median(times['node -e 0'] ?? []);
    const bounds: Record<string, string> = { 'zvault dev -- true': '<2.5', 'zvault run -- true': '<2.2' };
    const ratios = Object.entries(times).map(([name, list]): Figure => {
      const bound = bounds[name];
      return {
        name,
        value: median(list) / base,
        unit: '× node -e 0',
        ...(bound ? { bound } : {}),
        detail: `median ${median(list).toFixed(1)} ms of ${rounds}`,
      };
    });
    return [...ratios, ...startVaultFigures()];
  },
};

/** In processes of their own: the first start in a process is what a test file pays. */
function startVaultFigures(): Figure[] {
  const code = `const { startVault } = require(${JSON.stringify(testing)});
    const seed = Object.fromEntries(Array.from({ length: 50 }, (_, i) => ['KEY_' + i, 'value number ' + i]));
    (async () => { const times = [];
      for (let i = 0; i < 6; i += 1) { const t = performance.now(); const v = await startVault({ seed }); times.push(performance.now() - t); await v.stop(); }
      console.log(JSON.stringify(times)); })();`;
  const first: number[] = [];
  const further: number[] = [];
  for (let round = 0; round < 11; round += 1) {
    const [one = 0, ...rest] = JSON.parse(
      spawnSync(process.execPath, ['-e', code], { env: environment(), encoding: 'utf8' }).stdout,
    ) as number[];
    first.push(one);
    further.push(median(rest));
  }
  return [
    { name: 'startVault() with 50 secrets, first in a process', value: median(first), unit: 'ms', bound: '<60' },
    { name: 'startVault() with 50 secrets, each further one', value: median(further), unit: 'ms', bound: '<10' },
  ];
}
