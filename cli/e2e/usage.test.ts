// What is refused, how it is said, and with which exit code. No vault is needed for that.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder, zvault } from './support.ts';

const canary = 'canary-value-in-argv';

const refused = [
  { args: [], code: 2, says: /a command is missing/ },
  { args: ['rnu'], code: 2, says: /unknown command 'rnu'.*\n.*did you mean run\?/s },
  { args: ['cloud', 'gte'], code: 2, says: /unknown command.*\n.*did you mean get\?/s },
  { args: ['status', '--tokn', canary], code: 2, says: /unknown option --tokn/ },
  { args: ['status', `--tokn=${canary}`], code: 2, says: /unknown option --tokn/ },
  { args: ['status', '--token', canary], code: 2, says: /there is no --token.*\n.*ZVAULT_TOKEN/s },
  { args: ['--token', canary, 'status'], code: 2, says: /there is no --token/ },
  { args: ['run', `--token=${canary}`, '--', 'true'], code: 2, says: /there is no --token/ },
  { args: ['unseal', canary], code: 2, says: /a share is not taken from the arguments/ },
  { args: ['unseal', '--share', canary], code: 2, says: /there is no --share/ },
  { args: ['cloud', 'set', 'KEY', canary], code: 2, says: /a value is not taken from the arguments.*\n.*stdin/s },
  { args: ['cloud', 'set', `KEY=${canary}`], code: 2, says: /a value is not taken from the arguments/ },
  { args: ['cloud', 'set'], code: 2, says: /missing required argument 'key'/ },
  { args: ['cloud', 'pull', '--format', 'xml'], code: 2, says: /--format takes one of: env, json, yaml, shell/ },
  { args: ['cloud', 'token', 'create'], code: 2, says: /--name/ },
  {
    args: ['cloud', 'token', 'create', '--name', 'a', '--permissions', 'admin'],
    code: 2,
    says: /read, write or read,write/,
  },
  { args: ['run'], code: 2, says: /missing required argument 'command'/ },
  { args: ['login', '--timeout', '0'], code: 2, says: /--timeout takes a whole number/ },
  { args: ['login', '--stdin'], code: 2, says: /no token is given/ },
  { args: ['logout'], code: 4, says: /no token is saved/ },
  { args: ['completion', 'tcsh'], code: 2, says: /bash, fish, zsh/ },
  { args: ['server', '--workers', '4'], code: 2, says: /workers can’t share a storage in memory/ },
  { args: ['server', '--workers', '0'], code: 2, says: /--workers/ },
  { args: ['server', '--storage', 'mysql://u:p@h/d'], code: 2, says: /there is no storage "mysql"/ },
  { args: ['server', '--storage', 'postgres://u@h/d'], code: 2, says: /the audit must be named[^]*--audit file:/ },
  { args: ['server', '--listen', 'nowhere'], code: 2, says: /not an address to listen on/ },
  { args: ['server', '--rate-limit', 'x'], code: 2, says: /--rate-limit takes a whole number/ },
  { args: ['server', '--tls-cert', 'x'], code: 2, says: /go together/ },
  { args: ['server', '--tls-cert', 'x', '--tls-key', 'y'], code: 4, says: /cannot read x: no such file/ },
  { args: ['init', '--shares', '11'], code: 2, says: /from 1 to 10/ },
  { args: ['dev', '--port', '99999'], code: 2, says: /from 0 to 65535/ },
  { args: ['dev', '--json', '--', 'true'], code: 2, says: /--json goes without a command/ },
  { args: ['dev', '--', '/nowhere/no-such-command'], code: 4, says: /COMMAND_NOT_FOUND/ },
  { args: ['dev', '--seed', 'missing.yaml', '--', 'true'], code: 4, says: /cannot read .*missing\.yaml: no such file/ },
  {
    args: ['dev', '--env-file', 'missing.env', '--', 'true'],
    code: 4,
    says: /cannot read .*missing\.env: no such file/,
  },
  { args: ['run', '--env-file', 'missing.env', '--', 'true'], code: 4, says: /cannot read missing\.env: no such file/ },
  { args: ['import', 'missing.env'], code: 4, says: /cannot read missing\.env: no such file/ },
  { args: ['cloud', 'secrets'], code: 3, says: /no token for http:\/\/127\.0\.0\.1:8200.*TOKEN_MISSING/ },
  { args: ['run', '--', 'true'], code: 3, says: /TOKEN_MISSING/ },
  { args: ['status', '--url', 'ftp://x'], code: 2, says: /not an http or https address/ },
  { args: ['status', '--url', 'http://127.0.0.1:1'], code: 6, says: /CONNECTION_FAILED/ },
];

test.each(refused)('zvault $args exits with $code', async ({ args, code, says }) => {
  using folder = temporaryFolder();
  const result = await zvault(args, { cwd: folder.path });
  expect(result.stderr).toMatch(says);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toContain(canary);
  if (args.length > 0) expect(result.stderr).toMatch(/^zvault: error: [^A-Z\n].* \([A-Z_]+\)$/m);
});

test('an address of a repository gets no token', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, '.zvault.toml'), '[vault]\naddress = "https://collector.example.com"\n');
  const env = { ZVAULT_TOKEN: canary, VAULT_TOKEN: canary };
  for (const args of [
    ['cloud', 'secrets'],
    ['run', '--', 'true'],
    ['seal'],
    ['status'],
    ['import', '--project', 'p'],
  ]) {
    writeFileSync(join(folder.path, '.env'), 'A=1\n');
    const { code, stderr } = await zvault(args, { cwd: folder.path, env });
    expect(stderr, args.join(' ')).toContain('names https://collector.example.com, and no token is saved for it');
    expect(code).toBe(3);
  }
});

test('an unexpected failure shows no stack, unless it is asked for', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, '.zvault.toml'));
  const { code, stderr } = await zvault(['cloud', 'secrets'], { cwd: folder.path });
  expect(code).toBe(2);
  expect(stderr).not.toMatch(/^\s+at /m);
  const debug = await zvault(['cloud', 'secrets'], { cwd: folder.path, env: { ZVAULT_DEBUG: '1' } });
  expect(debug.stderr).toMatch(/^\s+at /m);
});

test('--version prints the version alone', async () => {
  using folder = temporaryFolder();
  expect((await zvault(['--version'], { cwd: folder.path })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
