import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeContext } from '../test/fake-context.ts';
import { type ServerFlags, parseListen, resolveServerOptions } from './server-settings.ts';

const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const issuers = [{ issuer: 'https://issuer.example.com', audience: 'zvault', jwks: { keys: [jwk] } }];

interface Case {
  readonly name: string;
  readonly flags?: ServerFlags;
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly expected: Record<string, unknown> | string;
}

const cases: Case[] = [
  {
    name: 'defaults',
    expected: { storage: 'memory', listen: { host: '127.0.0.1', port: 8200 }, behindProxy: false, unseal: {} },
  },
  {
    name: 'flags beat the environment, which beats the file',
    flags: { storage: 'sqlite:flag.db', config: 'c.yaml' },
    env: { ZVAULT_STORAGE: 'sqlite:env.db', ZVAULT_LISTEN_ADDR: '127.0.0.1:1', ZVAULT_AUDIT_FILE: 'env.log' },
    files: { 'c.yaml': 'storage: memory\nlisten: 127.0.0.1:2\naudit: file:config.log\nretention: 2w\n' },
    expected: {
      storage: 'sqlite:flag.db',
      listen: { host: '127.0.0.1', port: 1 },
      audit: ['file:env.log'],
      retentionDays: 14,
    },
  },
  {
    name: 'how often leases are looked at',
    env: { ZVAULT_LEASE_SCAN_INTERVAL: '5' },
    expected: { leaseScanSeconds: 5 },
  },
  {
    name: 'leases looked at all the time',
    env: { ZVAULT_LEASE_SCAN_INTERVAL: '0' },
    expected: 'USAGE',
  },
  {
    name: 'a file of TOML',
    flags: { config: 'c.toml' },
    files: {
      'c.toml':
        'audit = ["file:a", "file:b"]\npublic-url = ["https://v"]\nbehind-proxy = true\nrate-limit = 0\nlist-values = "all"\nretention = 7\n',
    },
    expected: {
      audit: ['file:a', 'file:b'],
      publicUrls: ['https://v'],
      behindProxy: true,
      rateLimit: 0,
      listValues: 'all',
      retentionDays: 7,
    },
  },
  { name: 'PORT is for all addresses', env: { PORT: '9000' }, expected: { listen: { host: '0.0.0.0', port: 9000 } } },
  {
    name: 'the older name of the address beats PORT',
    env: { PORT: '9000', ZVAULT_BIND_ADDR: '127.0.0.1:1' },
    expected: { listen: { host: '127.0.0.1', port: 1 } },
  },
  {
    name: 'unseal keys',
    env: { ZVAULT_UNSEAL_KEY_FILE: 'f', ZVAULT_UNSEAL_KEY: '', ZVAULT_UNSEAL_PASSPHRASE: 'p' },
    expected: { unseal: { keyFile: 'f', passphrase: 'p' } },
  },
  {
    name: 'issuers from a file of their own, or in the file of settings',
    flags: { config: 'c.json' },
    files: { 'c.json': JSON.stringify({ 'jwt-issuers': issuers }) },
    expected: { jwtIssuers: issuers },
  },
  {
    name: 'issuers by flag',
    flags: { jwtIssuers: 'i.json' },
    files: { 'i.json': JSON.stringify(issuers) },
    expected: { jwtIssuers: issuers },
  },
  {
    name: 'TLS',
    flags: { tlsCert: 'c', tlsKey: 'k' },
    files: { c: 'CERT', k: 'KEY' },
    expected: { tls: { cert: 'CERT', key: 'KEY' } },
  },
  {
    name: 'an empty file of settings',
    flags: { config: 'c.yaml' },
    files: { 'c.yaml': '' },
    expected: { storage: 'memory' },
  },
  { name: 'half of TLS', flags: { tlsKey: 'k' }, expected: 'USAGE' },
  { name: 'a storage that does not exist', env: { ZVAULT_STORAGE: 'mysql://u:canary@h/d' }, expected: 'USAGE' },
  { name: 'sqlite without a path', flags: { storage: 'sqlite:' }, expected: 'USAGE' },
  { name: 'no days', flags: { retention: '0d' }, expected: 'USAGE' },
  { name: 'hours', flags: { retention: '12h' }, expected: 'USAGE' },
  { name: 'a missing file of settings', flags: { config: 'nowhere' }, expected: 'NOT_FOUND' },
  { name: 'a list', flags: { config: 'c.yaml' }, files: { 'c.yaml': '- a\n' }, expected: 'CONFIG_INVALID' },
  { name: 'broken YAML', flags: { config: 'c.yaml' }, files: { 'c.yaml': 'a: [\n' }, expected: 'CONFIG_INVALID' },
  {
    name: 'an unknown setting',
    flags: { config: 'c.yaml' },
    files: { 'c.yaml': 'wrokers: 4\n' },
    expected: 'CONFIG_INVALID',
  },
  {
    name: 'several processes over a database, from the environment and a file',
    flags: { config: 'c.yaml' },
    env: { ZVAULT_STORAGE: 'postgres://u@h/d' },
    files: { 'c.yaml': 'workers: 4\n' },
    expected: { storage: 'postgres://u@h/d', workers: 4 },
  },
  {
    name: 'the flag of workers beats the file',
    flags: { config: 'c.yaml', workers: 2 },
    files: { 'c.yaml': 'workers: 4\n' },
    expected: { workers: 2 },
  },
  { name: 'no workers', flags: { config: 'c.yaml' }, files: { 'c.yaml': 'workers: 0\n' }, expected: 'CONFIG_INVALID' },
  {
    name: 'a wrong type',
    flags: { config: 'c.yaml' },
    files: { 'c.yaml': 'rate-limit: many\n' },
    expected: 'CONFIG_INVALID',
  },
  {
    name: 'an issuer without keys',
    flags: { jwtIssuers: 'i' },
    files: { i: '[{"issuer":"a","audience":"b"}]' },
    expected: 'CONFIG_INVALID',
  },
  { name: 'issuers that are no list', flags: { jwtIssuers: 'i' }, files: { i: '{}' }, expected: 'CONFIG_INVALID' },
  { name: 'issuers that are no JSON', flags: { jwtIssuers: 'i' }, files: { i: 'x' }, expected: 'CONFIG_INVALID' },
];

test.each(cases)('$name', async ({ flags = {}, env = {}, files = {}, expected }) => {
  using context = fakeContext({ env });
  mkdirSync(join(context.folder, 'sub'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(context.folder, name), text);
  const options = resolveServerOptions(context.host, flags);
  if (typeof expected === 'string') {
    await expect(options).rejects.toMatchObject({ code: expected });
    await expect(options).rejects.toMatchObject({ message: expect.not.stringContaining('canary') });
  } else {
    expect(await options).toMatchObject(expected);
  }
});

test.each([
  ['127.0.0.1:8200', { host: '127.0.0.1', port: 8200 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  [':80', { host: '0.0.0.0', port: 80 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
])('an address to listen on: %s', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test.each(['8200', 'host', 'a:b', '::1:80', '127.0.0.1:65536', 'http://x:1', ''])(
  'no address to listen on: %s',
  (text) => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
