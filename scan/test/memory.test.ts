import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rules } from '../src/rules/index.ts';
import { Folder } from './run.ts';
import { crcToken, seeded } from './secrets.ts';

const program = fileURLToPath(new URL('../dist/scan.cjs', import.meta.url));
const mostMb = 300;

/** Scans the folder in a process of its own. Returns the most memory that it held, in MB, and how much it wrote to a pipe. */
function scan(folder: Folder, args: readonly string[]): { mb: number; written: number; status: number | null } {
  // Not what getrusage(2) says: that begins with what the parent held when it started the process.
  const code = `process.on('exit', () => require('fs').writeSync(2, require('fs').readFileSync('/proc/self/status')));
    process.argv.splice(1, 0, ${JSON.stringify(program)}); require(${JSON.stringify(program)})`;
  const env = { PATH: process.env['PATH'], HOME: folder.path, XDG_CACHE_HOME: `${folder.path}/cache` };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code, '--', ...args, 'work'], {
    cwd: folder.path,
    env,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  return { mb: Number(/^VmHWM:\s+(\d+) kB$/m.exec(stderr)?.[1]) / 1000, written: stdout.length, status };
}

test.skipIf(process.platform !== 'linux')('a report of 50,000 findings is never held as a whole', () => {
  using folder = new Folder();
  const draw = seeded(1);
  for (let file = 0; file < 500; file += 1) {
    const lines = Array.from({ length: 100 }, () => `token = "${crcToken(draw, 'ghp_')}"\n`);
    folder.write(`work/${file}.txt`, lines.join(''));
  }
  const { mb, written, status } = scan(folder, ['--format', 'sarif']);
  expect(status).toBe(7);
  expect(written).toBeGreaterThan(30_000_000);
  expect(mb).toBeLessThan(mostMb);
});

test.skipIf(process.platform !== 'linux')('four threads with large files', () => {
  using folder = new Folder();
  const draw = seeded(2);
  const line = (): string => `  const token${draw(1e6)} = api.key(password, "${draw(1e9)}"); // secret ${draw(1e9)}\n`;
  const text = Array.from({ length: 20_000 }, line).join('').repeat(6);
  for (let file = 0; file < 24; file += 1) folder.write(`work/${file}.js`, text);
  for (let file = 24; file < 256; file += 1) folder.write(`work/${file}.js`, '');
  const { mb, status } = scan(folder, ['--threads', '4']);
  expect(status).toBe(0);
  expect(mb).toBeLessThan(mostMb);
});

test.skipIf(process.platform !== 'linux')('a rule does not keep the text that it was tried on', () => {
  using folder = new Folder();
  const keywords = rules.filter((rule) => rule.assigned !== true).map((rule) => rule.keywords[0] ?? '');
  const filler = 'plain words and some more of them\n'.repeat(14_000);
  for (const [file, keyword] of keywords.slice(0, 250).entries())
    folder.write(`work/${file}.txt`, `${filler} ${keyword.replace(/\[.*/, '')}abc\n`);
  const { mb, status } = scan(folder, ['--threads', '1']);
  expect(status).toBe(0);
  expect(mb).toBeLessThan(120);
});
