// The audit of a server with a file: every request is in it before its answer, no value ever is, and nothing is done that
// can't be recorded.

import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditLine } from '../src/server/audit/record.ts';
import { routes } from '../src/wire/routes.ts';
import { auditLines, logProblems } from '../../test/support/audit-file.ts';
import {
  type TestVault,
  type Workspace,
  makeToken,
  makeWorkspace,
  startDiskVault,
  temporaryFolder,
} from '../../test/support/vault.ts';
import { cases } from './access-requests.ts';

const folder = temporaryFolder();
const file = join(folder.path, 'vault.db.audit.log');
let vault: TestVault;
let place: Workspace;

beforeAll(async () => {
  vault = await startDiskVault(folder.path);
  place = await makeWorkspace(vault);
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const lines = (path = file): AuditLine[] => auditLines(path);
const last = (): AuditLine | undefined => lines().at(-1);

const problems = (...paths: string[]): Promise<string[]> => logProblems(vault.vault.audit, ...paths);

const shape = [
  'id',
  'timestamp',
  'request',
  'response',
  'auth',
  'actor',
  'action',
  'scope',
  'user_agent',
  'chain',
  'seq',
  'mac',
];

test('every route leaves one record before its answer, except those that are exempt', async () => {
  // A vault of its own: some routes take away the ways in that others need.
  using other = temporaryFolder();
  await using own = await startDiskVault(other.path);
  const ownPlace = await makeWorkspace(own);
  const ownLines = (): AuditLine[] => lines(join(other.path, 'vault.db.audit.log'));
  const exempt = ['health.get', 'sys.health', 'sys.seal-status', 'metrics.get', 'sys.metrics', 'openapi.get'];
  for (const { id, access: needs } of routes) {
    // They would end the vault, and the token that the others use.
    if (id === 'sys.seal' || id === 'vault-tokens.revoke-self') continue;
    const { access, prepare } = cases[id];
    const { method, path, body } = await prepare(own, ownPlace);
    const before = ownLines().length;
    const { rootToken: token } = own;
    const answer = await own.call(
      method,
      path,
      needs.identity === 'vault' ? { vaultToken: token, body } : { token, body },
    );
    const added = ownLines().slice(before);
    // Who asks for the key gets a log that is signed up to there.
    if (id === 'sys.audit-key') expect(added.shift()?.action).toBe('server.checkpoint');
    expect([id, added.map(({ action }) => action)]).toEqual([id, exempt.includes(id) ? [] : [id]]);
    const [line] = added;
    if (!line) continue;
    expect(line.response.status_code).toBe(answer.status);
    expect(line.request.path).toBe(path.split('?')[0]);
    expect(line.request.remote_addr).toBe('127.0.0.1');
    if (access !== 'open') expect(line.actor.type).toBe('root');
  }
});

test('refusals are recorded too, with their codes', async () => {
  const refusals = [
    { call: ['GET', '/nowhere', {}], action: 'unrouted', status: 404, error: null },
    { call: ['PATCH', '/v1/cloud/me', {}], action: 'unrouted', status: 405, error: 'method_not_allowed' },
    { call: ['GET', '/v1/cloud/me', {}], action: 'me.get', status: 401, error: 'unauthorized' },
    { call: ['GET', '/v1/cloud/me', { headers: { Host: 'evil' } }], action: 'me.get', status: 403, error: 'forbidden' },
    { call: ['GET', `${place.env}/secrets/%ff`, {}], action: 'unrouted', status: 400, error: 'bad_request' },
    { call: ['PUT', `${place.env}/secrets/K`, { raw: '{' }], action: 'secrets.put', status: 400, error: 'bad_request' },
    {
      call: ['PUT', `${place.env}/secrets/K`, { body: {} }],
      action: 'secrets.put',
      status: 422,
      error: 'unprocessable',
    },
    { call: ['GET', `${place.env}/secrets/NO`, {}], action: 'secrets.get', status: 404, error: 'not_found' },
    {
      call: ['PUT', `${place.env}/secrets/K`, { body: { value: 'x', cas: 99 } }],
      action: 'secrets.put',
      status: 409,
      error: 'conflict',
    },
  ] as const;
  for (const { call, action, status, error } of refusals) {
    const [method, path, more] = call;
    const token = status === 401 ? undefined : vault.rootToken;
    const answer = await vault.call(method, path, { token, ...more });
    expect(answer.status).toBe(status);
    expect(last()).toMatchObject({ action, response: { status_code: status, error } });
  }
});

test('who is refused is named, if he is known', async () => {
  const token = await makeToken(vault, place.base, { permissions: ['read'] });
  const me = (await vault.call('GET', '/v1/cloud/me', { token })).json;
  for (const [method, path, status] of [
    ['PUT', `${place.env}/secrets/K`, 403],
    ['GET', '/v1/cloud/orgs', 403],
    ['GET', `${place.base}/envs/nowhere/secrets`, 404],
  ] as const) {
    expect(
      (await vault.call(method, path, { token, body: method === 'PUT' ? { value: 'x' } : undefined })).status,
    ).toBe(status);
    expect(last()).toMatchObject({
      response: { status_code: status },
      actor: { type: 'service_token', id: me.user_id },
    });
  }
  expect((await vault.call('GET', '/v1/sys/audit-log', { vaultToken: token })).status).toBe(403);
  expect(last()).toMatchObject({ actor: { type: 'service_token', id: me.user_id } });
});

test('who did what to which object', async () => {
  const token = await makeToken(vault, place.base, { environment: 'development', ttl: '1h', permissions: ['write'] });
  const me = (await vault.call('GET', '/v1/cloud/me', { token })).json;
  await vault.call('PUT', `${place.env}/secrets/WHO%2FX`, {
    token,
    body: { value: 'v' },
    headers: { 'User-Agent': 'tester/1' },
  });
  expect(last()).toMatchObject({
    request: { operation: 'update', path: `${place.env}/secrets/WHO%2FX`, data: { version: 1 } },
    response: { status_code: 200, error: null },
    auth: { token_id: me.user_id, policies: [], metadata: {} },
    actor: { type: 'service_token', id: me.user_id, issuer: null, token_id: me.user_id, via: 'api' },
    scope: { org_id: place.orgId, project_id: place.projectId, environment: 'development', resource: 'WHO/X' },
    user_agent: 'tester/1',
  });
});

test('every line has the contract’s shape, and the chain holds', async () => {
  await vault.vault.audit.flush();
  for (const line of lines()) {
    expect(Object.keys(line).filter((name) => name !== 'signature')).toEqual(shape);
    expect(Object.keys(line.request)).toEqual(['operation', 'path', 'data', 'remote_addr']);
    expect(Object.keys(line.response)).toEqual(['status_code', 'error']);
    expect(Object.keys(line.auth)).toEqual(['token_id', 'policies', 'metadata']);
    expect(line.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  expect(await problems(file)).toEqual([]);
});

test('a changed, removed, moved, doubled, added and cut-off line is found', async () => {
  await vault.vault.audit.flush();
  const all = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const at = all.length - 5;
  const forged = join(folder.path, 'forged.log');
  const [line = '', next = ''] = all.slice(at);
  const variants = {
    changed: all.with(at, line.replace('"status_code":', '"status_code":9')),
    'a MAC changed': all.with(at, line.replace(/"mac":"[0-9a-f]{4}/, '"mac":"0000')),
    removed: all.toSpliced(at, 1),
    swapped: all.with(at, next).with(at + 1, line),
    repeated: all.toSpliced(at, 0, line),
    added: all.toSpliced(at, 0, 'hello'),
    'cut off': all.slice(0, -3),
    'without its beginning': all.slice(3),
  };
  writeFileSync(forged, `${all.join('\n')}\n`);
  expect(await problems(forged)).toEqual([]);
  for (const [name, changed] of Object.entries(variants)) {
    writeFileSync(forged, `${changed.join('\n')}\n`);
    expect([name, await problems(forged)]).not.toEqual([name, []]);
  }
});

test('values never come into it, whatever is done with them', async () => {
  const canary = 'CANARY-7f3a';
  const token = await makeToken(vault, place.base, { permissions: ['read', 'write'] });
  const secret = `${place.env}/secrets/CANARY`;
  await vault.call('PUT', secret, { token, body: { value: canary, comment: `${canary}-comment` } });
  await vault.call('PUT', secret, { token, body: { value: `${canary}2`, cas: 77 } });
  await vault.call('PUT', secret, { token, raw: `{"value":"${canary}"` });
  await vault.call('PUT', secret, { token, raw: `{"value":["${canary}"]}` });
  await vault.call('POST', `${secret}/rollback`, { token, body: { version: 1 } });
  await vault.call('POST', `${place.env}/batch`, {
    token,
    body: { operations: [{ op: 'put', key: 'X', value: canary }] },
  });
  await vault.call('PUT', `${place.base}/secrets`, { token, body: { key: 'Y', value: canary, env: 'staging' } });
  await vault.call('GET', `${place.env}/secrets?include=values`, { token });
  await vault.call('POST', '/v1/sys/unseal', { body: { share: canary } });
  await vault.call('POST', '/v1/sys/init', { body: { shares: 2, threshold: 2, passphrase: canary } });
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain(canary);
  expect(text).not.toContain(token);
  expect(text).not.toContain(vault.rootToken);
  expect(vault.warnings.join('\n')).not.toContain(canary);
  const written = lines().filter(({ scope, action }) => scope.resource === 'CANARY' && action === 'secrets.put');
  expect(written[0]?.request.data).toMatchObject({ version: 1, value_hmac: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('equal values have equal HMACs, over a restart too', async () => {
  const hmac = async (from: TestVault, value: string): Promise<unknown> => {
    await from.root('PUT', `${place.env}/secrets/HMAC`, { value });
    return last()?.request.data?.['value_hmac'];
  };
  const first = await hmac(vault, 'same');
  expect(await hmac(vault, 'other')).not.toBe(first);
  await vault.server.close();
  vault = await startDiskVault(folder.path);
  expect(await hmac(vault, 'same')).toBe(first);
});

test('a line end in a path or header can’t forge a line', async () => {
  const before = lines().length;
  await vault.call('GET', `${place.env}/secrets/a%0A%7B%22x%22%3A1%7D`, { token: vault.rootToken });
  await vault.call('GET', '/v1/cloud/me', { token: vault.rootToken, headers: { 'User-Agent': '","mac":"x"}\\n{' } });
  expect(lines().length).toBe(before + 2);
});

test('a renamed file is noticed, and the new one says so', async () => {
  const old = `${file}.1`;
  renameSync(file, old);
  await vault.root('GET', '/v1/cloud/me');
  const fresh = lines();
  expect(fresh.map(({ action }) => action)).toContain('server.rotate');
  const seqs = [...lines(old), ...fresh].filter(({ chain }) => chain === fresh[0]?.chain).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect(await problems(old, file)).toEqual([]);
  // The new one alone says where it begins; the old one alone lacks the rest.
  expect(await problems(file)).toEqual([]);
  expect(await problems(old)).toEqual([expect.stringContaining('are cut off')]);
});

test.each([
  { name: 'a full disk', block: () => symlinkSync('/dev/full', file) },
  { name: 'a folder in its place', block: () => mkdirSync(file) },
])('without its audit the server does nothing: $name', async ({ block }) => {
  await vault.root('PUT', `${place.env}/secrets/CLOSED`, { value: 'before' });
  const { token, plaintext_token: plain } = await vault.root('POST', `${place.base}/tokens`, { name: 't' });
  renameSync(file, `${file}.aside`);
  block();
  try {
    const tries: [string, string, unknown][] = [
      ['GET', `${place.env}/secrets/CLOSED`, undefined],
      ['GET', '/v1/cloud/me', undefined],
      ['PUT', `${place.env}/secrets/CLOSED`, { value: 'after' }],
      ['DELETE', `${place.env}/secrets/CLOSED`, undefined],
      ['POST', `${place.env}/batch`, { operations: [{ op: 'put', key: 'CLOSED', value: 'after' }] }],
      ['POST', `${place.base}/tokens/${token.id}/revoke`, undefined],
      ['POST', '/v1/cloud/orgs', { name: 'closed', slug: 'closed' }],
    ];
    for (const [method, path, body] of tries) {
      const answer = await vault.call(method, path, { token: vault.rootToken, body });
      expect([method, path, answer.status, answer.json.error]).toEqual([method, path, 503, 'audit_unavailable']);
      expect(answer.text).not.toContain('before');
    }
    const events = await vault.call('HEAD', `${place.env}/events`, { token: vault.rootToken });
    expect(events.status).toBe(503);
    expect((await vault.call('POST', '/v1/sys/seal', { vaultToken: vault.rootToken })).status).toBe(503);
    expect((await vault.call('GET', '/health')).status).toBe(200);
  } finally {
    rmSync(file, { recursive: true });
    renameSync(`${file}.aside`, file);
  }
  expect((await vault.root('GET', `${place.env}/secrets/CLOSED`)).secret).toMatchObject({
    value: 'before',
    version: expect.any(Number),
  });
  expect((await vault.call('GET', '/v1/cloud/me', { token: plain })).status).toBe(200);
  expect((await vault.call('GET', '/v1/cloud/orgs/closed', { token: vault.rootToken })).status).toBe(404);
  await vault.vault.audit.flush();
  expect(await problems(file)).toEqual([]);
});
