// A history of 3,000 commits with 1,000 secrets, beside git reading its objects.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crcToken, seeded } from '../scan/test/secrets.ts';
import { type Bench, median } from './figure.ts';

const program = fileURLToPath(new URL('../scan/dist/scan.cjs', import.meta.url));
const rounds = 7;
const commits = 3000;
const secrets = 1000;

export const scanHistory: Bench = {
  summary: `${commits} commits with ${secrets} secrets beside git cat-file --batch-all-objects`,
  run() {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
    try {
      makeHistory(folder);
      const read = ['git', 'cat-file', '--batch-all-objects', '--unordered', '--buffer', '--batch'];
      const commands = { read, scan: [process.execPath, program, '--history'] };
      const times: Record<keyof typeof commands, number[]> = { read: [], scan: [] };
      for (let round = -1; round < rounds; round += 1) {
        for (const name of ['read', 'scan'] as const) {
          const [file = '', ...args] = commands[name];
          const started = performance.now();
          const { status, error } = spawnSync(file, args, { cwd: folder, stdio: 'ignore' });
          if (status !== (name === 'read' ? 0 : 7)) throw error ?? new Error(`${file} ended with ${status}`);
          if (round >= 0) times[name].push(performance.now() - started);
        }
      }
      const [reading, scanning] = [median(times.read), median(times.scan)];
      const detail = `${scanning.toFixed(0)} ms beside ${reading.toFixed(0)} ms, median of ${rounds}`;
      return Promise.resolve([
        {
          name: 'zvault scan --history, attribution included',
          value: scanning / reading,
          unit: '× git cat-file',
          bound: '<1.9',
          detail,
        },
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Files of program-like text that change a little with each commit. */
function makeHistory(folder: string): void {
  const draw = seeded(2026);
  const words =
    'const let function return value index total count string number import class public static if else for while error result data list map filter user account order price token config'.split(
      ' ',
    );
  const line = (): string => `${Array.from({ length: 5 + draw(8) }, () => words[draw(words.length)]).join(' ')};`;
  const files = new Map<string, string[]>();
  const stream: string[] = [];
  for (let commit = 0; commit < commits; commit += 1) {
    stream.push(`commit refs/heads/main\ncommitter T <t@acme.test> ${1_600_000_000 + commit} +0000\ndata 2\nx\n`);
    for (let change = 0; change < 3; change += 1) {
      const name = `src/${draw(20)}/file${draw(30)}.txt`;
      const lines = files.get(name) ?? Array.from({ length: 100 + draw(200) }, line);
      files.set(name, lines);
      for (let edit = 0; edit < 3; edit += 1) lines.splice(draw(lines.length), draw(3), line(), line());
      if (change === 0 && commit % (commits / secrets) === 0)
        lines.splice(draw(lines.length), 0, `token ${crcToken(draw, 'ghp_')}`);
      const text = `${lines.join('\n')}\n`;
      stream.push(`M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
    }
  }
  const git = (args: string[], input = ''): void => {
    const { status, stderr } = spawnSync('git', args, { cwd: folder, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
  };
  git(['init', '-q', '--bare']);
  git(['fast-import', '--quiet'], stream.join(''));
  git(['repack', '-adq']);
}
