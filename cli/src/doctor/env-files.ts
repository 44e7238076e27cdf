// Files with values in this folder: would git take them?

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@zvault/core/domain';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';

/** What `import` leaves, and what tools read by themselves. */
const names = ['.env', '.env.local', '.env.backup', '.env.production'];

export async function checkEnvFiles({ cwd, env }: Pick<Host, 'cwd' | 'env'>): Promise<Finding> {
  const git = (...args: string[]): Promise<number | undefined> => run(cwd, env, args);
  const inside = await git('rev-parse', '--is-inside-work-tree');
  if (inside !== 0) {
    return skipped('.env', inside === undefined ? 'git is not installed' : 'this folder is in no git repository');
  }
  const tracked: string[] = [];
  const exposed: string[] = [];
  for (const name of names) {
    if ((await git('ls-files', '--error-unmatch', '--', name)) === 0) tracked.push(name);
    // `.env` is looked at before it is there: that is how it gets committed.
    else if ((name === '.env' || existsSync(join(cwd, name))) && (await git('check-ignore', '-q', '--', name)) !== 0) {
      exposed.push(name);
    }
  }
  if (tracked.length > 0) {
    const hint = 'run git rm --cached on it, ignore it, and replace its secrets: the history keeps them';
    return failure('.env', 'MISMATCH', `git has ${tracked.join(', ')}`, hint);
  }
  if (exposed.length > 0) {
    return warning('.env', `git does not ignore ${exposed.join(', ')}`, `add ${exposed.join(' and ')} to .gitignore`);
  }
  return ok('.env', 'ignored by git');
}

/** The exit code; `undefined` when there is no such program. */
function run(cwd: string, env: Host['env'], args: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('git', [...args], { cwd, env: { ...env, GIT_OPTIONAL_LOCKS: '0' } }, (error) => {
      if (error === null) resolve(0);
      else resolve(typeof error.code === 'number' ? error.code : undefined);
    });
  });
}
