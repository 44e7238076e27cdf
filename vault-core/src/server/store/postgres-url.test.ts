import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveOptions } from '../options.ts';
import { parsePostgresUrl } from './postgres-url.ts';

const folder = mkdtempSync(join(tmpdir(), 'zvault-url-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = join(folder, 'root.pem');
writeFileSync(root, 'a certificate');

test.each([
  ['postgres://h/d', { host: 'h', port: 5432, database: 'd', user: undefined, password: undefined, place: 'h:5432/d' }],
  ['postgresql://u:p%40w@h:6543/d', { host: 'h', port: 6543, user: 'u', password: 'p@w', place: 'h:6543/d' }],
  ['postgres://[::1]:5433/d', { host: '::1', port: 5433, place: '[::1]:5433/d', ssl: false }],
  ['postgres:///d?host=/var/run/postgresql', { host: '/var/run/postgresql', database: 'd', ssl: false }],
  ['postgres://h/d?application_name=a&pool_size=3', { applicationName: 'a', poolSize: 3 }],
])('%s', (text, expected) => {
  expect(parsePostgresUrl(text)).toMatchObject(expected);
});

test('another machine must prove who it is, unless the address says otherwise; this one is trusted', () => {
  expect(parsePostgresUrl('postgres://h/d').ssl).toEqual({ minVersion: 'TLSv1.2', rejectUnauthorized: true });
  expect(parsePostgresUrl('postgres://127.0.0.1/d').ssl).toBe(false);
  expect(parsePostgresUrl('postgres://localhost/d').ssl).toBe(false);
  expect(parsePostgresUrl('postgres://localhost/d?sslmode=verify-full').ssl).toMatchObject({
    rejectUnauthorized: true,
  });
  expect(parsePostgresUrl('postgres://h/d?sslmode=disable').ssl).toBe(false);
  expect(parsePostgresUrl('postgres://h/d?sslmode=require').ssl).toMatchObject({ rejectUnauthorized: false });
  expect(parsePostgresUrl(`postgres://h/d?sslmode=require&sslrootcert=${root}`).ssl).toMatchObject({
    rejectUnauthorized: true,
    ca: 'a certificate',
    checkServerIdentity: expect.any(Function),
  });
  const full = parsePostgresUrl(`postgres://h/d?sslrootcert=${root}`).ssl;
  expect(full).toMatchObject({ ca: 'a certificate', rejectUnauthorized: true });
  // The name is checked by Node then.
  expect(full).not.toHaveProperty('checkServerIdentity');
  expect(parsePostgresUrl('postgres://h/d?sslrootcert=system').ssl).not.toHaveProperty('ca');
});

test.each([
  ['postgres://h', /names no database/],
  ['postgres://h/a/b', /names no database/],
  ['postgres://h:99999/d', /not a valid URL/],
  ['postgres://h/d?port=0', /1 to 65535/],
  ['postgres://h/d?pool_size=1', /2 to 1000/],
  ['postgres://h/d?sslmode=prefer', /"prefer" is not one of disable, require/],
  ['postgres://h/d?sslrootcert=/does/not/exist', /can't read the file of sslrootcert/],
  ['postgres://h/d?passwrd=canary', /unknown parameter "passwrd"/],
  ['postgres://u:canary%ZZ@h/d', /malformed percent-encoding/],
  ['postgres://u:canary@h:port/d', /not a valid URL/],
])('%s is refused', (text, message) => {
  const refused = expect(() => parsePostgresUrl(text));
  refused.toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }));
  refused.toThrow(expect.not.objectContaining({ message: expect.stringContaining('canary') }));
});

test('with PostgreSQL the audit must be named, and an empty list names none', () => {
  for (const audit of [undefined, []]) {
    expect(() => resolveOptions({ storage: 'postgres://h/d', audit })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/audit must be named/) }),
    );
  }
  expect(resolveOptions({ storage: 'postgres://h/d', audit: ['file:/a'] }).audit).toEqual([
    { kind: 'file', name: 'file:/a', path: '/a' },
  ]);
});
