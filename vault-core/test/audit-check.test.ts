// A log that was tampered with in any way is found out: by the vault, which gets ids, digests and MACs alone, and by an auditor who has
// nothing but its public key.

import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemActor } from '../src/domain/actor.ts';
import { type LineClaim, LogCheck } from '../src/domain/audit/log-check.ts';
import { lineDigest, parseLine } from '../src/domain/audit/line.ts';
import { Audit } from '../src/server/audit/audit.ts';
import { FileDevice } from '../src/server/audit/file-device.ts';
import type { AuditEvent } from '../src/server/audit/record.ts';
import { openSqliteStore } from '../src/server/store/sqlite.ts';
import { temporaryFolder } from '../../test/support/vault.ts';

const folder = temporaryFolder();
const path = join(folder.path, 'audit.log');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
let audit: Audit;
/** Lines of the older and the newer file. */
let older: string[];
let newer: string[];

const event = (resource: string): AuditEvent => ({
  operation: 'read',
  action: 'secrets.get',
  path: `/v1/${resource}`,
  data: resource.length % 3 === 0 ? { note: `"${resource}" \\ ü \u2028` } : null,
  remoteAddress: '127.0.0.1',
  userAgent: ',"chain":"x","mac":"y"}',
  status: 200,
  error: null,
  actor: systemActor,
  orgId: null,
  projectId: null,
  environment: null,
  resource,
});

beforeAll(async () => {
  const store = await openSqliteStore(':memory:');
  const make = async (): Promise<Audit> => {
    const made = new Audit({
      store,
      devices: [new FileDevice(path)],
      maxLines: 1000,
      now: () => Date.now(),
      wrapKey: async (key) => Buffer.from(key),
      unwrapKey: async (wrapped) => Buffer.from(wrapped),
      sign: (message) => sign(null, message, privateKey).toString('base64'),
      warn: () => undefined,
    });
    await made.start();
    return made;
  };
  const first = await make();
  for (let index = 0; index < 10; index += 1) first.appendNow([event('a'.repeat(index)), event('b')]);
  await first.close();
  const second = await make();
  for (let index = 0; index < 10; index += 1) second.appendNow([event('c'.repeat(index))]);
  second.noteSigned('checkpoint');
  second.appendNow([event('d'), event('e')]);
  renameSync(path, `${path}.1`);
  second.appendNow([event('f'), event('g')]);
  for (let index = 0; index < 10; index += 1) second.appendNow([event('h'.repeat(index))]);
  await second.close();
  // The vault that is asked: a third process.
  audit = await make();
  older = linesOf(`${path}.1`);
  newer = linesOf(path).slice(0, -1);
});
afterAll(async () => {
  await audit.close();
  folder[Symbol.dispose]();
});

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

function run(files: readonly (readonly string[])[], check: LogCheck): LineClaim[] {
  return files.flatMap((lines, file) => {
    check.beginFile();
    return lines.flatMap((text, index) => check.line(text, `${file}:${index + 1}`));
  });
}

/** What the vault finds, which has the MACs' keys and the chains' heads. */
async function byVault(...files: readonly (readonly string[])[]): Promise<string[]> {
  const { heads = [] } = await audit.verify({ heads: true, lines: [] });
  const check = new LogCheck({ publicKey });
  const { wrong, unknown } = await audit.verify({ heads: false, lines: run(files, check) });
  // The process that is asked has just begun: its chain is not in these lines.
  const known = new Set(files.flat().map((text) => parseLine(text)?.chain));
  check.end(heads.filter(({ chain }) => known.has(chain)));
  return [...check.findings.map(({ what }) => what), ...wrong, ...unknown];
}

/** What an auditor finds, who has the public key. */
function byAuditor(...files: readonly (readonly string[])[]): string[] {
  const check = new LogCheck({ publicKey, alone: true });
  run(files, check);
  check.end();
  return check.findings.map(({ what }) => what);
}

test('an untouched log has nothing to find, whole or from its rotation on', async () => {
  expect(await byVault(older, newer)).toEqual([]);
  expect(byAuditor(older, newer)).toEqual([]);
  expect(await byVault(newer)).toEqual([]);
  expect(byAuditor(newer)).toEqual([]);
});

/** Changes to the lines of the older file; what is signed last there proves all but its last two lines to an auditor. */
const changes = {
  'a byte flipped': fc
    .tuple(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 6 }))
    .map(([line, at, bit]) => (lines: string[]) => {
      const index = line % (lines.length - 2);
      const bytes = Buffer.from(lines[index] ?? '');
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      return lines.with(index, bytes.toString('latin1') === lines[index] ? '' : bytes.toString());
    }),
  'a line removed': fc.nat().map((line) => (lines: string[]) => lines.toSpliced(line % (lines.length - 2), 1)),
  'a line doubled': fc
    .nat()
    .map((line) => (lines: string[]) => lines.toSpliced(line, 0, lines[line % lines.length] ?? '')),
  'two lines swapped': fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => (lines: string[]) => {
    const [one, two] = [a % (lines.length - 2), b % (lines.length - 2)];
    const other = one === two ? (one + 1) % (lines.length - 2) : two;
    return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
  }),
  'lines cut out': fc.tuple(fc.nat(), fc.integer({ min: 1, max: 30 })).map(([line, count]) => (lines: string[]) => {
    return lines.toSpliced(line % (lines.length - 2), count);
  }),
  'the beginning cut off': fc.nat().map((count) => (lines: string[]) => lines.slice(1 + (count % (lines.length - 3)))),
  'a foreign line added': fc.tuple(fc.nat(), fc.string()).map(([line, text]) => (lines: string[]) => {
    return lines.toSpliced(line % lines.length, 0, text.replaceAll(/[\r\n]/g, ''));
  }),
};

describe.each(Object.entries(changes))('%s', (_name, change) => {
  test('is found by the vault', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        const lines = changed([...older]);
        fc.pre(lines.join('\n') !== older.join('\n'));
        expect(await byVault(lines, newer)).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('is found by an auditor', () => {
    fc.assert(
      fc.property(change, (changed) => {
        const lines = changed([...older]);
        fc.pre(lines.join('\n') !== older.join('\n'));
        expect(byAuditor(lines, newer)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test('a cut-off end is found by the vault; an auditor is told how far the proof goes', async () => {
  for (let left = newer.length - 1; left > 0; left -= 1) {
    expect(await byVault(older, newer.slice(0, left))).toEqual([expect.stringContaining('cut off')]);
  }
  const check = new LogCheck({ publicKey, alone: true });
  run([older, newer.slice(0, 5)], check);
  check.end();
  expect(check.findings).toEqual([]);
  expect(check.notes.join()).toContain('not from there to');
});

test('a log of somebody else, and one signed by another key, are not taken', async () => {
  const other = generateKeyPairSync('ed25519').publicKey;
  const check = new LogCheck({ publicKey: other, alone: true });
  run([older, newer], check);
  check.end();
  expect(check.findings.map(({ what }) => what)).toContainEqual(expect.stringContaining('the checkpoint is not right'));
  const chain = parseLine(older[0] ?? '')?.chain ?? '';
  const foreign = older.map((line) => line.replaceAll(chain, '00000000-0000-4000-8000-000000000000'));
  expect(await byVault(foreign)).not.toEqual([]);
});

test('the digest is what the documentation says', () => {
  const facts = '"request":{"operation":"read"}';
  const line = `{"id":"00000000-0000-4000-8000-000000000001","timestamp":"2026-01-02T03:04:05.678Z",${facts},"chain":"00000000-0000-4000-8000-000000000002","seq":7,"mac":"${'a'.repeat(64)}"}`;
  const parsed = parseLine(line);
  if (!parsed) throw new Error('it is a line');
  expect(parsed).toMatchObject({ facts, seq: 7, signature: undefined });
  // Made with Python's hashlib from the text of docs/storage-format.md.
  expect(lineDigest(parsed, { digest: 'd'.repeat(64), mac: 'c'.repeat(64) })).toBe(
    '4603f51fcb8cf4b47c3b2a355f7e1c62a3cff351156a536284a73f5a4f2b669f',
  );
});
