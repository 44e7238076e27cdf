// The action: reads inputs and event, fetches what a shallow clone lacks, runs the scanner that is in the same repository.

import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventPayload, planScan } from './plan.ts';

const foundStatus = 7;

function input(name: string): string {
  return (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
}

function run(program: string, args: readonly string[], quiet: boolean): number {
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', quiet ? 'ignore' : 'inherit'],
  });
  if (error) throw error;
  return status ?? 1;
}

/** A clone of the usual depth has neither the base nor what is between. */
function fetchMissing(commits: readonly string[]): void {
  const missing = commits.filter((commit) => run('git', ['cat-file', '-e', `${commit}^{commit}`], true) !== 0);
  const shallow =
    spawnSync('git', ['rev-parse', '--is-shallow-repository'], { encoding: 'utf8' }).stdout.trim() === 'true';
  if (missing.length === 0 && !shallow) return;
  if (
    run('git', ['fetch', '--quiet', '--no-tags', ...(shallow ? ['--unshallow'] : []), 'origin', ...commits], false) !==
    0
  ) {
    throw new Error('the commits to scan could not be fetched');
  }
}

function main(): number {
  const eventPath = process.env['GITHUB_EVENT_PATH'];
  const event: EventPayload =
    eventPath === undefined || eventPath === '' ? {} : (JSON.parse(readFileSync(eventPath, 'utf8')) as EventPayload);
  const sarif = input('sarif');
  const plan = planScan(event, {
    range: input('range'),
    vault: input('vault') || 'off',
    strict: input('strict') === 'true',
    deep: input('deep') === 'true',
    sarif,
  });
  if (plan.commits.length > 0) fetchMissing(plan.commits);
  const status = run(
    process.execPath,
    [join(__dirname, '..', '..', '..', 'scan', 'dist', 'scan.cjs'), ...plan.args],
    false,
  );
  const output = process.env['GITHUB_OUTPUT'];
  if (output !== undefined && output !== '')
    appendFileSync(output, `status=${status}\n${/[\r\n]/.test(sarif) ? '' : `sarif=${sarif}\n`}`);
  return status === foundStatus && input('fail') === 'false' ? 0 : status;
}

try {
  process.exitCode = main();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  process.stdout.write(`::error::${text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')}\n`);
  process.exitCode = 1;
}
