import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { createAddressRules } from './addresses.ts';
import { type FetchRules, fetchJson, urlProblem } from './fetch-json.ts';
import { startTestServer } from './test-issuer.ts';

const never = new AbortController().signal;
const loopback: FetchRules = { addresses: createAddressRules([], true), allowLoopbackHttp: true };
const resolveTo =
  (...addresses: string[]) =>
  async (): Promise<LookupAddress[]> =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

test('fetches JSON from loopback, asking for nothing but that', async () => {
  let headers = {};
  await using server = await startTestServer((request, response) => {
    headers = request.headers;
    response.end('{"keys":[]}');
  });
  await expect(fetchJson(`${server.url}/jwks?x=1`, loopback, never)).resolves.toEqual({ keys: [] });
  expect(server.requests).toEqual(['/jwks?x=1']);
  expect(headers).toEqual({
    accept: 'application/json',
    'user-agent': 'zvault',
    host: `127.0.0.1:${server.port}`,
    connection: 'close',
  });
});

test.each([
  {
    name: 'redirect',
    answer: { status: 302, headers: { location: '/jwks2' } },
    code: 'BAD_ANSWER',
    message: /redirects, which is not followed$/,
  },
  {
    name: 'permanent redirect',
    answer: { status: 308, headers: { location: '/jwks2' } },
    code: 'BAD_ANSWER',
    message: /redirects/,
  },
  {
    name: 'not found',
    answer: { status: 404, body: '{"keys":[]}' },
    code: 'BAD_ANSWER',
    message: /answers with status 404$/,
  },
  { name: 'no content', answer: { status: 204 }, code: 'BAD_ANSWER', message: /status 204$/ },
  { name: 'partial content', answer: { status: 206, body: '{"keys":[]}' }, code: 'BAD_ANSWER', message: /status 206$/ },
  {
    name: 'HTML',
    answer: { body: '<html>canary-in-body</html>' },
    code: 'BAD_ANSWER',
    message: /answers with no JSON$/,
  },
  { name: 'nothing', answer: { body: '' }, code: 'BAD_ANSWER', message: /answers with no JSON$/ },
  {
    name: 'no UTF-8',
    answer: { body: Buffer.from('22ff22', 'hex') },
    code: 'BAD_ANSWER',
    message: /answers with no JSON$/,
  },
  {
    name: 'compressed',
    answer: { headers: { 'content-encoding': 'gzip' }, body: 'x' },
    code: 'BAD_ANSWER',
    message: /compressed$/,
  },
  {
    name: 'one byte too many',
    answer: { body: `"${'x'.repeat(262_143)}"` },
    code: 'BAD_ANSWER',
    message: /more than 262144 bytes$/,
  },
])('refused answer: $name', async ({ answer, code, message }) => {
  const {
    status = 200,
    headers = {},
    body = '',
  } = answer as { status?: number; headers?: Record<string, string>; body?: string };
  await using server = await startTestServer(
    (_request, response) => void response.writeHead(status, headers).end(body),
  );
  const error: unknown = await fetchJson(`${server.url}/jwks?token=canary-in-query`, loopback, never).catch(
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(server.requests).toEqual(['/jwks?token=canary-in-query']);
  expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toContain('canary');
});

test('the largest answer is taken', async () => {
  await using server = await startTestServer((_request, response) => void response.end(`"${'x'.repeat(262_142)}"`));
  await expect(fetchJson(server.url, loopback, never)).resolves.toHaveLength(262_142);
});

test.each([200, 302, 500])('an endless answer is cut off, not read (status %i)', async (status) => {
  let closed = false;
  await using server = await startTestServer((_request, response) => {
    response.writeHead(status);
    const timer = setInterval(() => response.write(' '.repeat(65_536)), 1);
    response.on('close', () => {
      closed = true;
      clearInterval(timer);
    });
  });
  await expect(fetchJson(server.url, loopback, never)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  await expect.poll(() => closed).toBe(true);
});

test('an answer that ends early is none', async () => {
  await using server = await startTestServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"keys":[]}');
    setTimeout(() => response.destroy(), 10);
  });
  await expect(fetchJson(server.url, loopback, never)).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test.each([
  { name: 'no answer', listener: () => {} },
  {
    name: 'a byte now and then',
    listener: (
      _request: unknown,
      response: { write: (text: string) => void; on: (name: string, call: () => void) => void },
    ) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    },
  },
])('too slow: $name', async ({ listener }) => {
  await using server = await startTestServer(listener);
  await expect(fetchJson(server.url, { ...loopback, timeoutMs: 60 }, never)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: `${server.url}/ did not answer within 60 ms`,
  });
});

test('too slow: a name that never resolves', async () => {
  const rules = { ...loopback, timeoutMs: 40, resolve: () => new Promise<never>(() => {}) };
  await expect(fetchJson('https://idp.example/', rules, never)).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a fetch ends with its signal', async () => {
  await using server = await startTestServer(() => {});
  const ending = new AbortController();
  const start = performance.now();
  const fetching = fetchJson(server.url, loopback, ending.signal);
  setTimeout(() => ending.abort(), 20);
  await expect(fetching).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await expect(fetchJson(server.url, loopback, ending.signal)).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(server.requests).toEqual(['/']);
  // Not only when the time is over.
  expect(performance.now() - start).toBeLessThan(5000);
});

test.each([
  'https://127.0.0.1',
  'https://127.1',
  'https://0x7f000001',
  'https://2130706433',
  'https://0177.0.0.1',
  'https://[::1]',
  'https://[::ffff:127.0.0.1]',
  'https://10.0.0.1',
  'https://169.254.169.254/latest/meta-data',
  'https://[fe80::1]',
  'https://[fd00:ec2::254]',
  'https://0.0.0.0',
  'https://１２７.0.0.1',
])('a private address in the URL: %s', async (url) => {
  const rules = { addresses: createAddressRules([], false), allowLoopbackHttp: false };
  await expect(fetchJson(url, rules, never)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('private address'),
  });
});

test('one private address among those of a name is one too many, and nothing is connected to', async () => {
  await using server = await startTestServer((_request, response) => void response.end('{}'));
  for (const addresses of [
    ['127.0.0.1'],
    ['93.184.216.34', '127.0.0.1'],
    ['::ffff:127.0.0.1'],
    ['2606:4700::1', 'fe80::1'],
  ]) {
    const rules = {
      addresses: createAddressRules([], false),
      allowLoopbackHttp: false,
      resolve: resolveTo(...addresses),
    };
    await expect(fetchJson(`https://idp.example:${server.port}/`, rules, never)).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('idp.example is at the private address'),
    });
  }
  expect(server.requests).toEqual([]);
});

test('a name without address, and one that does not resolve', async () => {
  const failing = async (): Promise<never> => {
    throw new Error('getaddrinfo ENOTFOUND idp.example');
  };
  for (const resolve of [resolveTo(), failing]) {
    await expect(fetchJson('https://idp.example/', { ...loopback, resolve }, never)).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
    });
  }
});

test('http goes to loopback only, whatever the name resolves to and whatever is allowed', async () => {
  const rules = {
    addresses: createAddressRules(['10.0.0.0/8'], true),
    allowLoopbackHttp: true,
    resolve: resolveTo('10.0.0.1'),
  };
  await expect(fetchJson('http://localhost/', rules, never)).rejects.toMatchObject({
    message: expect.stringContaining('would leave this machine'),
  });
  await expect(fetchJson('http://idp.example/', rules, never)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  await expect(fetchJson('http://127.0.0.1/', { ...rules, allowLoopbackHttp: false }, never)).rejects.toMatchObject({
    code: 'BAD_ANSWER',
  });
});

test('a refused connection says why', async () => {
  const server = await startTestServer(() => {});
  await server[Symbol.asyncDispose]();
  await expect(fetchJson(server.url, loopback, never)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test.each([
  ['https://idp.example/a?b=c', true, undefined],
  ['http://127.0.0.1:1/x', true, undefined],
  ['http://localhost:1/x', true, undefined],
  ['http://[::1]:1/x', true, undefined],
  ['http://127.0.0.1:1/x', false, 'must be an https URL'],
  ['http://idp.example/', true, 'must be an https URL; http goes to this machine only'],
  ['http://localhost.evil.example/', true, 'must be an https URL; http goes to this machine only'],
  ['https://user@idp.example/', true, 'must not hold a user name or password'],
  ['https://:pw@idp.example/', true, 'must not hold a user name or password'],
  ['ftp://idp.example/', true, 'must be an https URL'],
  ['file:///etc/passwd', true, 'must be an https URL'],
  ['data:application/json,{}', true, 'must be an https URL'],
  ['idp.example', true, 'must be an https URL'],
  ['', true, 'must be an https URL'],
])('address %s (loopback http: %s)', (url, allowLoopbackHttp, problem) => {
  expect(urlProblem(url, allowLoopbackHttp)).toBe(problem);
});

/** DER: tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

/** A self-signed Ed25519 certificate for `host`, with its key, both PEM. */
function createCertificate(host: string): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const algorithm = der(0x30, der(0x06, Buffer.from('2b6570', 'hex')));
  const name = der(0x30, der(0x31, der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(host)))));
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z')));
  const alternative = der(0x30, der(0x82, Buffer.from(host)));
  const extensions = der(0xa3, der(0x30, der(0x30, der(0x06, Buffer.from('551d11', 'hex')), der(0x04, alternative))));
  const version = der(0xa0, der(0x02, Buffer.of(2)));
  const body = der(
    0x30,
    version,
    der(0x02, Buffer.of(1)),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const whole = der(0x30, body, algorithm, der(0x03, Buffer.of(0), sign(null, body, privateKey)));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const certificate = createCertificate('idp.example');
const tlsServer = createServer(
  certificate,
  (request, response) => void response.end(JSON.stringify({ host: request.headers.host })),
);
await new Promise<void>((resolve) => void tlsServer.listen(0, '127.0.0.1', resolve));
const tlsPort = (tlsServer.address() as AddressInfo).port;
afterAll(() => void tlsServer.close());

test('https goes to the address that was checked, under the name that was asked for, resolved once', async () => {
  let lookups = 0;
  const resolve = (host: string) => {
    lookups += 1;
    expect(host).toBe('idp.example');
    // A name that is rebound answers with something else from the second time on.
    return resolveTo(lookups === 1 ? '127.0.0.1' : '127.0.0.2')();
  };
  const rules = {
    addresses: createAddressRules(['127.0.0.1'], false),
    allowLoopbackHttp: false,
    ca: certificate.cert,
    resolve,
  };
  await expect(fetchJson(`https://idp.example:${tlsPort}/`, rules, never)).resolves.toEqual({
    host: `idp.example:${tlsPort}`,
  });
  expect(lookups).toBe(1);
});

test.each([
  {
    name: 'a certificate that nobody vouches for',
    host: 'idp.example',
    ca: undefined,
    message: /self-signed certificate/,
  },
  { name: 'a certificate for another name', host: 'other.example', ca: certificate.cert, message: /does not match/ },
])('refused: $name', async ({ host, ca, message }) => {
  const rules = {
    addresses: createAddressRules(['127.0.0.1'], false),
    allowLoopbackHttp: false,
    ca,
    resolve: resolveTo('127.0.0.1'),
  };
  await expect(fetchJson(`https://${host}:${tlsPort}/`, rules, never)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringMatching(message),
  });
});
