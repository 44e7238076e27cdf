import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cefLine } from './cef.ts';
import { csvHeading, csvRow } from './csv.ts';
import { flattenRecord } from './record.ts';

const entry = (
  over: { path?: string; agent?: string; status?: number; address?: string | null; resource?: string } = {},
) => ({
  id: 'i',
  timestamp: '2026-01-02T03:04:05.678Z',
  request: {
    operation: 'read',
    path: over.path ?? '/v1/x',
    data: { version: 1 },
    remote_addr: over.address === undefined ? '127.0.0.1' : over.address,
  },
  response: { status_code: over.status ?? 200, error: null },
  auth: { token_id: 't', policies: ['a', 'b'], metadata: {} },
  actor: { type: 'root', id: 'root', issuer: null, token_id: 't', via: 'api' },
  action: 'secrets.get',
  scope: { org_id: null, project_id: 'p', environment: 'e', resource: over.resource ?? 'K' },
  user_agent: over.agent ?? null,
  chain: 'c',
  seq: 7,
  mac: 'm',
});

/** Reads CSV as RFC 4180 has it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

/** Reads an extension of CEF: values end where the next unescaped key begins. */
function readCef(line: string): Map<string, string> {
  const extension = /^CEF:0(?:\|(?:[^|\\]|\\.)*){6}\|(.*)\n$/s.exec(line)?.[1] ?? '';
  const found = new Map<string, string>();
  for (const match of extension.matchAll(/(?:^| )(\w+)=((?:[^=\\]|\\.)*?)(?=$| \w+=)/gs)) {
    const value = (match[2] ?? '').replaceAll(/\\(.)/gs, (_, char: string) => ({ n: '\n', r: '\r' })[char] ?? char);
    found.set(match[1] ?? '', value);
  }
  return found;
}

test('a row has the heading’s columns; null is empty', () => {
  const [heading, row] = readCsv(csvHeading + csvRow(flattenRecord(entry())));
  expect(row).toHaveLength(heading?.length ?? 0);
  const cell = (name: string): string | undefined => row?.[heading?.indexOf(name) ?? -1];
  expect([cell('path'), cell('data'), cell('policies'), cell('error'), cell('seq')]).toEqual([
    '/v1/x',
    '{"version":1}',
    'a b',
    '',
    '7',
  ]);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('the formula %j becomes a text', (text) => {
  const [row] = readCsv(csvRow(flattenRecord(entry({ path: text }))));
  expect(row).toContain(`'${text}`);
});

test('any text comes back from CSV, but for an apostrophe before formulas', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const rows = readCsv(csvRow(flattenRecord(entry({ path: text }))));
      expect(rows).toHaveLength(1);
      expect([text, `'${text}`]).toContain(rows[0]?.[4]);
    }),
  );
});

test('any text comes back from CEF, in one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (text) => {
      const line = cefLine(flattenRecord(entry({ path: `/${text}`, resource: text })));
      expect(line.slice(0, -1)).not.toMatch(/[\r\n]/);
      expect(readCef(line).get('request')).toBe(`/${text}`.toWellFormed());
    }),
  );
});

test('CEF: header, severity, addresses', () => {
  expect(cefLine(flattenRecord(entry()))).toMatch(
    /^CEF:0\|zvault\|zvault\|[^|]+\|secrets\.get\|read secrets\.get\|2\|rt=1767323045678 /,
  );
  expect([200, 404, 403, 500].map((status) => cefLine(flattenRecord(entry({ status }))).split('|')[6])).toEqual([
    '2',
    '4',
    '6',
    '8',
  ]);
  const of = (address: string | null): Map<string, string> => readCef(cefLine(flattenRecord(entry({ address }))));
  expect(of('::ffff:10.0.0.1').get('src')).toBe('10.0.0.1');
  expect(of('fe80::1').get('c6a2')).toBe('fe80::1');
  expect(of(null).has('src')).toBe(false);
});

test('a record of another shape does not stop an export', () => {
  expect(csvRow(flattenRecord({ id: 1, request: null, auth: { policies: 'x' } }))).toMatch(/^1,/);
});
