import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { LogEntry } from './log.ts';
import { type Answer, refusal, startTestServer, testClient } from './test-server.ts';

const ok = { json: { ok: true } };

test('a request carries token, user agent and JSON type, and the answer is JSON', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient(server, { userAgent: 'tester/1' });
  expect(await client.request('POST', '/v1/cloud/x', { body: { a: 'ü' }, query: { q: 'a b' } })).toEqual({ ok: true });
  await client.request('GET', '/v1/sys/x');
  await client.request('DELETE', '/v1/cloud/x');
  expect(server.lines).toEqual(['POST /v1/cloud/x?q=a%20b', 'GET /v1/sys/x', 'DELETE /v1/cloud/x']);
  const [post, get, del] = server.seen;
  expect(post?.headers).toMatchObject({
    authorization: 'Bearer zvt_test_token',
    'user-agent': 'tester/1',
    'content-type': 'application/json',
    accept: 'application/json',
  });
  expect(post?.body).toEqual({ a: 'ü' });
  expect(get?.headers).toMatchObject({ 'x-vault-token': 'zvt_test_token' });
  expect(get?.headers.authorization).toBeUndefined();
  expect(get?.headers['content-type']).toBeUndefined();
  expect(del?.headers['content-length']).toBeUndefined();
});

test('a path of the address stands in front of every route', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient({ url: `${server.url}/vault/` });
  await client.request('GET', '/v1/cloud/me');
  expect(server.lines).toEqual(['GET /vault/v1/cloud/me']);
});

test('one socket serves many requests, and close() frees it', async () => {
  await using server = await startTestServer(() => ok);
  const client = testClient(server);
  for (let index = 0; index < 5; index += 1) await client.request('GET', '/v1/cloud/x');
  expect(server.sockets.size).toBe(1);
  client.close();
  await expect.poll(() => server.sockets.size).toBe(0);
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('close() ends requests that are on their way', async () => {
  await using server = await startTestServer(() => ({ raw: () => {} }));
  const client = testClient(server);
  const request = client.request('GET', '/v1/cloud/x');
  await expect.poll(() => server.lines.length).toBe(1);
  client.close();
  await expect(request).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'the client is closed' });
  await expect.poll(() => server.sockets.size).toBe(0);
});

const faults: readonly { name: string; answer: Answer; code: string; message: RegExp }[] = [
  {
    name: 'a connection reset in the middle of the body',
    answer: {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"a":"canary');
        setTimeout(() => response.destroy(), 20);
      },
    },
    code: 'CONNECTION_FAILED',
    message: /no connection to|connection ended/,
  },
  {
    name: 'a body that trickles',
    answer: {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(timer));
      },
    },
    code: 'TIMEOUT',
    message: /no answer from http:\/\/127\.0\.0\.1:\d+ within 150 ms/,
  },
  { name: 'no answer', answer: { raw: () => {} }, code: 'TIMEOUT', message: /within 150 ms/ },
  {
    name: 'truncated JSON',
    answer: { text: '{"value":"canary', headers: { 'Content-Type': 'application/json' } },
    code: 'BAD_ANSWER',
    message: /broken JSON/,
  },
  {
    name: 'another content type',
    answer: { text: '<html>canary</html>', headers: { 'Content-Type': 'text/html' } },
    code: 'BAD_ANSWER',
    message: /not JSON/,
  },
  {
    name: 'bytes that are not UTF-8',
    answer: {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(Buffer.from([0x22, 0xff, 0x22]));
      },
    },
    code: 'BAD_ANSWER',
    message: /UTF-8/,
  },
  {
    name: 'a compressed body',
    answer: {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
        response.end(gzipSync('{}'));
      },
    },
    code: 'BAD_ANSWER',
    message: /compressed/,
  },
  {
    name: 'a body that is announced as huge',
    answer: {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100000000' });
        response.write('"');
      },
    },
    code: 'BAD_ANSWER',
    message: /larger than 67108864 bytes/,
  },
  {
    name: 'a redirect',
    answer: { status: 302, headers: { Location: 'https://elsewhere.example/canary' } },
    code: 'BAD_ANSWER',
    message: /redirects to https:\/\/elsewhere\.example \(302\), which is not followed/,
  },
];

test.each(faults)('$name: $code', async ({ answer, code, message }) => {
  await using server = await startTestServer(() => answer);
  await using client = testClient(server, { timeoutMs: 150, maxRetries: 0 });
  const error: unknown = await client.request('GET', '/v1/cloud/x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
  expect(inspect(error, { depth: 9 })).not.toContain('zvt_test_token');
});

test('a huge body without a length is cut off', async () => {
  const chunk = Buffer.alloc(1_048_576, 0x20);
  await using server = await startTestServer(() => ({
    raw: (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    },
  }));
  await using client = testClient(server, { maxRetries: 0 });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    code: 'BAD_ANSWER',
    message: expect.stringContaining('larger than'),
  });
});

test('what is not HTTP is named as such', async () => {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using client = testClient({ url: `http://127.0.0.1:${port}` }, { maxRetries: 0 });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('is not HTTP'),
  });
  server.close();
});

test('reads are tried again, writes only when nothing was done', async () => {
  const answers: Answer[] = [];
  await using server = await startTestServer(() => answers.shift() ?? ok);
  await using client = testClient(server);
  answers.push({ status: 502 }, { raw: (response) => response.destroy() }, refusal(500, 'internal_error'));
  await client.request('GET', '/v1/cloud/x');
  expect(server.lines).toHaveLength(4);

  server.lines.length = 0;
  answers.push(refusal(429, 'rate_limited'), refusal(503, 'audit_unavailable'));
  await client.request('POST', '/v1/cloud/x');
  expect(server.lines).toHaveLength(3);

  for (const answer of [
    { status: 502 },
    refusal(503, 'unavailable'),
    { raw: (response: { destroy(): void }) => response.destroy() },
  ]) {
    server.lines.length = 0;
    answers.splice(0, answers.length, answer as Answer);
    await expect(client.request('POST', '/v1/cloud/x')).rejects.toThrow();
    expect(server.lines).toHaveLength(1);
  }

  server.lines.length = 0;
  answers.splice(0, answers.length, refusal(429, 'limit_exceeded'));
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(server.lines).toHaveLength(1);
});

test('a write to a server that is not there yet is tried again', async () => {
  const first = await startTestServer(() => ok);
  const { port } = first;
  await first.close();
  let attempts = 0;
  const server = createServer((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
  });
  await using client = testClient(
    { url: `http://127.0.0.1:${port}` },
    {
      logger: ({ event }) => {
        if (event === 'retry') attempts += 1;
        if (attempts === 2) server.listen(port, '127.0.0.1');
      },
      host: { env: {}, now: () => Date.now(), randomBytes: (count) => Buffer.alloc(count, 0x80) },
    },
  );
  await expect(client.request('PUT', '/v1/cloud/x', { body: {} })).resolves.toEqual({});
  expect(attempts).toBe(2);
  server.close();
});

test('Retry-After is waited for', async () => {
  const answers: Answer[] = [{ ...refusal(429, 'rate_limited'), headers: { 'Retry-After': '1' } }];
  await using server = await startTestServer(() => answers.shift() ?? ok);
  await using client = testClient(server);
  const startedMs = performance.now();
  await client.request('GET', '/v1/cloud/x');
  expect(performance.now() - startedMs).toBeGreaterThan(950);
});

test('a pause that is too long is told instead', async () => {
  await using server = await startTestServer(() => ({
    ...refusal(429, 'rate_limited'),
    headers: { 'Retry-After': '3600' },
  }));
  await using client = testClient(server);
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterMs: 3_600_000 },
  });
  expect(server.lines).toHaveLength(1);
});

test('a signal ends a request, a pause between attempts, and is looked at first', async () => {
  await using server = await startTestServer(() => ({ raw: () => {} }));
  await using client = testClient(server);
  const controller = new AbortController();
  const request = client.request('GET', '/v1/cloud/x', { signal: controller.signal });
  await expect.poll(() => server.lines.length).toBe(1);
  controller.abort();
  await expect(request).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect.poll(() => server.sockets.size).toBe(0);
  await expect(client.request('GET', '/v1/cloud/x', { signal: controller.signal })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
  expect(server.lines).toHaveLength(1);

  server.handler = () => ({ ...refusal(429, 'rate_limited'), headers: { 'Retry-After': '20' } });
  const limited = client.request('GET', '/v1/cloud/x', { signal: AbortSignal.timeout(100) });
  await expect(limited).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test("the client's own signal ends everything", async () => {
  await using server = await startTestServer(() => ({ raw: () => {} }));
  const controller = new AbortController();
  await using client = testClient(server, { signal: controller.signal });
  const request = client.request('GET', '/v1/cloud/x');
  await wait(20);
  controller.abort();
  await expect(request).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('without a token nothing is sent', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient(server, { token: '' });
  await expect(client.getAll()).rejects.toMatchObject({
    code: 'TOKEN_MISSING',
    hint: expect.stringContaining('ZVAULT_TOKEN'),
  });
  expect(server.lines).toEqual([]);
});

test('the log names routes, statuses and times, and neither keys, values nor tokens', async () => {
  const entries: LogEntry[] = [];
  await using server = await startTestServer(() => ({
    json: { secret: { key: 'canary-key', value: 'canary-value', version: 1 } },
  }));
  await using client = testClient(server, { org: 'o', project: 'p', logger: (entry) => void entries.push(entry) });
  await client.get('canary-key');
  await client.set('canary-key', 'canary-value');
  expect(entries.filter(({ event }) => event === 'request')).toMatchObject([
    { method: 'GET', route: '/v1/cloud/orgs/{}/projects/{}/envs/{}/secrets/{}', status: 200, attempt: 1 },
    { method: 'GET', status: 200 },
    { method: 'PUT', status: 200 },
  ]);
  expect(inspect(entries, { depth: 9 })).not.toMatch(/canary|zvt_/);
});

test('a logger that throws changes nothing', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient(server, {
    logger: () => {
      throw new Error('no');
    },
  });
  await expect(client.request('GET', '/v1/cloud/x')).resolves.toEqual({ ok: true });
});
