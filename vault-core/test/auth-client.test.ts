// The client's methods for policies, tokens and log-ins, against the server that they are for.

import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VaultClient, createClient } from '../src/client/index.ts';
import { Secret } from '../src/domain/secret.ts';
import { routes } from '../src/wire/routes.ts';
import { type TestVault, audience, issuer, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let root: VaultClient;
/** Routes that were called, by their templates. */
const called = new Set<string>();
const client = (token: string): VaultClient =>
  createClient({
    url: vault.url,
    token,
    env: {},
    maxRetries: 0,
    logger: ({ method, route }) => void called.add(`${method} ${route}`),
  });

beforeAll(async () => {
  vault = await startTestVault();
  root = client(vault.rootToken);
});
afterAll(async () => {
  await root[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

test('policies', async () => {
  const { policies } = root.auth;
  await policies.write('team', [{ path: 'secret/data/team/*', capabilities: ['READ'] }]);
  expect(await policies.list()).toEqual(['default', 'root', 'team']);
  expect(await policies.read('team')).toEqual({
    name: 'team',
    rules: [{ path: 'secret/data/team/*', capabilities: ['read'] }],
  });
  expect(await policies.test('secret/data/team/a', 'read')).toMatchObject({ allowed: true, policy: 'root' });
  await policies.delete('team');
  await expect(policies.read('team')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('tokens', async () => {
  const { tokens } = root.auth;
  const made = await tokens.create({ ttl: '1h', display_name: 'child' });
  expect(made).toMatchObject({ policies: ['default'], renewable: true, lease_duration: 3600 });
  expect(inspect(made)).not.toContain(made.token.expose());
  expect(await tokens.lookup(made.token)).toMatchObject({ display_name: 'child', type: 'vault' });
  expect(await tokens.renew(made.token, { increment: '2h' })).toMatchObject({ ttl: 7200 });
  await using child = client(made.token.expose());
  expect(await child.auth.tokens.lookup()).toMatchObject({ display_name: 'child' });
  expect(await child.auth.tokens.renew()).toMatchObject({ ttl: 3600 });
  await child.auth.tokens.revoke();
  const error: unknown = await tokens.lookup(made.token).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
  expect(inspect(error)).not.toContain(made.token.expose());
  await tokens.revoke(made.token);
});

test('AppRoles', async () => {
  const { appRoles } = root.auth;
  const roleId = await appRoles.write('web', { policies: ['default'], secret_id_num_uses: 1 });
  expect(await appRoles.list()).toEqual(['web']);
  expect(await appRoles.roleId('web')).toBe(roleId);
  expect(await appRoles.read('web')).toMatchObject({ name: 'web', role_id: roleId, policies: ['default'] });
  const secretId = await appRoles.createSecretId('web');
  const { token, ...facts } = await appRoles.login(roleId, secretId);
  expect(facts).toEqual({ policies: ['default'], ttl: 3600, renewable: true });
  expect(await root.auth.tokens.lookup(token)).toMatchObject({ display_name: 'approle-web' });
  const error: unknown = await appRoles.login(roleId, secretId).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
  expect(inspect(error)).not.toContain(secretId.expose());
  await appRoles.delete('web');
  expect(await appRoles.list()).toEqual([]);
});

test('JWT roles', async () => {
  await makeWorkspace(vault, 'acme', 'app');
  const { jwtRoles } = root.auth;
  const role = { issuer, audience, bound_claims: { sub: 'machine' }, project: 'app' };
  const written = await jwtRoles.write('ci', role);
  expect(written).toMatchObject({ id: 'ci', bound_claims: { sub: ['machine'] }, ttl: '15m' });
  expect(await jwtRoles.read('ci')).toEqual(written);
  expect(await jwtRoles.list()).toEqual([written]);
  const jwt = new Secret(vault.jwt('machine', { jti: 'once' }));
  const { token, ...session } = await root.auth.jwtRoles.login('ci', jwt);
  expect(session).toMatchObject({ project: 'app', permissions: ['read'], lease_duration: 900 });
  expect(session).not.toHaveProperty('client_token');
  await using job = client(token.expose());
  expect(await job.me()).toMatchObject({ auth_type: 'service_token', project_slug: 'app' });
  const error: unknown = await jwtRoles.login('ci', jwt).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('has logged in before') });
  expect(inspect(error)).not.toContain(jwt.expose());
  await jwtRoles.delete('ci');
});

test('every route of theirs has been called', () => {
  const ours = routes
    .filter(({ id }) => /^(policies|vault-tokens|app-roles|jwt)/.test(id) && id !== 'jwt-roles.write')
    .map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(ours.filter((route) => !called.has(route) && !called.has(route.replace(/[^/]+$/, '{}')))).toEqual([]);
});
