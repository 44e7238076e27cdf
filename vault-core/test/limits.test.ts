// Rates, foreign hosts and origins, slow clients, TLS: what keeps a server up and its visitors' browsers harmless.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createToken } from '../src/domain/token.ts';
import { OriginPolicy } from '../src/server/http/origin.ts';
import { RateLimit } from '../src/server/http/rate-limit.ts';
import { type ServerOptions, resolveOptions } from '../src/server/options.ts';
import { send, sendRaw } from '../../test/support/http.ts';
import { type TestVault, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault[Symbol.asyncDispose]());

test('a bucket holds a second’s requests and fills again, whatever the clock does', () => {
  let now = 1_000_000;
  const rate = new RateLimit(10, () => now);
  const take = (count: number): number[] => Array.from({ length: count }, () => rate.take('a'));
  expect(take(10)).toEqual(Array.from({ length: 10 }, () => 0));
  expect(take(1)).toEqual([1]);
  now += 100;
  expect(take(2)).toEqual([0, 1]);
  now -= 60_000;
  expect(take(1)).toEqual([1]);
  now += 100;
  expect(take(2)).toEqual([0, 1]);
  now += 3_600_000;
  expect(take(11).filter((seconds) => seconds === 0)).toHaveLength(10);
  expect(rate.take('b')).toBe(0);
  const off = new RateLimit(0, () => now);
  expect(Array.from({ length: 1000 }, () => off.take('a')).every((seconds) => seconds === 0)).toBe(true);
});

test('a flood of names does not fill the memory', () => {
  const rate = new RateLimit(5, () => 0);
  for (let index = 0; index < 5; index += 1) rate.take('mine');
  for (let index = 0; index < 60_000; index += 1) rate.take(`flood-${index}`);
  expect(rate.take('flood-59999')).toBe(0);
});

test('each token has its own rate, and each address for requests without one', async () => {
  // The clock stands still, so that nothing fills up meanwhile.
  const at = Date.now();
  await using limited = await startTestVault({ rateLimit: 20 }, { now: () => at });
  const place = await makeWorkspace(limited);
  const one = await makeToken(limited, place.base);
  const two = await makeToken(limited, place.base);
  const ask = async (token?: string, path = '/v1/cloud/me'): Promise<number> =>
    (await limited.call('GET', path, { token })).status;
  const many = async (count: number, token?: string, path?: string): Promise<number[]> => {
    const found = [];
    for (let index = 0; index < count; index += 1) found.push(await ask(token, path));
    return found;
  };
  expect(await many(20, one)).toEqual(Array.from({ length: 20 }, () => 200));
  const refused = await limited.call('GET', '/v1/cloud/me', { token: one });
  expect([refused.status, refused.json.error, refused.headers['retry-after']]).toEqual([429, 'rate_limited', '1']);
  expect(await ask(two)).toBe(200);
  // Without a token: tokenless, unknown tokens and unrouted paths share the address.
  expect(await many(10)).toEqual(Array.from({ length: 10 }, () => 401));
  for (let index = 0; index < 5; index += 1) expect(await ask(createToken('service'))).toBe(401);
  expect(await many(5, undefined, '/nowhere')).toEqual(Array.from({ length: 5 }, () => 404));
  expect(await ask()).toBe(429);
  expect(await ask(createToken('service'))).toBe(429);
  expect(await ask(undefined, '/nowhere')).toBe(429);
  expect(await ask(undefined, '/v1/sys/license')).toBe(429);
  // Health is always told, and a good token is not slowed down by its neighbours.
  expect(await ask(undefined, '/health')).toBe(200);
  expect(await ask(two)).toBe(200);
});

test.each([
  ['127.0.0.1', 200],
  ['127.0.0.1:1', 200],
  ['localhost', 200],
  ['LOCALHOST:8200', 200],
  ['[::1]:8200', 200],
  ['127.1.2.3', 200],
  ['evil.example.com', 403],
  ['evil.example.com:8200', 403],
  ['localhost.evil.example.com', 403],
  ['127.0.0.1.evil.example.com', 403],
  ['evil.example.com@localhost', 403],
  ['localhost@evil.example.com', 403],
  ['localhost.', 403],
  ['10.0.0.1', 403],
  ['[::]', 403],
  ['0.0.0.0', 403],
  ['2130706433', 403],
])('Host %j: %i', async (host, status) => {
  for (const path of ['/health', '/v1/cloud/me']) {
    const answer = await vault.call('GET', path, { token: vault.rootToken, headers: { Host: host } });
    expect(answer.status).toBe(status);
  }
});

test('HTTP/1.1 without a Host is refused', async () => {
  expect(await sendRaw(vault.port, ['GET /health HTTP/1.1\r\n\r\n'], 2000)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await sendRaw(vault.port, ['GET /health HTTP/1.0\r\n\r\n'], 2000)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await sendRaw(vault.port, ['GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'], 2000)).toMatch(
    /^HTTP\/1\.1 400 /,
  );
});

test.each([
  ['the page of the server itself', () => `http://127.0.0.1:${vault.port}`, 200],
  ['another port', () => 'http://127.0.0.1:3000', 403],
  ['https of the same', () => `https://127.0.0.1:${vault.port}`, 403],
  ['another site', () => 'https://evil.example.com', 403],
  ['a file', () => 'null', 403],
  ['empty', () => '', 403],
])('Origin of %s', async (_name, origin, status) => {
  const headers = { Origin: origin() };
  expect((await vault.call('GET', '/v1/sys/seal-status', { headers })).status).toBe(status);
  const write = { vaultToken: vault.rootToken, headers };
  expect((await vault.call('GET', '/v1/sys/audit-log', write)).status).toBe(status);
});

test('public URLs open their hosts and origins, and no other', () => {
  const policy = new OriginPolicy(
    resolveOptions({
      behindProxy: true,
      listen: { host: '0.0.0.0', port: 0 },
      publicUrls: ['https://vault.example.com'],
    }),
  );
  const check = (host: string, origin?: string): string => {
    try {
      policy.check({ headers: { host, origin }, rawHeaders: [], socket: { localAddress: '10.1.2.3' } } as never);
      return 'ok';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(check('vault.example.com', 'https://vault.example.com')).toBe('ok');
  expect(check('Vault.Example.com:443')).toBe('ok');
  expect(check('vault.example.com', 'http://evil.example.com')).toBe('FORBIDDEN');
  expect(check('evil.example.com', 'https://vault.example.com')).toBe('FORBIDDEN');
  expect(check('10.1.2.3')).toBe('ok');
  expect(check('10.1.2.4')).toBe('FORBIDDEN');
  expect(check('localhost')).toBe('ok');
});

test.each([
  { name: 'all addresses, plain', options: { listen: { host: '0.0.0.0', port: 0 } }, error: true },
  { name: 'a private address, plain', options: { listen: { host: '10.0.0.1', port: 0 } }, error: true },
  { name: 'a name, plain', options: { listen: { host: 'vault.example.com', port: 0 } }, error: true },
  { name: 'IPv6 any, plain', options: { listen: { host: '::', port: 0 } }, error: true },
  { name: 'loopback', options: { listen: { host: '127.0.0.1', port: 0 } }, error: false },
  { name: 'IPv6 loopback', options: { listen: { host: '::1', port: 0 } }, error: false },
  { name: 'behind a proxy', options: { listen: { host: '0.0.0.0', port: 0 }, behindProxy: true }, error: false },
  { name: 'TLS', options: { listen: { host: '0.0.0.0', port: 0 }, tls: { cert: 'c', key: 'k' } }, error: false },
  { name: 'a port that is none', options: { listen: { host: '127.0.0.1', port: 65_536 } }, error: true },
  { name: 'a negative rate', options: { rateLimit: -1 }, error: true },
  { name: 'half a request a second', options: { rateLimit: 0.5 }, error: true },
  { name: 'unknown storage', options: { storage: 'redis://x' }, error: true },
  { name: 'sqlite without a path', options: { storage: 'sqlite:' }, error: true },
  { name: 'sqlite in memory by its own name', options: { storage: 'sqlite::memory:' }, error: true },
  { name: 'a folder as database', options: { storage: `sqlite:${tmpdir()}` }, error: true },
  { name: 'an unknown audit device', options: { audit: ['syslog:x'] }, error: true },
  { name: 'a public URL that is none', options: { publicUrls: ['vault.example.com'] }, error: true },
  { name: 'a public URL of another scheme', options: { publicUrls: ['ftp://vault.example.com'] }, error: true },
  { name: 'a retention that is no number', options: { retentionDays: Number.NaN }, error: true },
] satisfies { name: string; options: ServerOptions; error: boolean }[])('settings: $name', ({ options, error }) => {
  const resolve = (): unknown => resolveOptions(options);
  if (error) expect(resolve).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  else expect(resolve).not.toThrow();
});

test('a slow head is cut off, a slow body too, and who waits is told', async () => {
  await using quick = await startTestVault({ slowRequestMs: 300 });
  const place = await makeWorkspace(quick);
  const started = performance.now();
  const nothing = sendRaw(quick.port, [], 5000);
  const head = sendRaw(quick.port, ['GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n'], 5000);
  const write = `Host: 127.0.0.1\r\nAuthorization: Bearer ${quick.rootToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
  const body = sendRaw(quick.port, [`PUT ${place.env}/secrets/K HTTP/1.1\r\n${write}`], 5000);
  const batch = sendRaw(quick.port, [`POST ${place.env}/batch HTTP/1.1\r\n${write}`], 5000);
  expect(await body).toMatch(/^HTTP\/1\.1 408 /);
  expect(await batch).toMatch(/^HTTP\/1\.1 408 /);
  expect(await head).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(await nothing).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(performance.now() - started).toBeLessThan(3000);
  // The server is as good as before, and nothing was written.
  expect((await quick.root('GET', `${place.env}/secrets`)).keys).toEqual([]);
});

test.each([
  { name: 'a batch that keeps pace is read to its end', route: 'batch', pauseMs: 100, status: 200 },
  { name: 'a batch that falls behind is cut off', route: 'batch', pauseMs: 1000, status: 408 },
  { name: 'another body must be whole in time', route: 'secrets/K', pauseMs: 100, status: 408 },
])('slow bodies: $name', async ({ route, pauseMs, status }) => {
  await using quick = await startTestVault({ slowRequestMs: 300 });
  const place = await makeWorkspace(quick);
  const body = JSON.stringify({ operations: [{ op: 'put', key: 'K', value: 'v'.repeat(100_000) }], value: 'v' });
  const got = await new Promise<number>((resolve, reject) => {
    const headers = { Authorization: `Bearer ${quick.rootToken}`, 'Content-Length': body.length };
    const path = `${place.env}/${route}`;
    const method = route === 'batch' ? 'POST' : 'PUT';
    const sent = request({ port: quick.port, host: '127.0.0.1', path, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      clearInterval(timer);
    });
    sent.on('error', reject);
    let at = 0;
    const timer = setInterval(() => {
      sent.write(body.slice(at, at + 10_000));
      at += 10_000;
      if (at < body.length) return;
      clearInterval(timer);
      sent.end();
    }, pauseMs);
  });
  expect(got).toBe(status);
});

test('a client that leaves in the middle of its body leaves nothing behind', async () => {
  const place = await makeWorkspace(vault, 'leaver');
  const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${vault.rootToken}\r\nContent-Length: 1000\r\n\r\n{"value":`;
  await sendRaw(vault.port, [`PUT ${place.env}/secrets/K HTTP/1.1\r\n${head}`], 100);
  expect((await vault.root('GET', `${place.env}/secrets`)).keys).toEqual([]);
});

test('TLS: https only, 1.2 at least', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-tls-'));
  try {
    const key = join(folder, 'key.pem');
    const cert = join(folder, 'cert.pem');
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    execFileSync(
      'openssl',
      ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    );
    const ca = readFileSync(cert, 'utf8');
    await using secure = await startTestVault({ tls: { cert: ca, key: readFileSync(key, 'utf8') } });
    expect(secure.url).toMatch(/^https:/);
    const me = await secure.call('GET', '/v1/cloud/me', { token: secure.rootToken, ca });
    expect(me.status).toBe(200);
    const origin = { Origin: `https://127.0.0.1:${secure.port}` };
    expect((await secure.call('GET', '/health', { ca, headers: origin })).status).toBe(200);
    await expect(send(secure.url.replace('https', 'http'), 'GET', '/health')).rejects.toThrow();
    await expect(send(secure.url, 'GET', '/health')).rejects.toThrow(/self-signed/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
