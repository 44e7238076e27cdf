// What the masks of 500 secrets cost a log, in an emulation of GitHub's masker: it looks for each registered text in each line.

import { randomBytes } from 'node:crypto';
import { maskPlan } from '@zvault/core/ci';
import { RunnerMasker } from '../test/support/runner-masker.ts';
import type { Bench } from './figure.ts';

const count = 500;
const lines = 2000;
const line = '2026-11-22T12:00:00.000Z info request 4711 GET /v1/things/37206009 200 in 17 ms, 3 rows, cache miss';

export const ciMasks: Bench = {
  summary: `the masks of ${count} secrets, and ${lines} lines of a log`,
  run() {
    const values = Array.from({ length: count }, () => randomBytes(24).toString('base64'));
    const plans = values.map((value) => maskPlan(value, { minLength: 4 }));
    const most = Math.max(...plans.map((plan) => plan.length));
    const masked = new RunnerMasker();
    const bare = new RunnerMasker();
    for (const plan of plans) for (const mask of plan) masked.addMask(mask);
    for (const value of values) bare.addMask(value);
    const [with_, without] = [perLine(masked), perLine(bare)];
    return Promise.resolve([
      {
        name: 'masks of one secret, at most',
        value: most,
        unit: 'masks',
        bound: '<8',
        detail: 'random texts of 32 characters',
      },
      {
        name: 'a log line, 500 secrets masked in full',
        value: with_ * 1000,
        unit: 'µs',
        detail: `${masked.size} texts to look for; ${(without * 1000).toFixed(0)} µs with the plain values alone (${bare.size})`,
      },
      { name: 'the same, beside the plain values alone', value: with_ / without, unit: '×', bound: '<5' },
    ]);
  },
};

/** Milliseconds. */
function perLine(masker: RunnerMasker): number {
  for (let index = 0; index < lines / 10; index += 1) masker.mask(`${line} ${index}`);
  const started = performance.now();
  for (let index = 0; index < lines; index += 1) masker.mask(`${line} ${index}`);
  return (performance.now() - started) / lines;
}
