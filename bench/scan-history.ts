// A history of 3,000 commits with 1,000 secrets, beside git reading its objects; and histories of other shapes.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Draw, crcToken, seeded } from '../scan/test/secrets.ts';
import { type Bench, type Figure, median } from './figure.ts';

const program = fileURLToPath(new URL('../scan/dist/scan.cjs', import.meta.url));
const rounds = 7;
const commits = 3000;
const secrets = 1000;

/** Makes the stream for `git fast-import`. */
type Shape = (draw: Draw) => string[];

export const scanHistory: Bench = {
  summary: `${commits} commits with ${secrets} secrets beside git cat-file --batch-all-objects`,
  run() {
    return Promise.resolve([
      { ...measure(manyFiles), name: 'zvault scan --history, attribution included', bound: '<1.9' },
      { ...measure(mergedBranches), name: '… of branches that are merged' },
      { ...measure(longFile), name: '… of a long file that each commit changes by a line' },
    ]);
  },
};

function measure(shape: Shape): Omit<Figure, 'name'> {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-bench-'));
  try {
    makeHistory(folder, shape);
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
    return { value: scanning / reading, unit: '× git cat-file', detail };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeHistory(folder: string, shape: Shape): void {
  const git = (args: string[], input = ''): void => {
    const { status, stderr } = spawnSync('git', args, { cwd: folder, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
  };
  git(['init', '-q', '--bare']);
  git(['fast-import', '--quiet'], shape(seeded(2026)).join(''));
  git(['repack', '-adq']);
}

const words =
  'const let function return value index total count string number import class public static if else for while error result data list map filter user account order price token config'.split(
    ' ',
  );

function line(draw: Draw): string {
  return `${Array.from({ length: 5 + draw(8) }, () => words[draw(words.length)]).join(' ')};`;
}

function head(branch: string, time: number, mark = ''): string {
  return `commit refs/heads/${branch}\n${mark}committer T <t@acme.test> ${1_600_000_000 + time} +0000\ndata 2\nx\n`;
}

function file(name: string, lines: readonly string[]): string {
  const text = `${lines.join('\n')}\n`;
  return `M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
}

/** Files of program-like text that change a little with each commit. */
function manyFiles(draw: Draw): string[] {
  const files = new Map<string, string[]>();
  const stream: string[] = [];
  for (let commit = 0; commit < commits; commit += 1) {
    stream.push(head('main', commit));
    for (let change = 0; change < 3; change += 1) {
      const name = `src/${draw(20)}/file${draw(30)}.txt`;
      const lines = files.get(name) ?? Array.from({ length: 100 + draw(200) }, () => line(draw));
      files.set(name, lines);
      for (let edit = 0; edit < 3; edit += 1) lines.splice(draw(lines.length), draw(3), line(draw), line(draw));
      if (change === 0 && commit % (commits / secrets) === 0)
        lines.splice(draw(lines.length), 0, `token ${crcToken(draw, 'ghp_')}`);
      stream.push(file(name, lines));
    }
  }
  return stream;
}

/** Each merge takes the changes of two branches, each tenth one those of six. */
function mergedBranches(draw: Draw): string[] {
  const files = Array.from({ length: 100 }, () => Array.from({ length: 200 }, () => line(draw)));
  const put = (index: number): string => file(`src/file${index}.txt`, files[index] ?? []);
  const stream = [head('main', 0, 'mark :1\n'), ...files.map((_, index) => put(index))];
  let mark = 1;
  for (let merge = 1; merge <= 800; merge += 1) {
    const base = mark;
    const tips: number[] = [];
    const changed: number[] = [];
    for (let branch = 0; branch < (merge % 10 === 0 ? 6 : 2); branch += 1) {
      const index = (merge * 7 + branch * 13) % files.length;
      changed.push(index);
      tips.push((mark += 1));
      files[index]?.splice(draw(200), 1, merge % 10 === 0 ? `token ${crcToken(draw, 'ghp_')}` : line(draw));
      stream.push(head(`branch${branch}`, merge, `mark :${mark}\n`), `from :${base}\n`, put(index));
    }
    mark += 1;
    stream.push(head('main', merge, `mark :${mark}\n`), `from :${base}\n`);
    stream.push(...tips.map((tip) => `merge :${tip}\n`), ...changed.map(put));
  }
  return stream;
}

function longFile(draw: Draw): string[] {
  const lines = Array.from({ length: 4000 }, () => line(draw));
  return Array.from({ length: 1000 }, (_, commit) => {
    lines[draw(lines.length)] = commit % 100 === 0 ? `token ${crcToken(draw, 'ghp_')}` : line(draw);
    return head('main', commit) + file('src/long.txt', lines);
  });
}
