// `npm run bench [name…]`: measures what the documentation claims, as ratios to a floor or a peer in the same run. Absolute times
// drift with the machine; ratios hold. Exits 1 when a figure misses its bound.

import { cpus } from 'node:os';
import { bulk } from './bulk.ts';
import { reads } from './reads.ts';
import { redactor } from './redactor.ts';
import type { Bench, Figure } from './figure.ts';
import { scale } from './scale.ts';
import { scanHistory } from './scan-history.ts';
import { scanHook } from './scan-hook.ts';
import { scanTree } from './scan-tree.ts';
import { start } from './start.ts';

const benches: Readonly<Record<string, Bench>> = {
  bulk,
  reads,
  redactor,
  scale,
  'scan-history': scanHistory,
  'scan-hook': scanHook,
  'scan-tree': scanTree,
  start,
};

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(
    `zvault: error: no bench is called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')} (USAGE)`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`${name}: ${bench.summary}`);
  figures.push(...(await bench.run()));
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, figures }, null, 1));
} else {
  console.log(`\nNode ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
  for (const { name, value, unit, bound, detail } of figures) {
    const verdict = bound === undefined ? '' : within(value, bound) ? `ok (${bound})` : `MISSED (${bound})`;
    console.log(
      `${name.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit.padEnd(14)} ${verdict.padEnd(16)} ${detail ?? ''}`,
    );
  }
}
if (figures.some(({ value, bound }) => bound !== undefined && !within(value, bound))) process.exitCode = 1;

function within(value: number, bound: string): boolean {
  const limit = Number(bound.slice(1));
  return bound.startsWith('<') ? value <= limit : value >= limit;
}
