// Completion, by the shell itself.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../src/commands/index.ts';
import { temporaryFolder, zvault } from './support.ts';

async function completions(folder: string, words: readonly string[]): Promise<string[]> {
  const { stdout, code } = await zvault(['completion', 'bash'], { cwd: folder });
  expect(code).toBe(0);
  writeFileSync(join(folder, 'completion.bash'), stdout);
  const script = `
    source ./completion.bash
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _zvault
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const shell = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder, encoding: 'utf8' });
  expect(shell.stderr).toBe('');
  return shell.stdout.split('\n').filter((word) => word !== '');
}

const cases: { words: string[]; has: string[]; lacks?: string[] }[] = [
  { words: ['zvault', ''], has: commands.map(({ name }) => name) },
  { words: ['zvault', 'clo'], has: ['cloud'], lacks: ['dev'] },
  { words: ['zvault', 'cloud', ''], has: ['pull', 'push', 'token'], lacks: ['dev'] },
  { words: ['zvault', 'cloud', 'token', 'r'], has: ['revoke'], lacks: ['create'] },
  { words: ['zvault', 'cloud', 'pull', '--f'], has: ['--format'], lacks: ['--output', '--addr'] },
  { words: ['zvault', 'cloud', 'pull', '--format', ''], has: ['env', 'json', 'yaml', 'shell'], lacks: ['--format'] },
  { words: ['zvault', 'cloud', 'pull', '--format', 'json', '--o'], has: ['--output', '--org'], lacks: ['json'] },
  { words: ['zvault', 'run', '--no'], has: ['--no-redact'] },
  { words: ['zvault', 'run', '--', 'bas'], has: ['bash'], lacks: ['--env'] },
  { words: ['zvault', 'scan', '--s'], has: ['--staged', '--sarif', '--strict'], lacks: ['--format'] },
  { words: ['zvault', 'scan', '--format', ''], has: ['text', 'sarif', 'gitlab'], lacks: ['--staged'] },
  { words: ['zvault', 'server', '--list-values', 'o'], has: ['off'], lacks: ['all'] },
];

test.each(cases)('bash completes $words', async ({ words, has, lacks = [] }) => {
  using folder = temporaryFolder();
  const found = await completions(folder.path, words);
  expect(found).toEqual(expect.arrayContaining(has));
  for (const word of lacks) expect(found).not.toContain(word);
});

test.each(['bash', 'zsh', 'fish'])('the script for %s is one that it can read', async (shell) => {
  using folder = temporaryFolder();
  const { stdout } = await zvault(['completion', shell], { cwd: folder.path });
  expect(stdout).toContain('cloud');
  // From a file: fish cannot read a script from the socket that Node makes for stdin.
  const file = join(folder.path, 'completion');
  writeFileSync(file, stdout);
  const check = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
  // Where the shell is not installed, there is nobody to ask.
  if (check.error === undefined) expect([check.status, check.stderr]).toEqual([0, '']);
});

// Skipped where fish is not installed.
test.runIf(spawnSync('fish', ['--version']).error === undefined)('fish completes', async () => {
  using folder = temporaryFolder();
  const { stdout } = await zvault(['completion', 'fish'], { cwd: folder.path });
  const file = join(folder.path, 'completion.fish');
  writeFileSync(file, stdout);
  const complete = (line: string): string[] => {
    const fish = spawnSync('fish', ['-c', `source ${file}; complete -C '${line}'`], { encoding: 'utf8' });
    expect(fish.stderr).toBe('');
    return fish.stdout.split('\n').map((found) => found.split('\t', 1)[0] ?? '');
  };
  expect(complete('zvault cl')).toContain('cloud');
  expect(complete('zvault cloud pu')).toEqual(['pull', 'push', '']);
  expect(complete('zvault cloud pull --format ')).toContain('shell');
});

test.runIf(spawnSync('zsh', ['--version']).error === undefined)(
  'zsh loads it without a set-up of its own',
  async () => {
    using folder = temporaryFolder();
    const { stdout } = await zvault(['completion', 'zsh'], { cwd: folder.path });
    const file = join(folder.path, 'completion.zsh');
    writeFileSync(file, stdout);
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path };
    const zsh = spawnSync('zsh', ['-f', '-c', `source ${file}; print -r -- $_comps[zvault]`], {
      encoding: 'utf8',
      env,
    });
    expect([zsh.stderr, zsh.stdout]).toEqual(['', '_zvault\n']);
  },
);
