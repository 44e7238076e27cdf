// Vaults without cloud routes (docs/compatibility.md): import and run use the KV paths there, and only there.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer, request as forward } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dumpEnvironment, readJson, temporaryFolder, zvault } from './support.ts';

const stored = new Map<string, unknown>();
const seen: { method: string; url: string; token: string | undefined; bearer: string | undefined }[] = [];
/** Keys at which a write fails. */
let failing: string | undefined;
let server: Server;
let env: Record<string, string>;

/** The older vault's KV routes, in the shapes of the contract; everything else is not routed. */
async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
  const { method = '', url = '', headers } = request;
  seen.push({ method, url, token: headers['x-vault-token'] as string | undefined, bearer: headers.authorization });
  const path = /^\/v1\/secret\/data\/(.+)$/.exec(url)?.[1];
  if (path === undefined) return { status: 404 };
  if (headers['x-vault-token'] !== 'root-of-the-older-vault')
    return { status: 401, body: { error: 'unauthorized', message: 'no' } };
  if (!/^[\w/-]+$/.test(path) || path.endsWith(failing ?? '\0'))
    return { status: 400, body: { error: 'bad_request', message: 'bad path' } };
  if (method === 'POST') {
    stored.set(path, JSON.parse(await text(request)));
    return { status: 200, body: { data: { version: 1, created_time: '2026-01-01T00:00:00Z' }, lease_id: null } };
  }
  if (!stored.has(path)) return { status: 404, body: { error: 'not_found', message: 'no such secret' } };
  return {
    status: 200,
    body: { data: { data: stored.get(path), metadata: { version: 1, created_time: '' } }, lease_id: null },
  };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  env = {
    ZVAULT_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    ZVAULT_TOKEN: 'root-of-the-older-vault',
  };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  stored.clear();
  seen.length = 0;
  failing = undefined;
});

test('import stores below env/<project>, run reads it from there', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, '.env'), 'A=one\nB="two\nlines"\n');
  const imported = await zvault(['import', '--project', 'shop'], { cwd: folder.path, env });
  expect(imported.stderr).toContain('imported 2 secrets from .env into secret/env/shop');
  expect(imported.code).toBe(0);
  expect(Object.fromEntries(stored)).toEqual({
    'env/shop/A': { data: { value: 'one' } },
    'env/shop/B': { data: { value: 'two\nlines' } },
  });
  expect(readFileSync(join(folder.path, '.env.zvault'), 'utf8')).toContain('A=zvault://env/shop/A\n');
  // The token goes by one header to each kind of route.
  for (const { url, token, bearer } of seen) expect(token === undefined, url).toBe(bearer !== undefined);
  const file = join(folder.path, 'out.json');
  const ran = await zvault(['run', '--', ...dumpEnvironment(file)], { cwd: folder.path, env });
  expect(ran.stderr).toBe('');
  expect(readJson(file)).toMatchObject({ A: 'one', B: 'two\nlines' });
});

test('values that the MCP server of old stored are read too', async () => {
  using folder = temporaryFolder();
  stored.set('infra/redis', { redis: 'flat' });
  stored.set('infra/pair', { data: { user: 'u', password: 'p' } });
  writeFileSync(join(folder.path, '.env'), 'A=zvault://infra/redis\nB=zvault://kv/infra/pair#password\n');
  const file = join(folder.path, 'out.json');
  const ran = await zvault(['run', '--', ...dumpEnvironment(file)], { cwd: folder.path, env });
  expect(ran.stderr).toBe('');
  expect(readJson(file)).toMatchObject({ A: 'flat', B: 'p' });
});

test('a failure midway says how far it came, and leaves no references', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, '.env'), 'A=one\nB=two\nC=three\n');
  failing = '/B';
  const { code, stderr } = await zvault(['import', '--project', 'shop'], { cwd: folder.path, env });
  expect(code).toBe(6);
  expect(stderr).toMatch(/1 of 3 values are stored, then B failed.*PARTIAL/);
  expect(existsSync(join(folder.path, '.env.zvault'))).toBe(false);
  expect(existsSync(join(folder.path, '.env.backup'))).toBe(false);
});

test('the same against this server’s own KV engine, with its cloud routes out of the way', async () => {
  await using vault = await startVault();
  const proxy = createServer((request, response) => {
    if (request.url?.startsWith('/v1/cloud')) {
      response.writeHead(404, { 'content-length': 0 }).end();
      return;
    }
    const target = new URL(request.url ?? '/', vault.url);
    const { host: _host, ...headers } = request.headers;
    const onward = forward(target, { method: request.method ?? 'GET', headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : 0;
  using folder = temporaryFolder();
  const at = { cwd: folder.path, env: { ZVAULT_URL: `http://127.0.0.1:${port}`, ZVAULT_TOKEN: vault.rootToken } };
  writeFileSync(join(folder.path, '.env'), 'A=one\nB="two\nlines"\nC=\n');
  expect((await zvault(['import', '--project', 'shop'], at)).stderr).toContain('imported 3 secrets');
  const file = join(folder.path, 'out.json');
  const ran = await zvault(['run', '--', ...dumpEnvironment(file)], at);
  expect(ran.stderr).toBe('');
  expect(readJson(file)).toMatchObject({ A: 'one', B: 'two\nlines', C: '' });
  const own = { cwd: folder.path, env: { ZVAULT_URL: vault.url, ZVAULT_TOKEN: vault.rootToken } };
  expect((await zvault(['kv', 'get', 'env/shop/B', '--field', 'value'], own)).stdout).toBe('two\nlines');
  await new Promise((resolve) => proxy.close(resolve));
});

test('one missing reference runs nothing', async () => {
  using folder = temporaryFolder();
  stored.set('env/shop/A', { data: { value: 'one' } });
  writeFileSync(join(folder.path, '.env.zvault'), 'A=zvault://env/shop/A\nMISSING=zvault://env/shop/MISSING\n');
  const { code } = await zvault(['run', '--', 'touch', 'ran'], { cwd: folder.path, env });
  expect(code).toBe(4);
  expect(existsSync(join(folder.path, 'ran'))).toBe(false);
});
