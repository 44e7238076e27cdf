// The HTTP around the API: paths, methods, media types and bodies, whatever a client may send.

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Call, send, sendRaw } from '../../test/support/http.ts';
import { type TestVault, type Workspace, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
});
afterAll(() => vault[Symbol.asyncDispose]());

const call = (method: string, path: string, more: Call = {}): Promise<Answer> =>
  vault.call(method, path, { token: vault.rootToken, ...more });
const put = (more: Call): Promise<Answer> => call('PUT', `${place.env}/secrets/BODY`, more);

test.each([
  '/',
  '/nope',
  '/v1',
  '/v1/',
  '/v1/cloud',
  '/v1/cloud/',
  '/v1/cloud/me/',
  '/health/',
  '/v1/sys/health/',
  '/v1/cloud/orgs/',
  '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/',
  '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/K/',
  '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/K/versions/',
  '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/A/B',
  '//v1/cloud/me',
  '/v1//cloud/me',
  '/V1/cloud/me',
  '/v1/cloud/../sys/audit-log',
  '/v1/cloud/%2e%2e/sys/audit-log',
  '/v1/cloud/me%2F',
  '/v1/cloud/me;x',
  '/v1/cloud/orgs/../../../etc/passwd',
  '/../../etc/passwd',
  '/v1/secret/other/x',
  '/v1/sys/data/x',
])('%s is not routed: 404 without a body', async (path) => {
  for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
    const answer = await send(vault.url, method, path, { token: vault.rootToken });
    expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([404, '', '0']);
  }
});

test('an empty part in the middle names nothing: 404 with a body', async () => {
  for (const path of [
    `${place.base}/envs//secrets`,
    '/v1/cloud/orgs//projects',
    '/v1/cloud/orgs/acme/projects//environments',
  ]) {
    const answer = await call('GET', path);
    expect([path, answer.status, answer.json?.error]).toEqual([path, 404, 'not_found']);
  }
});

test.each(['%', '%2', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%f8%80%80%80%80'])(
  'a part that is not percent-encoded UTF-8 is 400: %s',
  async (part) => {
    const answer = await call('GET', `${place.env}/secrets/${part}`);
    expect([answer.status, answer.json.error]).toEqual([400, 'bad_request']);
  },
);

test('a percent-encoded slash stays in its part', async () => {
  expect((await call('PUT', `${place.env}/secrets/A%2FB`, { body: { value: 'v' } })).json.secret.key).toBe('A/B');
  expect((await call('GET', `${place.env}/secrets/A%2fB`)).json.secret.value).toBe('v');
});

test.each(['.', '..', '%2e', '%2E%2e', '.%2e'])('the key %s is refused in every operation', async (key) => {
  const path = `${place.env}/secrets/${key}`;
  for (const [method, suffix, body] of [
    ['GET', '', undefined],
    ['PUT', '', { value: 'v' }],
    ['DELETE', '', undefined],
    ['GET', '/versions', undefined],
    ['POST', '/rollback', { version: 1 }],
    ['POST', '/restore', undefined],
  ] as const) {
    const answer = await call(method, `${path}${suffix}`, { body });
    expect([method, suffix, answer.status]).toEqual([method, suffix, 400]);
  }
  const byProject = await call('GET', `/v1/cloud/projects/${place.projectId}/secrets/${key}?env=development`);
  expect(byProject.status).toBe(400);
});

test.each([
  ['PATCH', '/health', 'GET, HEAD'],
  ['DELETE', '/v1/cloud/me', 'GET, HEAD'],
  ['GET', '/v1/sys/init', 'POST'],
  ['POST', '/v1/cloud/orgs/acme/projects/app/envs/development/secrets/K', 'DELETE, GET, HEAD, PUT'],
  ['OPTIONS', '/v1/cloud/me', 'GET, HEAD'],
  ['TRACE', '/v1/cloud/me', 'GET, HEAD'],
])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
  const answer = await send(vault.url, method, path, { token: vault.rootToken });
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
});

test('every GET answers HEAD with the same head', async () => {
  for (const path of ['/health', '/v1/cloud/me', `${place.env}/secrets`, '/v1/openapi.json']) {
    const get = await call('GET', path);
    const head = await call('HEAD', path);
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', get.headers['content-length']]);
  }
});

test.each([
  ['application/json', 200],
  ['application/json; charset=utf-8', 200],
  ['APPLICATION/JSON', 200],
  ['application/merge-patch+json', 200],
  ['application/x-www-form-urlencoded', 200],
  ['', 200],
  ['text/plain', 415],
  ['multipart/form-data; boundary=x', 415],
  ['application/jsonx', 415],
  ['application/xml', 415],
  ['json', 415],
])('media type %j: %i', async (type, status) => {
  const answer = await put({ raw: '{"value":"v"}', headers: { 'Content-Type': type } });
  expect(answer.status).toBe(status);
});

test.each([
  { name: 'nothing', raw: '', status: 400 },
  { name: 'a space', raw: ' ', status: 400 },
  { name: 'half of it', raw: '{"value":"v"', status: 400 },
  { name: 'text', raw: 'value=v', status: 400 },
  { name: 'single quotes', raw: "{'value':'v'}", status: 400 },
  { name: 'a trailing comma', raw: '{"value":"v",}', status: 400 },
  { name: 'two values', raw: '{"value":"v"}{}', status: 400 },
  { name: 'a control character in a text', raw: '{"value":"\n"}', status: 400 },
  { name: 'a byte order mark', raw: '\ufeff{"value":"v"}', status: 400 },
  { name: 'NaN', raw: '{"value":NaN}', status: 400 },
  { name: 'a list', raw: '[]', status: 422 },
  { name: 'null', raw: 'null', status: 422 },
  { name: 'a text value', raw: '"v"', status: 422 },
  { name: 'an empty object', raw: '{}', status: 422 },
  { name: 'a number as value', raw: '{"value":1}', status: 422 },
  { name: 'null as value', raw: '{"value":null}', status: 422 },
  { name: 'a list as value', raw: '{"value":["v"]}', status: 422 },
  { name: 'the value on the prototype', raw: '{"__proto__":{"value":"v"}}', status: 422 },
  { name: 'the value on constructor.prototype', raw: '{"constructor":{"prototype":{"value":"v"}}}', status: 422 },
  { name: 'unknown fields', raw: '{"value":"v","x":1,"__proto__":{"comment":"c"},"key":"OTHER"}', status: 200 },
  { name: 'a lone surrogate', raw: '{"value":"\\ud800"}', status: 400 },
  { name: 'surrogates in the wrong order', raw: '{"value":"\\udc00\\ud800"}', status: 400 },
  { name: 'a lone surrogate in the comment', raw: '{"value":"v","comment":"\\ud800"}', status: 400 },
  { name: 'NUL in the value', raw: '{"value":"a\\u0000b"}', status: 200 },
  { name: 'a comment of 4097 bytes', raw: JSON.stringify({ value: 'v', comment: 'x'.repeat(4097) }), status: 400 },
])('a body with $name is $status', async ({ raw, status }) => {
  const answer = await put({ raw });
  expect(answer.status).toBe(status);
  if (status === 200) expect(answer.json.secret).toMatchObject({ key: 'BODY', comment: '' });
  else expect(Object.keys(answer.json)).toEqual(['error', 'message']);
});

test.each([
  ['0xff', Buffer.from('{"value":"\xff"}', 'latin1')],
  ['an overlong slash', Buffer.from('{"value":"\xc0\xaf"}', 'latin1')],
  ['an encoded surrogate', Buffer.from('{"value":"\xed\xa0\x80"}', 'latin1')],
  ['cut off', Buffer.from('{"value":"\xe2\x82"}', 'latin1')],
  ['UTF-16', Buffer.from('{"value":"v"}', 'utf16le')],
])('a body that is not UTF-8 is refused, never mended: %s', async (_name, raw) => {
  expect((await put({ raw })).status).toBe(400);
});

test('of a member that occurs twice, the last counts, as everywhere', async () => {
  expect((await put({ raw: '{"value":"first","value":"last"}' })).json.secret.value).toBe('last');
});

test('nesting of any depth neither ends the server nor passes', async () => {
  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
  expect((await put({ raw: deep })).status).toBe(422);
  expect((await put({ raw: `{"value":${deep}}` })).status).toBe(422);
  expect((await put({ raw: `{"value":"v","x":${'{"x":'.repeat(100_000)}1${'}'.repeat(100_000)}}` })).status).toBe(200);
});

test('values up to 1 MiB of UTF-8 are taken, one byte more is not', async () => {
  const whole = 'é'.repeat(524_288);
  expect((await put({ body: { value: whole } })).json.secret.value).toBe(whole);
  const answer = await put({ body: { value: `${whole}x` } });
  expect([answer.status, answer.json.error]).toEqual([400, 'bad_request']);
});

test.each([
  { name: 'with a length', chunked: false },
  { name: 'in chunks', chunked: true },
])('a body over the limit is 413, $name', async ({ chunked }) => {
  const raw = Buffer.alloc(2_097_153, 0x20);
  const headers = chunked ? { 'Transfer-Encoding': 'chunked' } : {};
  const answer = chunked ? await sendChunked(raw) : await put({ raw, headers });
  expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
});

function sendChunked(raw: Buffer): Promise<{ status: number; json: any }> {
  return new Promise((resolve, reject) => {
    const { port } = vault;
    const headers = { Authorization: `Bearer ${vault.rootToken}`, 'Content-Type': 'application/json' };
    const path = `${place.env}/secrets/BODY`;
    const sent = request({ port, host: '127.0.0.1', method: 'PUT', path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) as unknown }));
    });
    sent.on('error', reject);
    for (let at = 0; at < raw.length; at += 65_536) sent.write(raw.subarray(at, at + 65_536));
    sent.end();
  });
}

test.each([
  { name: 'no token', size: 1_900_000, token: undefined, status: 401 },
  { name: 'no token, far over the limit', size: 40_000_000, token: undefined, status: 401 },
  { name: 'far over the limit', size: 40_000_000, token: 'root', status: 413 },
])('whoever is refused while sending reads why: $name', async ({ size, token, status }) => {
  for (let round = 0; round < 5; round += 1) {
    const raw = Buffer.alloc(size, 0x20);
    const answer = await put({ raw, token: token === undefined ? undefined : vault.rootToken });
    expect(answer.status).toBe(status);
  }
});

// In a thread of its own: in this one, the server could not close the connection while a client is still sending.
const clientThatReadsLast = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { port, head, size } = workerData;
  const socket = require('node:net').connect(port, '127.0.0.1');
  let text = '';
  socket.on('error', ({ code }) => parentPort.postMessage(code + ' ' + text));
  socket.on('end', () => parentPort.postMessage(text));
  socket.write(head);
  socket.write(Buffer.alloc(size, 0x20), () => socket.on('data', (chunk) => (text += chunk)));
`;

test.each([
  { name: 'far over the limit', size: 20_000_000, status: 413, token: 'root' },
  { name: 'without a token', size: 1_900_000, status: 401, token: 'none' },
])('so does one who reads only when all is sent: $name', async ({ size, status, token }) => {
  const authorization = token === 'root' ? `Authorization: Bearer ${vault.rootToken}\r\n` : '';
  const head = `PUT ${place.env}/secrets/BODY HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization}Content-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`;
  for (let round = 0; round < 5; round += 1) {
    const client = new Worker(clientThatReadsLast, { eval: true, workerData: { port: vault.port, head, size } });
    const [text] = (await once(client, 'message')) as [string];
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*"message"`));
    await client.terminate();
  }
});

test('a batch may be larger than other bodies', async () => {
  const value = 'x'.repeat(1_000_000);
  const operations = Array.from({ length: 5 }, (_, index) => ({ op: 'put', key: `BIG${index}`, value }));
  expect((await call('POST', `${place.env}/batch`, { body: { operations } })).status).toBe(200);
  const tooMany = Array.from({ length: 50_001 }, () => ({ op: 'delete', key: 'x' }));
  expect((await call('POST', `${place.env}/batch`, { body: { operations: tooMany } })).status).toBe(422);
});

test('requests without a body keep the connection, with a content type too', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'Content-Type': 'application/json' };
  for (const path of ['/health', '/nope', '/v1/cloud/me', `${place.env}/secrets/NONE`, '/v1/sys/health']) {
    const answer = await call('GET', path, { agent, headers });
    expect([path, answer.headers.connection]).toEqual([path, 'keep-alive']);
  }
  const sockets = Object.values(agent.freeSockets).flat();
  expect(sockets).toHaveLength(1);
  agent.destroy();
});

test.each([
  ['/v1/transit/keys/bodyless', '', 204],
  ['/v1/transit/keys/bodyless/rotate', '', 200],
  ['/v1/auth/token/create', 'Content-Type: application/json\r\n', 200],
  ['/v1/auth/token/renew-self', '', 400],
  ['/v1/auth/token/lookup', 'Content-Type: application/json\r\n', 400],
  ['/v1/auth/token/lookup', '', 415],
  ['/v1/sys/restore', 'Content-Type: application/octet-stream\r\n', 400],
])('a POST %s without a length has no body, and does not wait for one', async (path, more, status) => {
  // As curl -X POST and Rust's reqwest send it.
  const head = `Host: 127.0.0.1\r\nX-Vault-Token: ${vault.rootToken}\r\nConnection: close\r\n${more}`;
  const text = await sendRaw(vault.port, [`POST ${path} HTTP/1.1\r\n${head}\r\n`], 3000);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('a body where none is expected is ignored', async () => {
  const answer = await call('GET', '/v1/cloud/me', { raw: '{"ignored":true}' });
  expect(answer.status).toBe(200);
});

test('pipelined requests are answered in their order', async () => {
  const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${vault.rootToken}\r\n`;
  const body = JSON.stringify({ value: 'piped' });
  const write = `PUT ${place.env}/secrets/PIPED HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const read = `GET ${place.env}/secrets/NONE HTTP/1.1\r\n${head}\r\n`;
  const last = `GET /health HTTP/1.1\r\n${head}Connection: close\r\n\r\n`;
  const text = await sendRaw(vault.port, [write + read + last], 3000);
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '404', '200']);
});

test('what is not HTTP is 400, and does not get before an answer that is under way', async () => {
  expect(await sendRaw(vault.port, ['hello\r\n\r\n'], 2000)).toMatch(/^HTTP\/1\.1 400 /);
  const good = `GET /v1/cloud/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${vault.rootToken}\r\n\r\n`;
  const text = await sendRaw(vault.port, [`${good}garbage\r\n\r\n`], 2000);
  expect(text).not.toContain('400');
});

test.each([
  ['two lengths', 'Content-Length: 3\r\nContent-Length: 5\r\n'],
  ['length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
  ['a folded header', 'X-A: b\r\n c\r\n'],
  ['a space before the colon', 'Content-Length : 3\r\n'],
])('request smuggling is refused: %s', async (_name, headers) => {
  const text = await sendRaw(
    vault.port,
    [`POST /v1/sys/unseal HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n{}x`],
    2000,
  );
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
});

test.each([
  ['hosts', 'host: evil.example\r\n'],
  ['tokens', 'AUTHORIZATION: Bearer other\r\n'],
])(
  'a request with two %s is refused: whoever stands before the server may have read the other',
  async (_name, more) => {
    const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${vault.rootToken}\r\n${more}Connection: close\r\n`;
    expect(await sendRaw(vault.port, [`GET /v1/cloud/me HTTP/1.1\r\n${head}\r\n`], 2000)).toMatch(/^HTTP\/1\.1 400 /);
  },
);

test('a head over 16 KiB is 431', async () => {
  const text = await sendRaw(
    vault.port,
    [`GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    2000,
  );
  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});

test('answers are never stored, never sniffed and never framed', async () => {
  for (const path of ['/health', '/nope', '/v1/cloud/me', `${place.env}/secrets`]) {
    const { headers } = await call('GET', path);
    // Contract 1.1.
    const secured = [headers['cache-control'], headers['x-content-type-options'], headers['x-frame-options']];
    expect(secured).toEqual(['no-store', 'nosniff', 'DENY']);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  }
});
