// Log-in with the identity tokens of CI platforms: tokens as each platform makes them, signed by test keys that are found by
// discovery, and everything that must be refused.

import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweep } from '../src/server/cloud/sweeper.ts';
import {
  type TestServer,
  base64url,
  createTestKey,
  signParts,
  signToken,
  startTestServer,
} from '../src/server/identity/test-issuer.ts';
import type { Answer } from '../../test/support/http.ts';
import {
  type TestVault,
  type Workspace,
  makeToken,
  makeWorkspace,
  startDiskVault,
  startTestVault,
  temporaryFolder,
} from '../../test/support/vault.ts';

const key = createTestKey('RS256', 'ci-1');
const nextKey = createTestKey('RS256', 'ci-2');
const strangersKey = createTestKey('RS256', 'ci-1');
const audience = 'https://vault.example.com';

let published = [key.jwk];
let vault: TestVault;
let place: Workspace;
let host: TestServer;
beforeAll(async () => {
  // One issuer at each path: /<name>/.well-known/openid-configuration, keys at /<name>/keys.
  host = await startTestServer((request, response) => {
    const [, name = '', ...rest] = (request.url ?? '').split('/');
    const issuer = `${host.url}/${name}`;
    const document = { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(rest.join('/') === 'keys' ? { keys: published } : document));
  });
  vault = await startTestVault({ loopbackIssuers: true });
  place = await makeWorkspace(vault, 'acme', 'app');
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const uuid = '11111111-2222-4333-8444-555555555555';
/** What each platform says of a job, and what a role binds of it. Synthetic, in the shapes of their documentation. */
const platforms = {
  github: {
    claims: {
      sub: 'repo:octo/app:ref:refs/heads/main',
      repository: 'octo/app',
      repository_id: '42',
      repository_owner: 'octo',
      repository_owner_id: '7',
      ref: 'refs/heads/main',
      ref_type: 'branch',
      event_name: 'push',
      workflow: 'ci',
      runner_environment: 'github-hosted',
    },
    bound: { repository_id: ['42'], ref: ['refs/heads/main', 'refs/heads/next'] },
    other: { repository_id: '43', repository: 'octo/other', sub: 'repo:octo/other:ref:refs/heads/main' },
  },
  gitlab: {
    claims: {
      sub: 'project_path:group/app:ref_type:branch:ref:main',
      project_id: '99',
      project_path: 'group/app',
      namespace_id: '5',
      ref: 'main',
      ref_type: 'branch',
      ref_protected: 'true',
      pipeline_source: 'push',
    },
    bound: { project_path: 'group/app', ref_protected: 'true' },
    other: { project_path: 'group/other', project_id: '100' },
  },
  circleci: {
    claims: {
      sub: `org/${uuid}/project/${uuid}/user/${uuid}`,
      'oidc.circleci.com/project-id': uuid,
      'oidc.circleci.com/context-ids': ['c1', 'c2'],
      'oidc.circleci.com/vcs-ref': 'refs/heads/main',
      'oidc.circleci.com/ssh-rerun': false,
    },
    bound: {
      'oidc.circleci.com/project-id': uuid,
      'oidc.circleci.com/context-ids': 'c2',
      'oidc.circleci.com/ssh-rerun': 'false',
    },
    other: { 'oidc.circleci.com/project-id': uuid.replace('1', '2') },
  },
  bitbucket: {
    claims: {
      sub: `{${uuid}}:{step}`,
      repositoryUuid: `{${uuid}}`,
      workspaceUuid: '{w}',
      branchName: 'main',
      pipelineUuid: '{p}',
      stepUuid: '{step}',
    },
    bound: { repositoryUuid: `{${uuid}}`, workspaceUuid: '{w}' },
    other: { repositoryUuid: '{other}' },
  },
  buildkite: {
    claims: {
      sub: 'organization:acme:pipeline:app:ref:refs/heads/main:commit:abc:step:build',
      organization_slug: 'acme',
      organization_id: uuid,
      pipeline_slug: 'app',
      pipeline_id: 'p-1',
      build_branch: 'main',
    },
    bound: { organization_id: [uuid], pipeline_slug: 'app*', build_branch: ['main'] },
    other: { organization_id: 'other' },
  },
} as const;
type Platform = keyof typeof platforms;
const platformNames = Object.keys(platforms) as Platform[];

const issuerOf = (name: string): string => `${host.url}/${name}`;
let serial = 0;
function claimsOf(name: Platform, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const seconds = Math.floor((Date.now() + vault.clock.offsetMs) / 1000);
  serial += 1;
  return {
    iss: issuerOf(name),
    aud: audience,
    iat: seconds,
    nbf: seconds - 600,
    exp: seconds + 300,
    jti: `job-${serial}`,
    ...platforms[name].claims,
    ...changes,
  };
}
const writeRole = (name: string, body: object, call: object = { token: vault.rootToken }): Promise<Answer> =>
  vault.call('PUT', `/v1/auth/jwt/role/${name}`, { ...call, body: { project: 'app', audience, ...body } });
async function role(name: Platform, changes: object = {}): Promise<string> {
  const roleName = `${name}-${(serial += 1)}`;
  const body = { preset: name, issuer: issuerOf(name), bound_claims: platforms[name].bound, org: 'acme', ...changes };
  const { status, text } = await writeRole(roleName, body);
  if (status !== 200) throw new Error(text);
  return roleName;
}
const login = (roleName: string, jwt: string): Promise<Answer> =>
  vault.call('POST', '/v1/auth/jwt/login', { body: { role: roleName, jwt } });

describe.each(platformNames)('%s', (name) => {
  test('a job of the repository gets a token that is limited as the role says', async () => {
    const roleName = await role(name, { environment: 'development', ttl: '10m' });
    const { status, json } = await login(roleName, signToken(key, claimsOf(name)));
    expect(status).toBe(200);
    expect(json).toEqual({
      client_token: expect.stringMatching(/^zvt_[0-9a-f]{40}$/),
      expires_at: expect.any(String),
      revoke: '/v1/auth/token/revoke-self',
      lease_duration: 600,
      org: 'acme',
      org_id: place.orgId,
      project: 'app',
      project_id: place.projectId,
      environment: 'development',
      environment_id: place.environmentIds['development'],
      permissions: ['read'],
    });
    const token: string = json.client_token;
    expect((await vault.call('GET', '/v1/cloud/secrets', { token })).json.secrets[0].value).toBe('v');
    expect((await vault.call('PUT', `${place.env}/secrets/K`, { token, body: { value: 'x' } })).status).toBe(403);
    expect((await vault.call('GET', `${place.base}/envs/staging/secrets`, { token })).status).toBe(403);
    expect((await vault.call('POST', json.revoke, { token })).status).toBe(204);
    expect((await vault.call('GET', '/v1/cloud/secrets', { token })).status).toBe(401);
  });

  test('forged, foreign and stale tokens are refused', async () => {
    const roleName = await role(name);
    const seconds = Math.floor((Date.now() + vault.clock.offsetMs) / 1000);
    const pem = key.publicKey.export({ format: 'pem', type: 'spki' });
    const hs256 = (secret: string | Buffer): string => {
      const text = `${base64url({ alg: 'HS256', typ: 'JWT', kid: 'ci-1' })}.${base64url(claimsOf(name))}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const [head = '', , signature = ''] = signToken(key, claimsOf(name)).split('.');
    const refused: Record<string, [jwt: string, says: string]> = {
      'another issuer': [signToken(key, claimsOf(name, { iss: issuerOf('other') })), 'issuer'],
      'no issuer': [signToken(key, claimsOf(name, { iss: undefined })), 'issuer'],
      'another audience': [signToken(key, claimsOf(name, { aud: 'https://other.example.com' })), 'audience'],
      'no audience': [signToken(key, claimsOf(name, { aud: undefined })), 'audience'],
      'no algorithm': [`${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claimsOf(name))}.`, 'algorithm'],
      'HS256 with the public key': [hs256(pem), 'algorithm'],
      'HS256 with the key’s modulus': [hs256(Buffer.from(String(key.jwk['n']), 'base64url')), 'algorithm'],
      'RS512 in the header': [signToken(key, claimsOf(name), { alg: 'RS512' }), 'algorithm'],
      'EdDSA in the header of an RSA key': [signToken(key, claimsOf(name), { alg: 'EdDSA' }), 'key'],
      'a stranger’s key under the same name': [signToken(strangersKey, claimsOf(name)), 'signature'],
      'a key that the token brings': [
        signParts(strangersKey, { alg: 'RS256', typ: 'JWT', jwk: strangersKey.jwk }, claimsOf(name)),
        'signature',
      ],
      'an unknown key': [signToken(nextKey, claimsOf(name)), 'key'],
      'changed claims': [`${head}.${base64url(claimsOf(name, { extra: 1 }))}.${signature}`, 'signature'],
      'no signature': [`${head}.${base64url(claimsOf(name))}.`, 'malformed'],
      expired: [signToken(key, claimsOf(name, { iat: seconds - 900, exp: seconds - 61 })), 'expired'],
      'no end': [signToken(key, claimsOf(name, { exp: undefined })), 'when it expires'],
      'not valid yet': [signToken(key, claimsOf(name, { nbf: seconds + 62 })), 'not valid yet'],
      'issued in the future': [signToken(key, claimsOf(name, { iat: seconds + 62 })), 'in the future'],
      'another repository': [signToken(key, claimsOf(name, platforms[name].other)), 'claim'],
      'no token': ['', 'malformed'],
    };
    for (const [what, [jwt, says]] of Object.entries(refused)) {
      const answer = await login(roleName, jwt);
      expect([what, answer.status, answer.json.error]).toEqual([what, 401, 'unauthorized']);
      expect([what, answer.json.message]).toEqual([what, expect.stringContaining(says)]);
      expect(answer.json.client_token).toBeUndefined();
    }
    // A minute of leeway, as CI platforms need it (their clocks, and the time that a token waits for its job).
    for (const clocksDiffer of [
      { iat: seconds + 55, nbf: seconds + 55 },
      { iat: seconds - 900, exp: seconds - 55 },
    ])
      expect((await login(roleName, signToken(key, claimsOf(name, clocksDiffer)))).status).toBe(200);
  });

  test('a token logs in once, also by another role; one that was refused is not used up', async () => {
    const [first, second] = [await role(name), await role(name)];
    const jwt = signToken(key, claimsOf(name));
    const strict = await role(name, { bound_claims: { ...platforms[name].bound, extra: 'x' } });
    expect((await login(strict, jwt)).status).toBe(401);
    expect((await login(first, jwt)).status).toBe(200);
    for (const again of [first, second]) {
      const answer = await login(again, jwt);
      expect([answer.status, answer.json.message]).toEqual([401, expect.stringContaining('has logged in before')]);
    }
  });
});

test('of twenty log-ins at once with one token, one succeeds', async () => {
  const roleName = await role('gitlab');
  const jwt = signToken(key, claimsOf('gitlab'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => login(roleName, jwt)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a token without jti logs in once too, however its signature is written', async () => {
  const roleName = await role('circleci');
  const jwt = signToken(key, claimsOf('circleci', { jti: undefined }));
  expect((await login(roleName, jwt)).status).toBe(200);
  expect((await login(roleName, jwt)).status).toBe(401);
  const other = signToken(key, claimsOf('circleci', { jti: undefined, extra: 1 }));
  expect((await login(roleName, other)).status).toBe(200);
});

test('that a token was used is known after a restart, and forgotten when it is over', async () => {
  using folder = temporaryFolder();
  const options = { loopbackIssuers: true };
  const body = { preset: 'gitlab', issuer: issuerOf('gitlab'), bound_claims: { project_id: '99' }, audience };
  const jwt = signToken(key, claimsOf('gitlab', { exp: Math.floor(Date.now() / 1000) + 300 }));
  let token = '';
  const attempt = async (disk: TestVault): Promise<number> => {
    const { status, json } = await disk.call('POST', '/v1/auth/jwt/login', { body: { role: 'r', jwt } });
    token = json.client_token ?? token;
    return status;
  };
  {
    await using disk = await startDiskVault(folder.path, options);
    await makeWorkspace(disk, 'acme', 'app');
    await disk.root('PUT', '/v1/auth/jwt/role/r', { ...body, project: 'app' });
    expect(await attempt(disk)).toBe(200);
  }
  for (const file of readdirSync(folder.path)) {
    const bytes = readFileSync(join(folder.path, file));
    for (const text of [jwt, token]) expect([file, bytes.includes(text)]).toEqual([file, false]);
  }
  await using disk = await startDiskVault(folder.path, options);
  expect(await attempt(disk)).toBe(401);
  const { store, records } = disk.vault;
  const marks = async (): Promise<number> => (await store.scan({ prefix: 'usedjwt/' })).length;
  await sweep(store, records, Date.now() + 360_000);
  expect(await marks()).toBe(1);
  await sweep(store, records, Date.now() + 3_600_000 + 86_400_000);
  expect(await marks()).toBe(0);
  expect((await store.scan({ prefix: 'projecttoken/' })).length).toBe(0);
});

test('both forms of a GitHub subject fit a role that names the repository; other ids don’t fit one with ids', async () => {
  const plain = await role('github', { bound_claims: { sub: ['repo:octo/app:ref:refs/heads/main'] } });
  const ids = await role('github', { bound_claims: { sub: 'repo:octo@7/app@42:ref:*' } });
  const jwt = (sub: string): string => signToken(key, claimsOf('github', { sub }));
  expect((await login(plain, jwt('repo:octo/app:ref:refs/heads/main'))).status).toBe(200);
  expect((await login(plain, jwt('repo:octo@7/app@42:ref:refs/heads/main'))).status).toBe(200);
  expect((await login(plain, jwt('repo:octo/app:ref:refs/heads/dev'))).status).toBe(401);
  expect((await login(plain, jwt('repo:octo/app2:ref:refs/heads/main'))).status).toBe(401);
  expect((await login(ids, jwt('repo:octo@7/app@42:ref:refs/heads/main'))).status).toBe(200);
  expect((await login(ids, jwt('repo:octo@8/app@42:ref:refs/heads/main'))).status).toBe(401);
  expect((await login(ids, jwt('repo:octo/app:ref:refs/heads/main'))).status).toBe(401);
});

test('a new key of the issuer is found with the first token that it signed', async () => {
  const roleName = await role('github', { issuer: issuerOf('rotating') });
  const claims = (): object => claimsOf('github', { iss: issuerOf('rotating') });
  expect((await login(roleName, signToken(key, claims()))).status).toBe(200);
  published = [nextKey.jwk];
  try {
    expect((await login(roleName, signToken(nextKey, claims()))).status).toBe(200);
    expect((await login(roleName, signToken(key, claims()))).status).toBe(401);
  } finally {
    published = [key.jwk];
  }
});

test('tokens with unknown keys don’t make the server ask its issuer again and again', async () => {
  const roleName = await role('github', { issuer: issuerOf('flooded') });
  const claims = (): object => claimsOf('github', { iss: issuerOf('flooded') });
  for (let attempt = 0; attempt < 20; attempt += 1) {
    expect((await login(roleName, signToken(nextKey, claims(), { kid: `k${attempt}` }))).status).toBe(401);
  }
  expect(host.requests.filter((path) => path === '/flooded/keys').length).toBeLessThanOrEqual(4);
  // And an issuer that no role names is never asked.
  await login(roleName, signToken(key, claimsOf('github', { iss: issuerOf('unnamed') })));
  expect(host.requests.some((path) => path.startsWith('/unnamed'))).toBe(false);
});

test('an issuer that is away: 503, and nothing is used up', async () => {
  const roleName = await role('gitlab', { issuer: 'http://127.0.0.1:1/gone' });
  const answer = await login(roleName, signToken(key, claimsOf('gitlab', { iss: 'http://127.0.0.1:1/gone' })));
  expect([answer.status, answer.json.error]).toEqual([503, 'unavailable']);
});

test('roles: written, read, listed, deleted', async () => {
  const body = {
    preset: 'github',
    bound_claims: { repository: 'octo/app', ref: ['b', 'a'] },
    project: place.projectId,
  };
  const { json } = await writeRole('ci', body);
  expect(json).toEqual({
    id: 'ci',
    name: 'ci',
    preset: 'github',
    issuer: 'https://token.actions.githubusercontent.com',
    audience,
    bound_claims: { ref: ['b', 'a'], repository: ['octo/app'] },
    org: 'acme',
    org_id: place.orgId,
    project: 'app',
    project_id: place.projectId,
    environment: null,
    environment_id: null,
    permissions: ['read'],
    ttl: '15m',
    created_at: expect.any(String),
    updated_at: expect.any(String),
  });
  const call = { vaultToken: vault.rootToken };
  expect((await vault.call('GET', '/v1/auth/jwt/role/ci', call)).json).toEqual(json);
  const listed = (await vault.call('GET', '/v1/auth/jwt/role', call)).json;
  expect(listed.keys).toContain('ci');
  expect(listed.roles).toContainEqual(json);
  const changed = await vault.call('POST', '/v1/auth/jwt/role/ci', {
    ...call,
    body: { ...body, audience, org: 'acme', environment: 'staging', permissions: ['write', 'read', 'read'], ttl: '1h' },
  });
  expect(changed.json).toMatchObject({ environment: 'staging', permissions: ['write', 'read'], ttl: '1h' });
  expect(changed.json.created_at).toBe(json.created_at);
  expect((await vault.call('DELETE', '/v1/auth/jwt/role/ci', call)).status).toBe(204);
  for (const method of ['GET', 'DELETE']) {
    expect((await vault.call(method, '/v1/auth/jwt/role/ci', call)).status).toBe(404);
  }
});

const good = { preset: 'github', bound_claims: { repository_id: '1' } } as const;
test.each([
  ['neither preset nor issuer', { bound_claims: { sub: 'a' } }, 400, 'give a "preset"'],
  ['a preset without its issuer', { ...good, preset: 'circleci' }, 400, 'needs an "issuer"'],
  ['no claim of the repository', { ...good, bound_claims: { ref: 'main' } }, 400, 'repository_id'],
  ['no claims', { ...good, bound_claims: {} }, 400, 'whose jobs'],
  [
    'a platform’s issuer without preset, bound by a subject of everybody',
    { issuer: 'https://token.actions.githubusercontent.com', bound_claims: { sub: 'repo:*' } },
    400,
    'repository_id',
  ],
  ['a * in a longer list', { ...good, bound_claims: { repository: ['o/r', 'o/*'] } }, 400, 'stands alone'],
  ['http elsewhere', { ...good, issuer: 'http://ci.example.com' }, 400, 'https'],
  ['an issuer with a query', { ...good, issuer: 'https://ci.example.com/?a' }, 400, 'query'],
  ['an issuer that is no URL', { ...good, issuer: 'ci' }, 400, 'https'],
  ['no audience', { ...good, audience: ' ' }, 400, 'audience'],
  ['a long life', { ...good, ttl: '25h' }, 400, '24h'],
  ['a malformed duration', { ...good, ttl: '1x' }, 400, 'duration'],
  ['no permissions', { ...good, permissions: [] }, 400, 'permissions'],
  ['unknown permissions', { ...good, permissions: ['admin'] }, 422, 'permissions'],
  ['an unknown preset', { ...good, preset: 'jenkins' }, 422, 'preset'],
  ['an unknown environment', { ...good, environment: 'nowhere' }, 404, 'environment'],
  ['an unknown project', { ...good, project: 'nowhere' }, 404, 'project'],
])('a role is refused: %s', async (_, body, status, says) => {
  const answer = await writeRole('refused', { org: 'acme', ...body });
  expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(says)]);
  const read = await vault.call('GET', '/v1/auth/jwt/role/refused', { token: vault.rootToken });
  expect(read.status).toBe(404);
});

test('a role belongs to its organisation: others can neither see nor take it', async () => {
  const other = await makeWorkspace(vault, 'other-org', 'else');
  for (const [org, user] of [
    ['acme', 'anna'],
    ['other-org', 'otto'],
  ]) {
    const body = { email: `${user}@example.com`, role: 'admin', user_id: user };
    await vault.root('POST', `/v1/cloud/orgs/${org}/members`, body);
  }
  const anna = { vaultToken: vault.jwt('anna') };
  const otto = { token: vault.jwt('otto') };
  expect((await writeRole('annas', { ...good, org: 'acme' }, anna)).status).toBe(200);
  expect((await writeRole('annas', { ...good, project: 'else' }, otto)).status).toBe(403);
  expect((await writeRole('ottos', { ...good, project: place.projectId }, otto)).status).toBe(404);
  expect((await writeRole('ottos', { ...good, org: 'acme' }, otto)).status).toBe(403);
  expect((await writeRole('ottos', { ...good, org: 'other-org', project: place.projectId }, otto)).status).toBe(404);
  for (const method of ['GET', 'DELETE']) {
    expect((await vault.call(method, '/v1/auth/jwt/role/annas', otto)).status).toBe(404);
  }
  expect((await vault.call('GET', '/v1/auth/jwt/role', otto)).json).toEqual({ keys: [], roles: [] });
  const service = { token: await makeToken(vault, other.base, { permissions: ['read', 'write'] }) };
  expect((await writeRole('services', { ...good, project: 'else' }, service)).status).toBe(403);
});

test('a role whose project or environment is gone lets nobody in', async () => {
  await vault.root('POST', `${place.base}/environments`, { slug: 'short' });
  const roleName = await role('github', { environment: 'short' });
  await vault.root('DELETE', `${place.base}/environments/short`);
  const answer = await login(roleName, signToken(key, claimsOf('github')));
  expect([answer.status, answer.json.message]).toEqual([401, expect.stringContaining('deleted')]);
});

test('a plain http issuer is for a vault for development only', async () => {
  await using strict = await startTestVault();
  const { project } = await makeWorkspace(strict);
  const body = { ...good, issuer: host.url, audience, project };
  const answer = await strict.call('PUT', '/v1/auth/jwt/role/r', { token: strict.rootToken, body });
  expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('https')]);
});

test('an issuer that the server is set up with is verified by the keys given there', async () => {
  const roleName = `fixed-${(serial += 1)}`;
  const body = { issuer: 'https://issuer.example.com', bound_claims: { sub: 'machine' }, org: 'acme' };
  expect((await writeRole(roleName, body)).status).toBe(200);
  expect((await login(roleName, vault.jwt('machine', { aud: audience }))).status).toBe(200);
  expect((await login(roleName, vault.jwt('machine'))).status).toBe(401);
  expect((await login(roleName, vault.jwt('other', { aud: audience }))).status).toBe(401);
});

test('the audit says who logged in, and why somebody could not; no token is in it, nor in an answer', async () => {
  await using own = await startTestVault({ loopbackIssuers: true });
  await makeWorkspace(own, 'acme', 'app');
  const { bound } = platforms.github;
  const body = { issuer: issuerOf('github'), preset: 'github', bound_claims: bound, audience, project: 'app' };
  await own.root('PUT', '/v1/auth/jwt/role/r', body);
  const attempt = (jwt: string): Promise<Answer> =>
    own.call('POST', '/v1/auth/jwt/login', { body: { role: 'r', jwt } });
  const seconds = Math.floor(Date.now() / 1000);
  const claims = (changes: object): object =>
    claimsOf('github', { iat: seconds, nbf: 0, exp: seconds + 300, ...changes });
  const jwt = signToken(key, claims({ canary: 'canary-claim' }));
  const other = signToken(key, claims({ ...platforms.github.other, repository_id: 'canary-id' }));
  const made = await attempt(jwt);
  const texts = [await attempt(jwt), await attempt(other), await attempt(`${jwt}x`), await attempt('canary-text')];
  const { json } = await own.call('GET', '/v1/sys/audit-log?limit=5', { vaultToken: own.rootToken });
  const lines = json.entries.map(({ action, request, response, scope }: any) => [
    action,
    response.status_code,
    scope.resource,
    request.data.reason ?? request.data.subject,
  ]);
  expect(lines).toEqual([
    ['jwt.login', 401, 'r', 'not three parts'],
    ['jwt.login', 401, 'r', 'signature not base64url'],
    ['jwt.login', 401, 'r', 'claim repository_id'],
    ['jwt.login', 401, 'r', 'replay'],
    ['jwt.login', 200, 'r', 'repo:octo/app:ref:refs/heads/main'],
  ]);
  expect(json.entries[4].scope).toMatchObject({ org_id: expect.any(String), project_id: expect.any(String) });
  const everything = JSON.stringify(json) + texts.map(({ text }) => text).join('');
  for (const secret of [jwt, made.json.client_token, 'canary-', jwt.split('.')[2] ?? '']) {
    expect(everything).not.toContain(secret);
  }
});
