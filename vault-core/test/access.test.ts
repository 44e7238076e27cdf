// Every route × every identity. What is expected is written by hand: a row for each identity, a column for each class of
// access. A cell that is not as written is a hole, or a door that is shut for who may pass.

import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createToken } from '../src/domain/token.ts';
import { createSession } from '../src/server/login/sessions.ts';
import type { VaultTokenRecord } from '../src/server/records.ts';
import { keys } from '../src/server/store/keys.ts';
import { base64url, signParts, signToken } from '../src/server/identity/test-issuer.ts';
import { routes } from '../src/wire/routes.ts';
import type { Call } from '../../test/support/http.ts';
import {
  type TestVault,
  type Workspace,
  audience,
  issuer,
  issuerKey,
  makeToken,
  makeWorkspace,
  otherIssuer,
  otherIssuerKey,
  startTestVault,
} from '../../test/support/vault.ts';
import { type AccessClass, cases } from './access-requests.ts';

type Columns = Readonly<Record<Exclude<AccessClass, 'open'>, number>>;

const ok = 200;
const all = (status: number): Columns => ({
  vault: status,
  self: status,
  'self-policy': status,
  'role-list': status,
  'role-viewer': status,
  'role-writer': status,
  'role-admin': status,
  anyone: status,
  person: status,
  viewer: status,
  developer: status,
  admin: status,
  read: status,
  write: status,
  'by-token': status,
});
const nobody = all(401);
/** A service token, by what it may do in the environment that is asked for. */
const service = (read: number, write: number): Columns => ({
  ...all(403),
  self: ok,
  'self-policy': ok,
  anyone: ok,
  read,
  write,
  'by-token': read,
});
/** A person. There is no environment without a project: 400 for the address that a token's project completes. */
const person = (viewer: number, developer: number, admin: number): Columns => ({
  vault: 401,
  self: 401,
  'self-policy': 401,
  'role-list': ok,
  'role-viewer': viewer,
  'role-writer': admin,
  'role-admin': admin,
  anyone: ok,
  person: ok,
  viewer,
  developer,
  admin,
  read: viewer,
  write: developer,
  'by-token': 400,
});

/** Somebody who belongs to another organisation, or to none. */
const outsider: Columns = { ...person(403, 403, 403), 'role-viewer': 404, 'role-admin': 404 };
/** A service token in the header of the vault API. */
const inEitherHeader: Columns = {
  ...nobody,
  self: ok,
  'self-policy': ok,
  'role-list': 403,
  'role-viewer': 403,
  'role-writer': 403,
  'role-admin': 403,
};
const ownToken = { vault: 403, self: ok, 'self-policy': ok } as const;
/** A token of the vault, by what its policies let it do. */
const vaultToken = (vault: number, own: number): Columns => ({ ...nobody, vault, self: ok, 'self-policy': own });

const expected = {
  none: nobody,
  'empty Bearer': nobody,
  'Basic credentials': nobody,
  'two tokens': nobody,
  'made-up text': nobody,
  'wrong checksum': nobody,
  'unknown service token': nobody,
  'unknown root token': nobody,
  'token of the vault kind': nobody,
  'service token in the other header': inEitherHeader,
  expired: nobody,
  revoked: nobody,
  'of a deleted project': nobody,
  'of a deleted environment': nobody,
  // Without a project in the address, theirs is meant.
  'other project': { ...service(403, 403), 'by-token': ok },
  'other organisation': { ...service(403, 403), 'by-token': ok },
  'other environment': service(403, 403),
  'read-only': service(ok, 403),
  'write-only': service(403, ok),
  'no permissions': service(403, 403),
  'read and write': service(ok, ok),
  'read and write, whole project': service(ok, ok),
  viewer: person(ok, 403, 403),
  developer: person(ok, ok, 403),
  admin: person(ok, ok, ok),
  'admin of another organisation': outsider,
  'pending member': outsider,
  'removed member': outsider,
  stranger: outsider,
  'the admin’s name from another issuer': outsider,
  // In the header that each route takes: a session is a token of the vault too, with the policy `default`.
  'session of the admin': { ...person(ok, ok, ok), ...ownToken },
  'session of the viewer': { ...person(ok, 403, 403), ...ownToken },
  'session of a stranger': { ...outsider, ...ownToken },
  'session that has expired': nobody,
  'session that was revoked': nobody,
  'session of an issuer that is gone': nobody,
  'JWT without algorithm': nobody,
  'JWT signed with the public key as secret': nobody,
  'JWT signed by another issuer’s key': nobody,
  'JWT with changed claims': nobody,
  'JWT without signature': nobody,
  'JWT for another audience': nobody,
  'JWT of an unknown issuer': nobody,
  'JWT that has expired': nobody,
  'JWT without an end': nobody,
  'JWT that brings its own key': nobody,
  'vault token that may do everything': vaultToken(ok, ok),
  'vault token with the policy default': vaultToken(403, ok),
  'vault token without policies': vaultToken(403, 403),
  'vault token that is denied everything': vaultToken(403, 403),
  'vault token that has expired': nobody,
  'vault token that was revoked': nobody,
  'vault token whose parent was revoked': nobody,
  root: { ...all(ok), 'by-token': 400 },
} as const satisfies Record<string, Columns>;
type Identity = keyof typeof expected;

let vault: TestVault;
let place: Workspace;
const tokens = {} as Record<Identity, string>;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault, 'acme', 'app');
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
  await makePeople();
  await makeServiceTokens();
  await makeVaultTokens();
  await makeSessions();
  makeForgedTokens();
  tokens.root = vault.rootToken;
});
afterAll(() => vault[Symbol.asyncDispose]());

async function makePeople(): Promise<void> {
  const members = `/v1/cloud/orgs/${place.org}/members`;
  for (const role of ['viewer', 'developer', 'admin'] as const) {
    await vault.root('POST', members, { email: `${role}@example.com`, role, user_id: role });
    tokens[role] = vault.jwt(role);
    // The first log-in binds the member to its issuer.
    await vault.call('GET', `/v1/cloud/orgs/${place.org}`, { token: tokens[role] });
  }
  await vault.root('POST', members, { email: 'pending@example.com', role: 'admin' });
  tokens['pending member'] = vault.jwt('pending', { email: 'pending@example.com' });
  await vault.root('POST', members, { email: 'removed@example.com', role: 'admin', user_id: 'removed' });
  tokens['removed member'] = vault.jwt('removed');
  await vault.call('GET', `/v1/cloud/orgs/${place.org}`, { token: tokens['removed member'] });
  await vault.root('DELETE', `${members}/removed`);
  tokens.stranger = vault.jwt('stranger', { email: 'admin@example.com', org_id: place.orgId, org_role: 'admin' });
  tokens['admin of another organisation'] = vault.jwt('other-admin');
  const other = { token: tokens['admin of another organisation'], body: { name: 'other', slug: 'other' } };
  expect((await vault.call('POST', '/v1/cloud/orgs', other)).status).toBe(200);
  const seconds = Math.floor(Date.now() / 1000);
  tokens['the admin’s name from another issuer'] = signToken(otherIssuerKey, {
    iss: otherIssuer,
    aud: audience,
    sub: 'admin',
    exp: seconds + 600,
  });
}

async function makeSessions(): Promise<void> {
  const { store, records, host } = vault.vault;
  const make = async (subject: string, change: Partial<VaultTokenRecord> = {}, from = issuer): Promise<string> => {
    const person = { issuer: from, subject, email: '', name: '' };
    const asked = { person, policies: ['default'], nowMs: vault.vault.host.now(), random: host.randomBytes };
    return store.transaction(async (transaction) => {
      const { token, record } = await createSession(transaction, records, asked);
      await records.write(transaction, keys.token(record.hash), { ...record, ...change });
      return token;
    });
  };
  tokens['session of the admin'] = await make('admin');
  tokens['session of the viewer'] = await make('viewer');
  tokens['session of a stranger'] = await make('stranger');
  tokens['session that has expired'] = await make('admin', { expires_at: vault.vault.host.now() - 1 });
  tokens['session that was revoked'] = await make('admin', { revoked_at: vault.vault.host.now() });
  tokens['session of an issuer that is gone'] = await make('admin', {}, 'https://gone.example.com');
}

async function makeServiceTokens(): Promise<void> {
  const both = ['read', 'write'];
  const here = { environment_id: place.environmentIds['development'] };
  tokens['read-only'] = await makeToken(vault, place.base, { ...here, permissions: ['read'] });
  tokens['write-only'] = await makeToken(vault, place.base, { ...here, permissions: ['write'] });
  tokens['no permissions'] = await makeToken(vault, place.base, { permissions: [] });
  tokens['read and write'] = await makeToken(vault, place.base, { ...here, permissions: both });
  tokens['read and write, whole project'] = await makeToken(vault, place.base, { permissions: both });
  tokens['service token in the other header'] = tokens['read and write'];
  const elsewhere = { environment_id: place.environmentIds['staging'], permissions: both };
  tokens['other environment'] = await makeToken(vault, place.base, elsewhere);
  await vault.root('POST', `/v1/cloud/orgs/${place.org}/projects`, { name: 'other', slug: 'other' });
  const otherBase = `/v1/cloud/orgs/${place.org}/projects/other`;
  tokens['other project'] = await makeToken(vault, otherBase, { permissions: both });
  const otherOrg = await makeWorkspace(vault, 'third', 'app');
  tokens['other organisation'] = await makeToken(vault, otherOrg.base, { permissions: both });

  const gone = await makeWorkspace(vault, 'fourth', 'app');
  tokens['of a deleted project'] = await makeToken(vault, gone.base, { permissions: both });
  await vault.root('DELETE', gone.base);
  await vault.root('POST', `${place.base}/environments`, { slug: 'short' });
  const inShort = { environment: 'short', ttl: '1h', permissions: both };
  tokens['of a deleted environment'] = await makeToken(vault, place.base, inShort);
  await vault.root('DELETE', `${place.base}/environments/short`);

  tokens.expired = await makeToken(vault, place.base, { ttl: '1m', permissions: both });
  // Used while it was valid, so that it is remembered.
  await vault.call('GET', '/v1/cloud/me', { token: tokens.expired });
  vault.clock.offsetMs += 61_000;
  const { token, plaintext_token } = await vault.root('POST', `${place.base}/tokens`, { name: 'r', permissions: both });
  tokens.revoked = plaintext_token;
  await vault.call('GET', `${place.env}/secrets/K`, { token: tokens.revoked });
  await vault.root('POST', `${place.base}/tokens/${token.id}/revoke`);
}

async function makeVaultTokens(): Promise<void> {
  const rules = [{ path: '**', capabilities: ['read', 'list', 'create', 'update', 'delete', 'sudo'] }];
  const writePolicy = async (name: string, more: object[]): Promise<void> => {
    const body = { rules: [...rules, ...more] };
    await vault.call('POST', `/v1/sys/policies/${name}`, { vaultToken: vault.rootToken, body });
  };
  const make = async (body: object, by = vault.rootToken): Promise<string> => {
    const { json } = await vault.call('POST', '/v1/auth/token/create', { vaultToken: by, body });
    return json.client_token as string;
  };
  const revoke = async (token: string): Promise<void> => {
    await vault.call('POST', '/v1/auth/token/revoke', { vaultToken: vault.rootToken, body: { token } });
  };
  await writePolicy('everything', []);
  await writePolicy('nothing', [{ path: '**', capabilities: ['deny'] }]);
  tokens['vault token that may do everything'] = await make({ policies: ['everything'] });
  tokens['vault token with the policy default'] = await make({});
  tokens['vault token without policies'] = await make({ policies: [] });
  tokens['vault token that is denied everything'] = await make({ policies: ['everything', 'nothing'] });
  tokens['vault token that has expired'] = await make({ policies: ['everything'], ttl: '1m' });
  await vault.call('GET', '/v1/sys/policies', { vaultToken: tokens['vault token that has expired'] });
  vault.clock.offsetMs += 61_000;
  tokens['vault token that was revoked'] = await make({ policies: ['everything'] });
  tokens['vault token whose parent was revoked'] = await make(
    { policies: ['everything'] },
    tokens['vault token that was revoked'],
  );
  for (const name of ['vault token that was revoked', 'vault token whose parent was revoked'] as const) {
    // Used while it was valid, so that it is remembered.
    const answer = await vault.call('GET', '/v1/sys/policies', { vaultToken: tokens[name] });
    expect(answer.status).toBe(ok);
  }
  await revoke(tokens['vault token that was revoked']);
}

function makeForgedTokens(): void {
  const service = createToken('service');
  tokens.none = '';
  tokens['empty Bearer'] = '';
  tokens['Basic credentials'] = Buffer.from(`root:${vault.rootToken}`).toString('base64');
  tokens['two tokens'] = `${vault.rootToken} ${vault.rootToken}`;
  tokens['made-up text'] = 'secret';
  tokens['wrong checksum'] = `${service.slice(0, -1)}${service.endsWith('0') ? '1' : '0'}`;
  tokens['unknown service token'] = service;
  tokens['unknown root token'] = createToken('root');
  tokens['token of the vault kind'] = createToken('vault');

  const seconds = Math.floor((Date.now() + vault.clock.offsetMs) / 1000);
  const claims = { iss: issuer, aud: audience, sub: 'admin', iat: seconds, exp: seconds + 600 };
  const good = signToken(issuerKey, claims);
  const [head = '', payload = '', signature = ''] = good.split('.');
  tokens['JWT without algorithm'] = `${base64url({ alg: 'none', typ: 'JWT' })}.${payload}.`;
  const hmacHead = base64url({ alg: 'HS256', typ: 'JWT', kid: 'test-1' });
  const secret = issuerKey.publicKey.export({ format: 'pem', type: 'spki' });
  const mac = createHmac('sha256', secret).update(`${hmacHead}.${payload}`).digest('base64url');
  tokens['JWT signed with the public key as secret'] = `${hmacHead}.${payload}.${mac}`;
  tokens['JWT signed by another issuer’s key'] = signToken(otherIssuerKey, claims, { kid: 'test-1' });
  tokens['JWT with changed claims'] = `${head}.${base64url({ ...claims, exp: seconds + 9999 })}.${signature}`;
  tokens['JWT without signature'] = `${head}.${payload}.`;
  tokens['JWT for another audience'] = signToken(issuerKey, { ...claims, aud: 'other' });
  tokens['JWT of an unknown issuer'] = signToken(issuerKey, { ...claims, iss: 'https://evil.example.com' });
  tokens['JWT that has expired'] = signToken(issuerKey, { ...claims, exp: seconds - 61 });
  tokens['JWT without an end'] = signToken(issuerKey, { ...claims, exp: undefined });
  const ownKey = { alg: 'EdDSA', typ: 'JWT', jwk: otherIssuerKey.jwk, jku: 'https://evil.example.com/jwks' };
  tokens['JWT that brings its own key'] = signParts(otherIssuerKey, ownKey, claims);
}

const inVaultHeader: readonly AccessClass[] = ['vault', 'self', 'self-policy'];

function present(identity: Identity, toVault: boolean): Call {
  const token = tokens[identity];
  const toOther = identity === 'service token in the other header';
  if (identity === 'none') return {};
  if (identity === 'empty Bearer') return { headers: { Authorization: 'Bearer ', 'X-Vault-Token': '' } };
  if (identity === 'Basic credentials') return { headers: { Authorization: `Basic ${token}` } };
  return toVault !== toOther ? { vaultToken: token } : { token };
}

test('the table names every route', () => {
  expect(Object.keys(cases).sort()).toEqual(routes.map(({ id }) => id).sort());
});

const identities = Object.keys(expected) as Identity[];

/** They end what the others need. */
const lastOnes = ['sys.seal', 'vault-tokens.revoke-self'];

test.each(routes.filter(({ id }) => !lastOnes.includes(id)))('$id: every identity', async ({ id }) => {
  const { access, prepare } = cases[id];
  const got: Record<string, number> = {};
  const want: Record<string, number> = {};
  for (const identity of identities) {
    const { method, path, body, form, status = ok } = await prepare(vault, place);
    const answer = await vault.call(method, path, {
      ...present(identity, inVaultHeader.includes(access)),
      body,
      form,
    });
    got[identity] = answer.status;
    const column = access === 'open' ? status : expected[identity][access];
    want[identity] = column === ok ? status : column;
    if (answer.status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
  }
  expect(got).toEqual(want);
});

test('a refused request changes nothing', async () => {
  const before = await vault.root('GET', `${place.env}/secrets?include=values`);
  for (const identity of identities) {
    if (expected[identity].write === ok) continue;
    const body = { value: 'intruder' };
    await vault.call('PUT', `${place.env}/secrets/K`, { ...present(identity, false), body });
    await vault.call('DELETE', `${place.env}/secrets/K`, present(identity, false));
  }
  expect(await vault.root('GET', `${place.env}/secrets?include=values`)).toEqual(before);
});

test('who may not call learns nothing of what would be valid', async () => {
  const token = tokens['read-only'];
  for (const raw of ['', '{', '[]', '{"value":1}', Buffer.from([0xff])]) {
    expect((await vault.call('PUT', `${place.env}/secrets/K`, { token, raw })).status).toBe(403);
    expect((await vault.call('PUT', `${place.env}/secrets/K`, { raw })).status).toBe(401);
  }
  expect((await vault.call('GET', `${place.base}/audit?limit=x`, { token })).status).toBe(403);
});

test('sealing takes a root token in its header; then every token route is 503 for everybody, but 409 where sealing is asked for', async () => {
  for (const identity of identities.filter((one) => expected[one].vault !== ok)) {
    const answer = await vault.call('POST', '/v1/sys/seal', present(identity, true));
    expect([identity, answer.status]).toEqual([identity, expected[identity].vault]);
  }
  expect((await vault.call('POST', '/v1/sys/seal', { token: vault.rootToken })).status).toBe(401);
  const prepared = [];
  for (const { id } of routes) prepared.push({ id, ...(await cases[id].prepare(vault, place)) });
  expect((await vault.call('POST', '/v1/sys/seal', { vaultToken: vault.rootToken })).status).toBe(204);
  for (const { id, method, path, body } of prepared) {
    const { access } = cases[id];
    if (access === 'open') continue;
    for (const identity of ['none', 'admin', 'read and write', 'root'] as const) {
      const answer = await vault.call(method, path, { ...present(identity, inVaultHeader.includes(access)), body });
      const [status, error] = id === 'sys.seal' ? [409, 'conflict'] : [503, 'sealed'];
      expect([id, identity, answer.status]).toEqual([id, identity, status]);
      if (method !== 'HEAD') expect(answer.json.error).toBe(error);
    }
  }
  expect((await vault.call('GET', '/health')).status).toBe(200);
  expect((await vault.call('GET', '/v1/sys/health')).status).toBe(503);
});
