// Holds processes to a part of a core each, by control groups: so two workers and the load fit a machine of two cores, and the time on
// the clock tells what a second worker adds where cores are free. Linux, and only who may write there.
// Source: the kernel's admin-guide/cgroup-v1/cgroups.rst, scheduler/sched-bwc.rst, admin-guide/cgroup-v2.rst ("cpu.max").

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const periodMicros = 10_000;
const root = '/sys/fs/cgroup';

/** Holds each process to `share` of a core, until disposed of. @throws what the file system says */
export function limitCpu(pids: readonly string[], share: number): Disposable {
  const folders = pids.map((pid) => {
    const folder = join(controller(), `zvault-bench-${process.pid}-${pid}`);
    mkdirSync(folder);
    setQuota(folder, share);
    writeFileSync(join(folder, 'cgroup.procs'), pid);
    return folder;
  });
  return {
    [Symbol.dispose]: () => {
      for (const pid of pids) writeFileSync(join(controller(), 'cgroup.procs'), pid);
      for (const folder of folders) rmdirSync(folder);
    },
  };
}

/** True where `limitCpu` works: it is tried. */
export function canLimitCpu(): boolean {
  try {
    const folder = join(controller(), `zvault-bench-${process.pid}`);
    mkdirSync(folder);
    try {
      setQuota(folder, 1);
    } finally {
      rmdirSync(folder);
    }
    return true;
  } catch {
    return false;
  }
}

function setQuota(folder: string, share: number): void {
  const quotaMicros = Math.round(periodMicros * share);
  if (isVersion2()) writeFileSync(join(folder, 'cpu.max'), `${quotaMicros} ${periodMicros}`);
  else {
    writeFileSync(join(folder, 'cpu.cfs_period_us'), String(periodMicros));
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quotaMicros));
  }
}

function controller(): string {
  return isVersion2() ? root : join(root, 'cpu');
}

function isVersion2(): boolean {
  try {
    return readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').split(/\s/).includes('cpu');
  } catch {
    return false;
  }
}
