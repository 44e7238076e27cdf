// A vault with 10,000 random values, for the scanner's benches.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
const valueCount = 10_000;

export interface BenchVault {
  /** For commands that use it. */
  readonly env: NodeJS.ProcessEnv;
  readonly values: readonly string[];
  stop(): void;
}

/** Starts it with a seed in the folder. */
export async function startVault(folder: string, env: NodeJS.ProcessEnv): Promise<BenchVault> {
  const values = Array.from({ length: valueCount }, () => randomBytes(18).toString('base64url'));
  const seed = join(folder, 'seed.json');
  writeFileSync(seed, JSON.stringify(Object.fromEntries(values.map((value, i) => [`KEY_${i}`, value]))), {
    mode: 0o600,
  });
  const child = spawn(process.execPath, [zvault, 'dev', '--json', '--seed', seed], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const settings = JSON.parse(line) as Record<string, string>;
  return {
    env: { ...env, ...settings, ZVAULT_TOKEN: settings['ZVAULT_SERVICE_TOKEN'] ?? '' },
    values,
    stop: () => void child.kill(),
  };
}
