import { createServer as createTcpServer } from 'node:net';
import { inspect } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { encodeIpv6 } from './socks.ts';
import { makeCertificates, type TestCertificates } from './test-certificates.ts';
import { listen, startHttpProxy, startSocksProxy } from './test-proxies.ts';
import { startTestServer, testClient } from './test-server.ts';

let certificates: TestCertificates;
beforeAll(() => {
  certificates = makeCertificates();
});

const ok = { json: { ok: true } };

test('https goes through a tunnel, which is kept', async () => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using proxy = await startHttpProxy(server, { login: 'u:p@w' });
  await using client = testClient(
    { url: 'https://vault.test:8443' },
    { ca: certificates.ca, proxy: `http://u:p%40w@127.0.0.1:${proxy.port}` },
  );
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(await client.request('GET', '/v1/cloud/y')).toEqual({ ok: true });
  expect(proxy.asked).toEqual(['CONNECT vault.test:8443']);
  expect(server.seen[0]?.headers).toMatchObject({ host: 'vault.test:8443' });
  expect(server.seen[0]?.headers['proxy-authorization']).toBeUndefined();
});

test('the certificate inside the tunnel is that of the server asked for', async () => {
  await using server = await startTestServer(() => ok, certificates.misnamed);
  await using proxy = await startHttpProxy(server);
  const options = { ca: certificates.ca, proxy: `127.0.0.1:${proxy.port}` };
  await using client = testClient({ url: 'https://vault.test' }, options);
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    hint: expect.stringContaining('host name'),
  });
  await using untrusting = testClient({ url: 'https://vault.test' }, { proxy: options.proxy });
  await expect(untrusting.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    hint: expect.stringContaining('ZVAULT_CA_CERT'),
  });
  expect(server.seen).toEqual([]);
});

test('a proxy that is reached by TLS itself', async () => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using proxy = await startHttpProxy(server, { tls: certificates.server });
  await using client = testClient(
    { url: 'https://vault.test' },
    { ca: certificates.ca, proxy: `https://localhost:${proxy.port}` },
  );
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(proxy.asked).toEqual(['CONNECT vault.test:443']);
});

test('plain http goes to the proxy by its whole address', async () => {
  await using server = await startTestServer(() => ok);
  await using proxy = await startHttpProxy(server, { login: 'u:p' });
  await using client = testClient(
    { url: 'http://vault.test:8200/base' },
    { proxy: `http://u:p@127.0.0.1:${proxy.port}`, allowHttp: true },
  );
  expect(await client.request('POST', '/v1/cloud/x', { body: { a: 1 }, query: { q: 1 } })).toEqual({ ok: true });
  expect(proxy.asked).toEqual(['POST http://vault.test:8200/base/v1/cloud/x?q=1']);
  expect(server.seen[0]).toMatchObject({ headers: { host: 'vault.test:8200' }, body: { a: 1 } });
});

test('the environment names the proxy', async () => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using proxy = await startHttpProxy(server);
  const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'elsewhere.test' };
  await using client = testClient({ url: 'https://vault.test' }, { ca: certificates.ca, env });
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  await using direct = testClient(server, { ca: certificates.ca, env });
  expect(await direct.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(proxy.asked).toHaveLength(1);
});

test.each([
  { name: 'asks for a log-in', options: { login: 'u:p' }, message: /407/, hint: /user:password/, attempts: 1 },
  { name: 'forbids it', options: { status: 403 }, message: /403/, hint: /NO_PROXY/, attempts: 1 },
  { name: 'cannot reach the server', options: { status: 502 }, message: /502/, hint: /NO_PROXY/, attempts: 4 },
])('a proxy that $name', async ({ options, message, hint, attempts }) => {
  await using proxy = await startHttpProxy({ port: 1 }, options);
  await using client = testClient(
    { url: 'https://vault.test' },
    { proxy: `http://canary:canary@127.0.0.1:${proxy.port}` },
  );
  const error: unknown = await client.request('POST', '/v1/cloud/x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
    details: { sent: false },
  });
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
  expect(proxy.asked).toHaveLength(attempts);
});

test('a proxy that is silent is given up in time, and leaves nothing open', async () => {
  await using proxy = await listen(createTcpServer(() => {}));
  for (const scheme of ['http', 'socks5']) {
    const options = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, timeoutMs: 100, maxRetries: 0 };
    const client = testClient({ url: 'https://127.0.0.1' }, options);
    await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { sent: false },
    });
    client.close();
  }
});

test.each([
  {
    name: 'by name at the proxy',
    scheme: 'socks5h',
    url: 'https://vault.test',
    asked: { kind: 3, address: 'vault.test', port: 443 },
  },
  {
    name: 'by address',
    scheme: 'socks5h',
    url: 'https://127.0.0.1:444',
    asked: { kind: 1, address: '127.0.0.1', port: 444 },
  },
  {
    name: 'by name here',
    scheme: 'socks5',
    url: 'https://127.0.0.1',
    asked: { kind: 1, address: '127.0.0.1', port: 443 },
  },
])('SOCKS5 $name', async ({ scheme, url, asked }) => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using proxy = await startSocksProxy(server);
  await using client = testClient({ url }, { ca: certificates.ca, proxy: `${scheme}://127.0.0.1:${proxy.port}` });
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(proxy.asked).toEqual([asked]);
});

test('SOCKS5 resolves names here unless told otherwise', async () => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using proxy = await startSocksProxy(server);
  await using client = testClient(
    { url: 'https://localhost' },
    { ca: certificates.ca, proxy: `socks5://127.0.0.1:${proxy.port}` },
  );
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(proxy.asked[0]?.kind).not.toBe(3);
});

test('SOCKS5 carries plain http too, with a log-in, whatever address it says it is bound to', async () => {
  await using server = await startTestServer(() => ok);
  const bound = [
    Buffer.from([1, 9, 9, 9, 9]),
    Buffer.concat([Buffer.from([4]), Buffer.alloc(16, 7)]),
    Buffer.from([3, 2, 0x61, 0x62]),
  ];
  for (const address of bound) {
    await using proxy = await startSocksProxy(server, { login: 'user:pässword', bound: address });
    const url = `socks5h://user:p%C3%A4ssword@127.0.0.1:${proxy.port}`;
    await using client = testClient({ url: 'http://vault.test' }, { proxy: url, allowHttp: true });
    expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
    expect(proxy.asked).toEqual([{ kind: 3, address: 'vault.test', port: 80, login: 'user:pässword' }]);
  }
});

test.each([
  { name: 'wants a log-in', options: { login: 'u:p' }, user: '', message: /asks for a log-in|closed/ },
  { name: 'refuses the log-in', options: { login: 'u:p' }, user: 'u:canary@', message: /refused the log-in/ },
  { name: 'is refused by the server', options: { reply: 5 }, user: '', message: /refused the connection/ },
  { name: 'has rules', options: { reply: 2 }, user: '', message: /rules forbid/ },
  { name: 'answers nonsense', options: { bound: Buffer.from([9]) }, user: '', message: /not SOCKS5/ },
])('a SOCKS5 proxy that $name', async ({ options, user, message }) => {
  await using proxy = await startSocksProxy({ port: 1 }, options);
  await using client = testClient(
    { url: 'https://vault.test' },
    { proxy: `socks5h://${user}127.0.0.1:${proxy.port}`, maxRetries: 0 },
  );
  const error: unknown = await client.request('GET', '/v1/cloud/x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringMatching(message),
    details: { sent: false },
  });
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
});

test('something that is no SOCKS5 proxy is told', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient(
    { url: 'https://vault.test' },
    { proxy: `socks5h://127.0.0.1:${server.port}`, maxRetries: 0 },
  );
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test.each([
  ['::1', '00000000000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['2001:db8::ff:0:1', '20010db800000000000000ff00000001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
])('IPv6 %s in bytes', (address, hex) => {
  expect(encodeIpv6(address).toString('hex')).toBe(hex);
});
