// The doctor: what it finds, what it advises, and what it exits with.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificates } from '../../vault-core/src/client/test-certificates.ts';
import { startTestServer } from '../../vault-core/src/server/identity/test-issuer.ts';
import { type TestVault, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';
import { type Result, temporaryFolder, zvault } from './support.ts';

let vault: TestVault;
let token: string;

beforeAll(async () => {
  vault = await startTestVault();
  const { base } = await makeWorkspace(vault);
  token = await makeToken(vault, base);
});
afterAll(() => vault.server.close());

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { check: string; verdict: string; detail: string; hint?: string }[];
}

async function examine(cwd: string, env: Readonly<Record<string, string>>): Promise<[Result, Record<string, string>]> {
  const result = await zvault(['doctor', '--json'], { cwd, env });
  const report = JSON.parse(result.stdout) as Report;
  expect(report.ok).toBe(result.code === 0);
  for (const { verdict, hint = '' } of report.checks) {
    if (verdict === 'warning' || verdict === 'failure') expect(hint).not.toBe('');
  }
  return [result, Object.fromEntries(report.checks.map(({ check, verdict }) => [check, verdict]))];
}

test('all is well', async () => {
  using folder = temporaryFolder();
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: token };
  const [{ code, stdout }, verdicts] = await examine(folder.path, env);
  expect(verdicts).toEqual({
    settings: 'ok',
    address: 'ok',
    server: 'ok',
    tls: 'ok',
    clock: 'ok',
    seal: 'ok',
    token: 'ok',
    'saved tokens': 'ok',
    '.env': 'skipped',
  });
  expect(code).toBe(0);
  expect(stdout).toContain('service_token: app/*');
  const text = await zvault(['doctor'], { cwd: folder.path, env });
  expect(text.stdout).toMatch(/^ok {7}token: from ZVAULT_TOKEN; service_token: app\/\*$/m);
  expect(stdout + text.stdout + text.stderr).not.toContain(token);
});

test.each([
  { name: 'no token', env: {}, code: 3, failed: 'token' },
  { name: 'an unknown token', env: { ZVAULT_TOKEN: `zvt_${'0'.repeat(40)}` }, code: 3, failed: 'token' },
  {
    name: 'nobody at the address',
    env: { ZVAULT_URL: 'http://127.0.0.1:9', ZVAULT_TOKEN: 'x' },
    code: 6,
    failed: 'server',
  },
  { name: 'no address', env: { ZVAULT_URL: 'vault' }, code: 2, failed: 'settings' },
  {
    name: 'http to another machine',
    env: { ZVAULT_URL: 'http://vault.invalid', ZVAULT_TOKEN: 'x' },
    code: 3,
    failed: 'client',
  },
])('$name: exit $code', async ({ env, code, failed }) => {
  using folder = temporaryFolder();
  const [result, verdicts] = await examine(folder.path, { ZVAULT_URL: vault.url, ...env });
  expect([result.code, verdicts[failed]]).toEqual([code, 'failure']);
});

test('a settings file that is broken is named', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, '.zvault.toml'), '[vault\n');
  const [{ code, stdout }, { settings }] = await examine(folder.path, {});
  expect([code, settings]).toEqual([2, 'failure']);
  expect(stdout).toContain('.zvault.toml');
});

test('sealed, and not initialized', async () => {
  using folder = temporaryFolder();
  const other = await startTestVault();
  const env = { ZVAULT_URL: other.url, ZVAULT_TOKEN: other.rootToken };
  expect((await examine(folder.path, env))[0].code).toBe(0);
  await other.call('POST', '/v1/sys/seal', { vaultToken: other.rootToken });
  const [{ code, stdout }, verdicts] = await examine(folder.path, env);
  expect([code, verdicts['seal'], verdicts['token']]).toEqual([6, 'failure', 'skipped']);
  expect(stdout).toContain('run zvault unseal');
  await other.server.close();
});

test('a server of another time and version', async () => {
  using folder = temporaryFolder();
  const sealState = { initialized: true, sealed: false, threshold: 2, shares: 3, progress: 0 };
  await using strange = await startTestServer((request, response) => {
    response.setHeader('Date', new Date(Date.now() - 120_000).toUTCString());
    if (request.url === '/v1/sys/metrics') response.end('zvault_info{version="99.1.2"} 1\n');
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(sealState));
  });
  const [{ stdout }, verdicts] = await examine(folder.path, { ZVAULT_URL: strange.url, ZVAULT_TOKEN: 'x' });
  expect([verdicts['clock'], verdicts['server'], verdicts['seal']]).toEqual(['warning', 'warning', 'ok']);
  expect(stdout).toMatch(/differ by 1(?:19|2\d) s/);
  expect(stdout).toContain('99.1.2');
});

test('a server whose store is away', async () => {
  using folder = temporaryFolder();
  await using broken = await startTestServer((request, response) => {
    if (request.url === '/v1/sys/metrics') response.end('zvault_sealed 0\n');
    else {
      response.writeHead(503, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: 'unavailable', message: 'the database does not answer' }));
    }
  });
  const env = { ZVAULT_URL: broken.url, ZVAULT_TOKEN: 'x' };
  const [{ code, stdout }, verdicts] = await examine(folder.path, env);
  expect([code, verdicts['server'], verdicts['seal']]).toEqual([6, 'ok', 'failure']);
  expect(stdout).toContain("can't read its store");
  const status = await zvault(['status'], { cwd: folder.path, env });
  expect([status.code, status.stdout]).toEqual([6, '']);
  expect(status.stderr).toContain("can't read its store");
});

test('a token that ends soon', async () => {
  using folder = temporaryFolder();
  const other = await startTestVault();
  const { base } = await makeWorkspace(other);
  const short = await makeToken(other, base, { ttl: '1h' });
  const [{ code }, verdicts] = await examine(folder.path, { ZVAULT_URL: other.url, ZVAULT_TOKEN: short });
  expect([code, verdicts['token']]).toEqual([0, 'warning']);
  await other.server.close();
});

test('TLS: a certificate that ends soon, and one that nobody trusts', async () => {
  using folder = temporaryFolder();
  // Valid for two days.
  const { ca, server: tls } = makeCertificates();
  const other = await startTestVault({ tls });
  const env = { ZVAULT_URL: other.url, ZVAULT_TOKEN: other.rootToken };
  writeFileSync(join(folder.path, 'ca.pem'), ca);
  const trusted = await examine(folder.path, { ...env, ZVAULT_CA_CERT: join(folder.path, 'ca.pem') });
  expect([trusted[0].code, trusted[1]['tls']]).toEqual([0, 'warning']);
  expect(trusted[0].stdout).toMatch(/TLSv1\.3; the certificate is valid for [12] more days/);
  const [{ code }, verdicts] = await examine(folder.path, env);
  expect([code, verdicts['server']]).toEqual([6, 'failure']);
  await other.server.close();
});

test('saved tokens that others can read', async () => {
  using folder = temporaryFolder();
  const saved = join(folder.path, '.zvault/tokens');
  mkdirSync(saved, { recursive: true });
  chmodSync(join(folder.path, '.zvault'), 0o700);
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: token };
  chmodSync(saved, 0o755);
  expect((await examine(folder.path, env))[1]['saved tokens']).toBe('warning');
  chmodSync(saved, 0o700);
  expect((await examine(folder.path, env))[1]['saved tokens']).toBe('ok');
  writeFileSync(join(saved, encodeURIComponent('https://vault.example.com')), 'canary-saved-token', { mode: 0o644 });
  const [{ code, stdout }, verdicts] = await examine(folder.path, env);
  expect([code, verdicts['saved tokens']]).toEqual([3, 'failure']);
  expect(stdout).not.toContain('canary');
});

test('.env: unknown to git, ignored, committed', async () => {
  using folder = temporaryFolder();
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: token };
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.com'];
    execFileSync('git', [...identity, ...args], {
      cwd: folder.path,
      stdio: 'ignore',
      env: { ...process.env, HOME: folder.path },
    });
  };
  const verdict = async (): Promise<unknown> => (await examine(folder.path, env))[1]['.env'];
  git('init');
  expect(await verdict()).toBe('warning');
  writeFileSync(join(folder.path, '.gitignore'), '.env\n');
  expect(await verdict()).toBe('ok');
  writeFileSync(join(folder.path, '.env'), 'A=canary\n');
  git('add', '-f', '.env');
  const [{ code, stdout }, verdicts] = await examine(folder.path, env);
  expect([code, verdicts['.env']]).toEqual([7, 'failure']);
  expect(stdout).not.toContain('canary');
});
