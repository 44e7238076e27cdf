// Tells whether a process id still belongs to the process that was started: ids are used again, and the post step must not stop a
// stranger.

import { readFileSync } from 'node:fs';
import { getExecOutput } from '@actions/exec';

/** When the process began, as the system writes it; undefined when there is none of this id. */
export async function startOf(pid: number, platform: NodeJS.Platform): Promise<string | undefined> {
  if (platform === 'linux') return startOnLinux(pid);
  const [program, ...args] =
    platform === 'win32'
      ? (['powershell', '-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`] as const)
      : (['ps', '-o', 'lstart=', '-p', String(pid)] as const);
  const { exitCode, stdout } = await getExecOutput(program, args, { silent: true, ignoreReturnCode: true });
  return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}

/** Field 22 of /proc/<pid>/stat, in clock ticks since the boot. Source: proc_pid_stat(5). */
function startOnLinux(pid: number): string | undefined {
  try {
    // The name, in parentheses, may hold anything.
    const behind = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '');
    const fields = behind.split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
