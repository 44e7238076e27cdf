// What a commit waits for: five staged files, beside `node -e 0`, without and with 10,000 values of a vault.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, type Figure, median } from './figure.ts';
import { startVault, zvault } from './scan-vault.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'scan/dist/scan.cjs');
const rounds = 31;
const fileCount = 5;
const fileBytes = 26_000;

export const scanHook: Bench = {
  summary: 'zvault scan --staged of five files beside node -e 0',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
    const { NODE_EXTRA_CA_CERTS: _unset, ...rest } = process.env;
    const env: NodeJS.ProcessEnv = { ...rest, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
    stageFiles(folder, env);
    const vault = await startVault(join(folder, '.git'), env);
    try {
      const commands: Record<string, { args: string[]; env: NodeJS.ProcessEnv; bound?: string }> = {
        'node -e 0': { args: ['-e', '0'], env },
        'scan/dist --staged, five files': { args: [program, '--staged'], env, bound: '<1.9' },
        'zvault scan --staged, five files': { args: [zvault, 'scan', '--staged'], env, bound: '<1.9' },
        'scan/dist --staged --vault, 10,000 values': {
          args: [program, '--staged', '--vault'],
          env: vault.env,
          bound: '<2.2',
        },
      };
      const times: Record<string, number[]> = {};
      // The first rounds fill caches: compiled code, and the index of the values.
      for (let round = -3; round < rounds; round += 1) {
        for (const [name, command] of Object.entries(commands)) {
          const started = performance.now();
          const { status, stderr } = spawnSync(process.execPath, command.args, {
            env: command.env,
            cwd: folder,
            encoding: 'utf8',
          });
          if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
          if (round >= 0) (times[name] ??= []).push(performance.now() - started);
        }
      }
      const base = median(times['node -e 0'] ?? []);
      return Object.entries(commands).map(([name, { bound }]): Figure => {
        const list = times[name] ?? [];
        const detail = `median ${median(list).toFixed(1)} ms of ${rounds}`;
        return { name, value: median(list) / base, unit: '× node -e 0', ...(bound ? { bound } : {}), detail };
      });
    } finally {
      vault.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Program text of our own, so that the rules have something to look at. */
function stageFiles(folder: string, env: NodeJS.ProcessEnv): void {
  const source = join(root, 'scan/src');
  const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => readFileSync(join(source, name), 'utf8'))
    .join('\n');
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: folder, env });
  git('init', '-q');
  for (let i = 0; i < fileCount; i += 1)
    writeFileSync(join(folder, `file${i}.ts`), text.slice(i * fileBytes, (i + 1) * fileBytes));
  git('add', '-A');
}
