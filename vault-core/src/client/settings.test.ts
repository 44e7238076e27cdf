import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import type { ClientOptions } from './options.ts';
import { clientVersion, parseBaseUrl, resolveSettings } from './settings.ts';

const host = { env: {}, now: () => 0, randomBytes: (count: number) => Buffer.alloc(count) };
const resolve = (options: ClientOptions = {}, env: Record<string, string> = {}): ReturnType<typeof resolveSettings> =>
  resolveSettings({ host, env, ...options });

test('defaults', () => {
  const settings = resolve();
  expect(settings.base.origin).toBe('http://127.0.0.1:8200');
  expect(settings).toMatchObject({ timeoutMs: 10_000, maxRetries: 3, cacheTtlMs: 300_000, autoRefresh: false });
  expect(settings.token).toBeUndefined();
  expect(Object.isFrozen(settings)).toBe(true);
});

test.each([
  {
    name: 'ZVAULT_URL',
    env: { ZVAULT_URL: 'https://a.example', ZVAULT_CLOUD_URL: 'https://b.example' },
    expected: 'https://a.example',
  },
  { name: 'its alias', env: { ZVAULT_CLOUD_URL: 'https://b.example' }, expected: 'https://b.example' },
  {
    name: 'the argument first',
    options: { url: 'https://c.example' },
    env: { ZVAULT_URL: 'https://a.example' },
    expected: 'https://c.example',
  },
  { name: 'empty counts as unset', options: { url: '' }, env: { ZVAULT_URL: '' }, expected: 'http://127.0.0.1:8200' },
])('address: $name', ({ options, env, expected }) => {
  expect(resolve(options, env).base.origin).toBe(expected);
});

test.each([
  { name: 'argument', options: { token: 'a' }, env: { ZVAULT_TOKEN: 'b' }, token: 'a', file: undefined },
  { name: 'file argument', options: { tokenFile: '/f' }, env: { ZVAULT_TOKEN: 'b' }, token: undefined, file: '/f' },
  {
    name: 'environment',
    options: {},
    env: { ZVAULT_TOKEN: 'b', ZVAULT_TOKEN_FILE: '/f' },
    token: 'b',
    file: undefined,
  },
  {
    name: 'file of the environment',
    options: {},
    env: { ZVAULT_TOKEN: '', ZVAULT_TOKEN_FILE: '/f' },
    token: undefined,
    file: '/f',
  },
  { name: 'empty argument', options: { token: '' }, env: { ZVAULT_TOKEN: 'b' }, token: 'b', file: undefined },
  { name: 'a line break around it', options: {}, env: { ZVAULT_TOKEN: 'b\n' }, token: 'b', file: undefined },
])('token: $name', ({ options, env, token, file }) => {
  const settings = resolve(options, env);
  expect(settings.token?.expose()).toBe(token);
  expect(settings.tokenFile).toBe(file);
});

test('names and ids are the same setting', () => {
  expect(resolve({}, { ZVAULT_ORG_ID: 'o', ZVAULT_PROJECT_ID: 'p', ZVAULT_ENV: 'e' })).toMatchObject({
    org: 'o',
    project: 'p',
    environment: 'e',
  });
  expect(resolve({}, { ZVAULT_ORG: 'name', ZVAULT_ORG_ID: 'id' }).org).toBe('name');
});

test.each([
  { name: 'http to another machine', options: { url: 'http://vault.example', token: 't' }, refused: true },
  { name: 'a token file too', options: { url: 'http://vault.example', tokenFile: '/f' }, refused: true },
  { name: 'https', options: { url: 'https://vault.example', token: 't' }, refused: false },
  { name: 'loopback', options: { url: 'http://localhost:8200', token: 't' }, refused: false },
  { name: 'loopback of IPv6', options: { url: 'http://[::1]:8200', token: 't' }, refused: false },
  { name: 'a name that only looks like it', options: { url: 'http://127.0.0.1.example', token: 't' }, refused: true },
  { name: 'no token', options: { url: 'http://vault.example' }, refused: false },
  { name: 'allowed', options: { url: 'http://vault.example', token: 't', allowHttp: true }, refused: false },
  {
    name: 'allowed by the environment',
    options: { url: 'http://vault.example', token: 't' },
    env: { ZVAULT_ALLOW_HTTP: '1' },
    refused: false,
  },
  {
    name: 'not allowed by "0"',
    options: { url: 'http://vault.example', token: 't' },
    env: { ZVAULT_ALLOW_HTTP: '0' },
    refused: true,
  },
  {
    name: 'loopback through a proxy elsewhere',
    options: { token: 't', proxy: 'http://proxy.example:1' },
    refused: true,
  },
  { name: 'loopback through a proxy here', options: { token: 't', proxy: 'http://127.0.0.1:1' }, refused: false },
])('clear text: $name', ({ options, env, refused }) => {
  const attempt = (): unknown => resolve(options, env);
  if (refused) expect(attempt).toThrow(expect.objectContaining({ code: 'TOKEN_INSECURE' }));
  else expect(attempt).not.toThrow();
});

test.each([
  ['https://v.example', 'https://v.example', '', 443],
  ['https://v.example:8443/', 'https://v.example:8443', '', 8443],
  ['http://127.1/base//', 'http://127.0.0.1', '/base', 80],
  ['https://v.example/a/b/', 'https://v.example', '/a/b', 443],
])('address %s', (text, origin, prefix, port) => {
  expect(parseBaseUrl(text)).toMatchObject({ origin, prefix, port });
});

test.each([
  'vault',
  'ftp://v.example',
  'https://user:canary@v.example',
  'https://v.example?x=canary',
  'https://v.example#x',
])('address %s is refused without being repeated', (text) => {
  expect(() => parseBaseUrl(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(() => parseBaseUrl(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('canary') }));
});

test.each([
  { timeoutMs: 0 },
  { timeoutMs: 2 ** 31 },
  { maxRetries: -1 },
  { maxRetries: 1.5 },
  { cacheTtlMs: Number.NaN },
  { cert: 'x' },
  { token: 'two words' },
  { token: 'ünïcode' },
])('%j is refused', (options) => {
  expect(() => resolve(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('settings print without secrets', () => {
  const settings = resolve({ token: 'canary-token', proxy: 'http://u:canary-password@127.0.0.1:1' });
  const printed = inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings);
  expect(printed).not.toContain('canary');
});

test('the version is that of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(clientVersion).toBe((JSON.parse(text) as { version: string }).version);
});
