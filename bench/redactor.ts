// The redactor's throughput with 500 values, on text of a log.

import { randomBytes } from 'node:crypto';
import { Redactor } from '@zvault/core/domain';
import type { Bench } from './figure.ts';

const totalBytes = 256 * 1024 * 1024;
const chunkBytes = 64 * 1024;

export const redactor: Bench = {
  summary: '256 MiB of log text, 500 values, a hit in every hundredth line',
  async run() {
    const values = Array.from({ length: 500 }, () => randomBytes(24).toString('base64url'));
    const known = new Redactor();
    for (const value of values) known.add(value);
    let log = '';
    for (let line = 0; log.length < chunkBytes; line += 1) {
      const extra = line % 100 === 99 ? ` token=${values[line % values.length]}` : '';
      log += `2026-11-22T12:00:00.000Z info request ${line} GET /v1/things/${line * 7919} 200 in ${line % 90} ms${extra}\n`;
    }
    const chunk = Buffer.from(log);
    const stream = known.createStream();
    stream.write(chunk);
    const started = performance.now();
    let heldMost = 0;
    for (let done = 0; done < totalBytes; done += chunk.length) {
      stream.write(chunk);
      heldMost = Math.max(heldMost, stream.heldBytes);
    }
    stream.flush();
    const perSecond = totalBytes / 1_000_000 / ((performance.now() - started) / 1000);
    return [
      {
        name: 'redactor, 500 values',
        value: perSecond,
        unit: 'MB/s',
        bound: '>100',
        detail: `held back at most ${heldMost} bytes`,
      },
    ];
  },
};
