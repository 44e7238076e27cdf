#!/usr/bin/env node
// The scanner as a program of its own: what the pre-commit hook runs.

import { type Host, processHost } from '@zvault/core/domain';
import { runScan } from './start.ts';

let silent = true;
const real = processHost();
const noted = (name: 'stdout' | 'stderr'): PropertyDescriptor => ({
  get() {
    silent = false;
    return real[name];
  },
});
const host = Object.create(real, { stdout: noted('stdout'), stderr: noted('stderr') }) as Host;

void runScan(process.argv.slice(2), host).then((status) => {
  // Sooner than the end that comes by itself; that one lets a pipe have all of the report first.
  if (silent) process.exit(status);
  process.exitCode = status;
});
