// `npm run bench [name…]`: measures what the documentation claims, as ratios to a floor or a peer in the same run. Absolute times
// drift with the machine; ratios hold. Exits 1 when a figure misses its bound.

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { errorTable, isZvaultError } from '@zvault/core/domain';
import { bulk } from './bulk.ts';
import { ciAction } from './ci-action.ts';
import { ciMasks } from './ci-masks.ts';
import { keys } from './keys.ts';
import { type Peer, kv } from './kv.ts';
import { reads } from './reads.ts';
import { redactor } from './redactor.ts';
import type { Bench, Figure } from './figure.ts';
import { scale } from './scale.ts';
import { scanHistory } from './scan-history.ts';
import { scanHook } from './scan-hook.ts';
import { scanTree } from './scan-tree.ts';
import { start } from './start.ts';
import { workers } from './workers.ts';

const { values: options, positionals: asked } = readArguments();
const benches: Readonly<Record<string, Bench>> = {
  bulk,
  'ci-action': ciAction,
  'ci-masks': ciMasks,
  keys,
  kv: kv(peerOf()),
  reads,
  redactor,
  scale,
  'scan-history': scanHistory,
  'scan-hook': scanHook,
  'scan-tree': scanTree,
  start,
  workers,
};

const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0)
  refuse(`no bench is called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`${name}: ${bench.summary}`);
  try {
    figures.push(...(await bench.run()));
  } catch (error) {
    if (!isZvaultError(error)) throw error;
    // What was asked for can't be measured, as when a peer does not answer.
    console.error(`zvault: error: ${error.message} (${error.code})`);
    process.exit(errorTable[error.code].exit);
  }
}

if (options.json === true) {
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

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, 'peer-url': { type: 'string' }, 'peer-token': { type: 'string' } },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** Another server to stand beside. Its token may come from PEER_TOKEN, out of the sight of others. */
function peerOf(): Peer | undefined {
  const { 'peer-url': address, 'peer-token': token } = options;
  if (address === undefined) return undefined;
  const url = URL.canParse(address) ? new URL(address) : refuse('--peer-url takes an address');
  return { url, token: token ?? process.env['PEER_TOKEN'] ?? refuse('--peer-token is missing') };
}

function refuse(what: string): never {
  console.error(`zvault: error: ${what} (USAGE)`);
  process.exit(2);
}
