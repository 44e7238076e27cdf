// A vault for the job: `zvault dev` in a process of its own, on loopback, in memory. It outlives this step and ends with the post step.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ciError } from '@zvault/core/ci';
import { messageOf } from '@zvault/core/domain';
import { bundledCommand, nodeIsTooOld } from './install.ts';
import { startOf } from './process-identity.ts';

const startDeadlineMs = 20_000;
const pollMs = 5;
const stopDeadlineMs = 5000;

export interface VaultProcess {
  readonly pid: number;
  /** See `startOf`. */
  readonly started: string;
}

/** What `zvault dev --json` prints. */
export type VaultSettings = Readonly<
  Record<'ZVAULT_URL' | 'ZVAULT_TOKEN' | 'ZVAULT_ORG' | 'ZVAULT_PROJECT' | 'ZVAULT_ENV', string>
>;

export interface EphemeralOptions {
  /** Private: the vault's first words hold its root token. */
  readonly folder: string;
  readonly seed: string | undefined;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of the process as soon as there is one, so that it can be stopped whatever happens. */
  readonly onProcess: (process: VaultProcess) => void;
}

/** @throws ZVCI-170 */
export async function startEphemeral(options: EphemeralOptions): Promise<VaultSettings> {
  const { folder, seed, port } = options;
  const old = nodeIsTooOld();
  if (old !== undefined) throw ciError('ZVCI-170', `the vault needs Node 24.12 or newer, and this runner has ${old}`);
  const [out, err] = [join(folder, 'vault.json'), join(folder, 'vault.log')];
  const [outFd, errFd] = [openSync(out, 'wx', 0o600), openSync(err, 'wx', 0o600)];
  const args = ['dev', '--json', '--port', String(port), ...(seed === undefined ? [] : ['--seed', seed])];
  const child = spawn(process.execPath, [bundledCommand, ...args], {
    detached: true,
    stdio: ['ignore', outFd, errFd],
    env: environmentOf(options.env),
    cwd: folder,
  });
  closeSync(outFd);
  closeSync(errFd);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  let end: string | undefined;
  void ended.then((why) => (end = why));
  try {
    if (child.pid !== undefined) {
      const started = await startOf(child.pid, process.platform);
      if (started !== undefined) options.onProcess({ pid: child.pid, started });
    }
    const deadlineMs = performance.now() + startDeadlineMs;
    for (;;) {
      const line = /^(\{.*\})\n/.exec(readFileSync(out, 'utf8'))?.[1];
      if (line !== undefined) return JSON.parse(line) as VaultSettings;
      if (end !== undefined) throw ciError('ZVCI-170', `the vault did not start: ${reasonIn(err) ?? end}`);
      if (performance.now() > deadlineMs)
        throw ciError('ZVCI-170', `the vault did not start within ${startDeadlineMs} ms`);
      await sleep(pollMs);
    }
  } finally {
    rmSync(out, { force: true });
    child.unref();
  }
}

/** Stops the process if it is still the one that was started. Answers whether it was. */
export async function stopEphemeral({ pid, started }: VaultProcess): Promise<boolean> {
  const isOurs = async (): Promise<boolean> => (await startOf(pid, process.platform)) === started;
  if (!(await isOurs())) return false;
  kill(pid, 'SIGTERM');
  const deadlineMs = performance.now() + stopDeadlineMs;
  while (await isOurs()) {
    if (performance.now() > deadlineMs) {
      kill(pid, 'SIGKILL');
      break;
    }
    await sleep(pollMs);
  }
  return true;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}

/** The vault needs no secret of the job; the tracking id lets the runner end it after a crash. */
function environmentOf(env: EphemeralOptions['env']): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'USERPROFILE', 'RUNNER_TRACKING_ID'];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** What the vault said. It tells no values. */
function reasonIn(log: string): string | undefined {
  return /zvault: error: (.*)/.exec(readFileSync(log, 'utf8'))?.[1];
}
