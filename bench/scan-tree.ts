// A tree of 128 MB, beside grep, and ripgrep with the same patterns, gitleaks and secretlint as far as they are in PATH.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rules } from '../scan/src/rules/index.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { startVault } from './scan-vault.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'scan/dist/scan.cjs');
const treeBytes = 128 * 1024 * 1024;
/** Then the others are stopped: they would take many minutes. */
const mostTimes = 110;
const textTypes = /^\.(?:[cm]?[jt]s|json|md|ya?ml|html|css|txt|map|sh|go|py)$/;
const stopped = 'stopped: it would have taken longer';
const rounds = 5;

type Command = readonly [file: string, ...args: string[]];

export const scanTree: Bench = {
  summary: 'a tree of 128 MB, beside grep and other scanners',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
    const { NODE_EXTRA_CA_CERTS: _unset, ...rest } = process.env;
    const env: NodeJS.ProcessEnv = { ...rest, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
    const tree = join(folder, 'tree');
    const patterns = join(folder, 'patterns.txt');
    fill(tree, treeBytes);
    writeFileSync(patterns, `${ripgrepPatterns().join('\n')}\n`);
    const vault = await startVault(folder, env);
    const time = (command: Command, cwd: string, of = rounds, environment = env): number =>
      median(Array.from({ length: of }, () => timeOnce(command, cwd, environment)));
    const scan = (threads: number, ...more: string[]): Command => [
      process.execPath,
      program,
      '--threads',
      String(threads),
      ...more,
      '.',
    ];
    const again = Array.from({ length: 7 }, () => '.');
    try {
      timeOnce(scan(1, '--vault'), tree, vault.env);
      const one = time(scan(1), tree);
      const speed = `${(treeBytes / 1e6 / (one / 1000)).toFixed(0)} MB/s`;
      const usage = (threads: number, ...more: string[]): Usage => usageOf(scan(threads, ...more), tree, vault.env);
      const cores = [1, 2].map((threads) => usage(threads).cores.toFixed(2));
      // The first of them makes the index of the values.
      rmSync(join(folder, 'cache'), { recursive: true });
      const memory = { '--vault': usage(1, '--vault').mb, 1: usage(1).mb, 2: usage(2).mb, 4: usage(4).mb };
      const perCore = (): Figure => ({
        name: 'scan, second thread and core',
        value: time(['taskset', '-c', '0', ...scan(1)], tree) / time(['taskset', '-c', '0,1', ...scan(2)], tree),
        unit: '× as fast',
        bound: '>1.6',
        detail: 'one thread, and what V8 does beside it, on one core',
      });
      const figures: Figure[] = [
        {
          name: 'scan, one thread',
          value: one / time(['grep', '-rF', 'zzqqxxyy', '.'], tree),
          unit: '× grep -F',
          detail: speed,
        },
        {
          name: 'scan, second thread',
          value: one / time(scan(2), tree),
          unit: '× as fast',
          bound: '>1.6',
          // V8 compiles and collects on other cores: where there are two, one thread leaves less than a whole one free.
          detail: `cores in use: ${cores[0]} with one thread, ${cores[1]} with two, of ${availableParallelism()}`,
        },
        ...(isInstalled('taskset') ? [perCore()] : []),
        {
          name: 'scan of it eight times over, second thread',
          value: time([...scan(1), ...again], tree) / time([...scan(2), ...again], tree),
          unit: '× as fast',
          bound: '>1.6',
          detail: '1 GB: on 128 MB the start of a thread, and what V8 compiles for it, weigh most',
        },
        {
          name: 'scan with 10,000 values of the vault',
          value: time(scan(1, '--vault'), tree, rounds, vault.env) / one,
          unit: '× without',
          bound: '<2',
        },
        {
          name: 'scan, memory',
          value: Math.max(...Object.values(memory)),
          unit: 'MB',
          bound: '<300',
          detail: `the most of ${Object.entries(memory)
            .map(([name, mb]) => `${Number(name) > 0 ? `--threads ${name}` : name} ${mb.toFixed(0)}`)
            .join(', ')}`,
        },
      ];
      const limit = Math.round(one * mostTimes);
      if (isInstalled('rg')) {
        const took = timeOnce(['rg', '-j1', '-uuu', '--no-unicode', '--count', '-f', patterns, '.'], tree, env, limit);
        figures.push({
          name: 'ripgrep with the same patterns, one thread',
          value: took / one,
          unit: '× the time',
          bound: '>1',
          ...(took < limit ? {} : { detail: stopped }),
        });
      }
      if (isInstalled('gitleaks')) {
        const args = ['dir', '--no-banner', '--exit-code', '0', '.'] as const;
        figures.push({
          name: 'gitleaks',
          value: timeOnce(['gitleaks', ...args], tree, env) / one,
          unit: '× the time',
          bound: '>30',
        });
      }
      if (isInstalled('secretlint')) {
        const preset = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend' }] };
        writeFileSync(join(tree, '.secretlintrc.json'), JSON.stringify(preset));
        const roomy = { ...env, NODE_OPTIONS: '--max-old-space-size=8192' };
        const took = timeOnce(['secretlint', '**/*'], tree, roomy, limit);
        figures.push({
          name: 'secretlint',
          value: took / one,
          unit: '× the time',
          bound: '>100',
          ...(took < limit ? {} : { detail: stopped }),
        });
      }
      return figures;
    } finally {
      vault.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Copies text files of the installed packages, again and again, until there is enough. */
function fill(folder: string, bytes: number): void {
  const source = join(root, 'node_modules');
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    textTypes.test(extname(name)),
  );
  let left = bytes;
  for (let copy = 0; left > 0; copy += 1) {
    for (const name of names.sort()) {
      const stats = statSync(join(source, name));
      if (!stats.isFile() || stats.size > 256 * 1024) continue;
      const target = join(folder, String(copy), name);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(source, name), target);
      left -= stats.size;
      if (left <= 0) return;
    }
  }
}

/** The rules as ripgrep takes them: without look-ahead, and with what stands before an assigned value. */
function ripgrepPatterns(): string[] {
  return rules
    .filter(({ pattern }) => !/\(\?<?[=!]|\\[1-9]/.test(pattern) && !pattern.replace(/\[[^\]]*\]/g, '').includes('\\n'))
    .map(({ pattern, assigned, ignoreCase, keywords }) => {
      const plain = pattern.replaceAll('[^]', '[\\s\\S]').replaceAll('\\/', '/');
      const flags = ignoreCase === true ? '(?i)' : '';
      if (assigned !== true) return flags + plain;
      const names = keywords.map((keyword) =>
        keyword.replace(/\[[^\]]*\]/g, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      );
      return `(?i:${names.join('|')})[\\w.-]{0,20}["']?\\s?[:=]\\s?["']?(?:${plain})`;
    });
}

/** @param limit milliseconds after which it is stopped */
function timeOnce([file, ...args]: Command, cwd: string, env: NodeJS.ProcessEnv, limit?: number): number {
  const started = performance.now();
  const { error, status, stderr } = spawnSync(file, args, {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: limit,
    killSignal: 'SIGKILL',
  });
  const took = performance.now() - started;
  if (limit !== undefined && took >= limit) return took;
  // 1 and 7 tell that something was found, or with grep that nothing was.
  if (error || ![0, 1, 7].includes(status ?? -1)) throw error ?? new Error(`${file} ended with ${status}: ${stderr}`);
  return took;
}

interface Usage {
  /** The most memory that the program held. */
  readonly mb: number;
  /** CPU time beside time. */
  readonly cores: number;
}

function usageOf([, file = '', ...args]: Command, cwd: string, env: NodeJS.ProcessEnv): Usage {
  // The memory is not what getrusage(2) says: that begins with what the parent held when it started the process.
  const code = `process.on('exit', () => { const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const most = /^VmHWM:\\s+(\\d+) kB$/m.exec(require('fs').readFileSync('/proc/self/status', 'latin1'))[1];
    require('fs').writeSync(2, '\\n' + most + ' ' + (userCPUTime + systemCPUTime) / 1000 / performance.now()); });
    process.argv.splice(1, 0, ${JSON.stringify(file)}); require(${JSON.stringify(file)})`;
  const { stderr } = spawnSync(process.execPath, ['-e', code, '--', ...args], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const [kilobytes, cores] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { mb: (kilobytes ?? Number.NaN) / 1000, cores: cores ?? Number.NaN };
}

function isInstalled(name: string): boolean {
  const found = spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
  if (!found) console.error(`  ${name} is not installed: left out`);
  return found;
}
