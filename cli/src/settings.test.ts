import { Secret } from '@zvault/core/domain';
import { expect, test } from 'vitest';
import type { ProjectFile } from './project-file.ts';
import { type Scope, type SettingFlags, chooseSettings } from './settings.ts';

interface Case {
  readonly name: string;
  readonly scope?: Scope;
  readonly flags?: SettingFlags;
  readonly env?: Record<string, string>;
  readonly file?: Omit<ProjectFile, 'path'>;
  readonly saved?: Record<string, string>;
  readonly expected:
    | { url?: string; token?: string | undefined; org?: string; project?: string; environment?: string }
    | string;
}

const remote = 'https://vault.example.com';
const loopback = 'http://127.0.0.1:8200';

const cases: Case[] = [
  { name: 'nothing is set', expected: { url: loopback, token: undefined } },
  {
    name: 'a flag beats the environment',
    flags: { url: 'https://a/' },
    env: { ZVAULT_URL: 'https://b' },
    expected: { url: 'https://a' },
  },
  {
    name: 'the environment beats the file',
    env: { ZVAULT_URL: 'https://b' },
    file: { address: loopback },
    expected: { url: 'https://b' },
  },
  {
    name: 'the file beats the default',
    file: { address: 'http://localhost:1/' },
    expected: { url: 'http://localhost:1' },
  },
  { name: 'the older name of the address', env: { ZVAULT_CLOUD_URL: 'https://b' }, expected: { url: 'https://b' } },
  {
    name: 'empty counts as unset everywhere',
    flags: { url: '', org: '', project: '', env: '' },
    env: {
      ZVAULT_URL: '',
      ZVAULT_TOKEN: '',
      ZVAULT_TOKEN_FILE: '',
      ZVAULT_ORG: '',
      ZVAULT_PROJECT: '',
      ZVAULT_ENV: '',
    },
    file: { org: 'o', project: 'p', environment: 'e' },
    saved: { [loopback]: 'saved' },
    expected: { url: loopback, token: 'saved', org: 'o', project: 'p', environment: 'e' },
  },
  {
    name: 'names and ids, names first',
    env: { ZVAULT_ORG: 'o', ZVAULT_ORG_ID: 'x', ZVAULT_PROJECT_ID: 'p', ZVAULT_ENV: 'e' },
    expected: { org: 'o', project: 'p', environment: 'e' },
  },
  {
    name: 'flags for organisation, project and environment',
    flags: { org: 'a', project: 'b', env: 'c' },
    env: { ZVAULT_ORG: 'o', ZVAULT_PROJECT: 'p', ZVAULT_ENV: 'e' },
    file: { org: 'x', project: 'y', environment: 'z' },
    expected: { org: 'a', project: 'b', environment: 'c' },
  },
  { name: 'a token, then its file', env: { ZVAULT_TOKEN: 't', ZVAULT_TOKEN_FILE: 'f' }, expected: { token: 't' } },
  {
    name: 'the file of a token',
    env: { ZVAULT_TOKEN_FILE: 'f' },
    saved: { [loopback]: 's' },
    expected: { token: 'from f' },
  },
  {
    name: 'a saved token comes last',
    env: { ZVAULT_URL: `${remote}:443/` },
    saved: { [remote]: 's' },
    expected: { token: 's' },
  },
  {
    name: 'a token saved for another address stays here',
    env: { ZVAULT_URL: remote },
    saved: { [loopback]: 's' },
    expected: { token: undefined },
  },
  {
    name: 'a repository does not collect ZVAULT_TOKEN',
    env: { ZVAULT_TOKEN: 't', ZVAULT_TOKEN_FILE: 'f' },
    file: { address: remote },
    expected: 'TOKEN_MISSING',
  },
  {
    name: 'a repository gets the token saved for its address, not the one of the environment',
    env: { ZVAULT_TOKEN: 't' },
    file: { address: remote },
    saved: { [remote]: 's' },
    expected: { url: remote, token: 's' },
  },
  {
    name: 'a host that only looks like loopback',
    env: { ZVAULT_TOKEN: 't' },
    file: { address: 'http://127.0.0.1.example.com:8200' },
    expected: 'TOKEN_MISSING',
  },
  {
    name: 'a repository on loopback gets ZVAULT_TOKEN',
    env: { ZVAULT_TOKEN: 't' },
    file: { address: 'http://[::1]:9' },
    expected: { token: 't' },
  },
  {
    name: 'the address of the user beats that of the repository',
    env: { ZVAULT_TOKEN: 't', ZVAULT_URL: 'https://mine' },
    file: { address: remote },
    expected: { url: 'https://mine', token: 't' },
  },
  {
    name: 'cloud commands never take VAULT_…',
    env: { VAULT_ADDR: remote, VAULT_TOKEN: 'v' },
    expected: { url: loopback, token: undefined },
  },
  {
    name: 'vault commands take VAULT_…',
    scope: 'vault',
    env: { VAULT_ADDR: remote, VAULT_TOKEN: 'v' },
    expected: { url: remote, token: 'v' },
  },
  {
    name: 'vault commands take ZVAULT_… first',
    scope: 'vault',
    env: { VAULT_ADDR: remote, VAULT_TOKEN: 'v', ZVAULT_URL: 'https://z', ZVAULT_TOKEN: 't' },
    expected: { url: 'https://z', token: 't' },
  },
  {
    name: 'the token of another server is not sent to ZVAULT_URL',
    scope: 'vault',
    env: { VAULT_ADDR: remote, VAULT_TOKEN: 'v', ZVAULT_URL: 'https://z' },
    expected: { url: 'https://z', token: undefined },
  },
  {
    name: 'vault commands do not trust a repository either',
    scope: 'vault',
    env: { VAULT_TOKEN: 'v' },
    file: { address: remote },
    expected: 'TOKEN_MISSING',
  },
  {
    name: 'vault commands send VAULT_TOKEN to the default address',
    scope: 'vault',
    env: { VAULT_TOKEN: 'v' },
    expected: { token: 'v' },
  },
  { name: 'an address with a user', env: { ZVAULT_URL: 'https://me:pw@host' }, expected: 'CONFIG_INVALID' },
  { name: 'no address', env: { ZVAULT_URL: 'vault' }, expected: 'CONFIG_INVALID' },
  { name: 'another scheme', flags: { url: 'file:///etc/passwd' }, expected: 'CONFIG_INVALID' },
];

test.each(cases)('$name', ({ scope = 'cloud', flags = {}, env = {}, file, saved = {}, expected }) => {
  const choose = () =>
    chooseSettings({
      flags,
      host: { env },
      scope,
      projectFile: file === undefined ? undefined : { path: '/repo/.zvault.toml', ...file },
      savedToken: (address) => (saved[address] === undefined ? undefined : new Secret(saved[address])),
      readTokenFile: (path) => new Secret(`from ${path}`),
    });
  if (typeof expected === 'string') {
    expect(choose).toThrow(expect.objectContaining({ code: expected }));
    return;
  }
  const settings = choose();
  for (const [key, value] of Object.entries(expected)) {
    const found = settings[key as keyof typeof expected];
    expect(found instanceof Secret ? found.expose() : found, key).toBe(value);
  }
});

test('errors and settings do not show the token', () => {
  const settings = chooseSettings({
    flags: {},
    host: { env: { ZVAULT_TOKEN: 'canary-token' } },
    scope: 'cloud',
    projectFile: undefined,
    savedToken: () => undefined,
    readTokenFile: () => new Secret(''),
  });
  expect(JSON.stringify(settings)).not.toContain('canary');
});
