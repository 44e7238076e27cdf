// With the real pre-commit framework, where it is installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { crcToken } from './secrets.ts';

const program = process.env['PRE_COMMIT'] ?? 'pre-commit';
const installed = spawnSync(program, ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'zvault-pre-commit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hooks = join(folder, 'hooks');
const work = join(folder, 'work');
const env = { ...process.env, HOME: folder, PRE_COMMIT_HOME: join(folder, 'cache'), GIT_CONFIG_GLOBAL: '/dev/null' };
const token = (): string => crcToken((limit) => randomInt(limit), 'ghp_');

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@acme.test', ...args], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function commit(message: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['-c', 'user.name=T', '-c', 'user.email=t@acme.test', 'commit', '-m', message],
    { cwd: work, env, encoding: 'utf8' },
  );
  return { status, said: stdout + stderr };
}

function write(name: string, text: string): void {
  writeFileSync(join(work, name), text);
}

beforeAll(() => {
  if (!installed) return;
  const top = join(import.meta.dirname, '..', '..');
  mkdirSync(join(hooks, 'scan'), { recursive: true });
  mkdirSync(work);
  cpSync(join(top, '.pre-commit-hooks.yaml'), join(hooks, '.pre-commit-hooks.yaml'));
  cpSync(join(top, 'scan/hook.sh'), join(hooks, 'scan/hook.sh'));
  cpSync(join(top, 'scan/dist'), join(hooks, 'scan/dist'), { recursive: true });
  git(hooks, 'init', '-q');
  git(hooks, 'add', '-A');
  git(hooks, 'commit', '-q', '-m', 'hooks');
  git(work, 'init', '-q');
  write(
    '.pre-commit-config.yaml',
    `repos:\n- repo: ${hooks}\n  rev: ${git(hooks, 'rev-parse', 'HEAD').trim()}\n  hooks:\n  - id: zvault-scan\n`,
  );
  execFileSync(program, ['install'], { cwd: work, env, stdio: 'ignore' });
  git(work, 'add', '-A');
}, 60_000);

test.skipIf(!installed)(
  'pre-commit: passes, blocks, allows, honours a baseline and partial staging, renames and deletions',
  () => {
    write('clean.txt', 'nothing\n');
    git(work, 'add', '-A');
    expect(commit('clean')).toMatchObject({ status: 0 });

    const secret = token();
    write('a.env', `TOKEN=${secret}\n`);
    git(work, 'add', '-A');
    const blocked = commit('leak');
    expect(blocked.status).toBe(1);
    expect(blocked.said).toContain('a.env:1:7');
    expect(blocked.said).not.toContain(secret.slice(4));

    write('a.env', `TOKEN=${secret} # zvault:allow\n`);
    git(work, 'add', '-A');
    expect(commit('allowed').status).toBe(0);

    // Staged clean, dirty in the work tree: passes. Staged dirty, clean in the work tree: blocked.
    write('part.txt', 'one\n');
    git(work, 'add', '-A');
    write('part.txt', `one\n${token()}\n`);
    expect(commit('partial').status).toBe(0);
    git(work, 'add', '-A');
    write('part.txt', 'one\n');
    expect(commit('partial leak').status).toBe(1);
    git(work, 'add', '-A');

    const known = token();
    write('known.txt', `${known}\n`);
    execFileSync(process.execPath, [join(hooks, 'scan/dist/scan.cjs'), 'known.txt', '--write-baseline', 'base.json'], {
      cwd: work,
      env,
      stdio: 'ignore',
    });
    write('.zvault-scan.toml', 'baseline = "base.json"\n');
    git(work, 'add', '-A');
    expect(commit('baseline')).toMatchObject({ status: 0 });

    renameSync(join(work, 'known.txt'), join(work, 'moved.txt'));
    git(work, 'add', '-A');
    expect(commit('rename').status).toBe(0);
    rmSync(join(work, 'moved.txt'));
    git(work, 'add', '-A');
    expect(commit('deletion').status).toBe(0);
  },
  120_000,
);

test.skipIf(!installed)(
  'pre-commit: 10,000 files',
  () => {
    mkdirSync(join(work, 'many'));
    for (let i = 0; i < 10_000; i++) write(`many/${i}.txt`, i === 7777 ? `key ${token()}\n` : `text ${i}\n`);
    git(work, 'add', '-A');
    const { status, said } = commit('many');
    expect(status).toBe(1);
    expect(said).toContain('many/7777.txt:1:5');
  },
  120_000,
);
