// policy, token and approle, as people and scripts use them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@zvault/core/client';
import { Secret } from '@zvault/core/domain';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestKey, signToken, startTestServer } from '../../vault-core/src/server/identity/test-issuer.ts';
import { type Result, ended, start, temporaryFolder, until, zvault } from './support.ts';

let vault: EphemeralVault;
const folder = temporaryFolder();
beforeAll(async () => {
  vault = await startVault();
});
afterAll(async () => {
  folder[Symbol.dispose]();
  await vault.stop();
});

function run(words: string, options: { input?: string; token?: string } = {}): Promise<Result> {
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: options.token ?? vault.rootToken };
  return zvault(words.split(' '), { cwd: folder.path, env, input: options.input ?? '' });
}
async function printed(words: string, options: { input?: string; token?: string } = {}): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  expect([words, code, stderr]).toEqual([words, 0, expect.any(String)]);
  return stdout.trim();
}

const rules = [
  { path: 'sys/policies', capabilities: ['list', 'READ'] },
  { path: 'auth/token/*', capabilities: ['read', 'update'] },
  { path: 'sys/mounts', capabilities: ['deny'] },
];

test('policies: from a file or stdin, read back, tested, deleted', async () => {
  writeFileSync(join(folder.path, 'team.json'), JSON.stringify({ rules }));
  const written = await run('policy write team team.json');
  expect([written.code, written.stdout, written.stderr]).toEqual([
    0,
    '',
    'zvault: wrote the policy team with 3 rules\n',
  ]);
  expect(JSON.parse(await printed('policy read team --json')).rules[0].capabilities).toEqual(['list', 'read']);
  expect(await printed('policy read team')).toContain('sys/mounts\tdeny');
  await printed('policy write again -', { input: await printed('policy read team --json') });
  await printed('policy write once', { input: JSON.stringify(rules) });
  expect((await printed('policy list')).split('\n')).toEqual(['again', 'default', 'once', 'root', 'team']);
  await printed('policy delete once');
  expect((await run('policy read once')).code).toBe(4);
});

test('policy test: the rule that decides, and the code', async () => {
  const token = await printed('token create --policies team');
  const allowed = await run('policy test sys/policies list', { token });
  expect([allowed.code, allowed.stdout]).toEqual([0, 'allowed by the policy team: sys/policies (list, read)\n']);
  const denied = await run('policy test sys/mounts Read', { token });
  expect([denied.code, denied.stdout]).toEqual([3, 'denied by the policy team: sys/mounts (deny)\n']);
  const nothing = await run('policy test a/b read --json', { token });
  expect([nothing.code, JSON.parse(nothing.stdout)]).toEqual([3, { allowed: false, policy: null, rule: null }]);
  expect((await run('policy test a write', { token })).code).toBe(2);
});

test.each([
  ['policy write bad', '{', 'stdin: it is not JSON'],
  ['policy write bad', '{}', 'it has no "rules"'],
  ['policy write bad', '[{"path": "a"}]', 'rule 1 has no list of "capabilities"'],
  ['policy write bad', '[{"path": "a{", "capabilities": ["read"]}]', 'rule 1: the path pattern has a { without its }'],
  ['policy write bad', '[{"path": "a", "capabilities": ["write"]}]', 'rule 1: unknown capability'],
  ['approle create-role bad --policies root', '', 'can’t give the policy root'],
])('refused: %s < %s', async (words, input, says) => {
  const { code, stderr } = await run(words, { input });
  expect(code).not.toBe(0);
  expect(stderr).toContain(says);
});

test('tokens: created, looked up, renewed, revoked', async () => {
  const token = await printed('token create --policies team,default --ttl 1h --max-ttl 3h --name job');
  expect(token).toMatch(/^zvv_[0-9a-f]{40}$/);
  expect(await printed('token lookup', { token })).toContain('name\tjob\n');
  expect(JSON.parse(await printed('token lookup --json --stdin', { input: `${token}\n` }))).toMatchObject({
    policies: ['team', 'default'],
    ttl: expect.closeTo(3600, -2),
  });
  expect(JSON.parse(await printed('token renew --increment 2h --json', { token }))).toMatchObject({ ttl: 7200 });
  await printed('token renew --stdin', { input: token });
  const child = JSON.parse(await printed('token create --no-renewable --json'));
  expect(child).toEqual({
    token: expect.any(String),
    policies: ['default'],
    renewable: false,
    lease_duration: null,
    id: expect.any(String),
  });
  await printed('token revoke', { input: child.token });
  expect((await run('token lookup', { token: child.token })).code).toBe(3);
  await printed('token revoke --self', { token });
  expect((await run('token lookup', { token })).code).toBe(3);
  expect((await run('token revoke')).code).toBe(2);
});

test('approle: from a role to a token', async () => {
  const roleId = await printed(
    'approle create-role web --policies default --token-ttl 10m --token-max-ttl 1h --secret-id-uses 2 --secret-id-ttl 1d',
  );
  expect(await printed('approle role-id web')).toBe(roleId);
  expect(await printed('approle list-roles')).toBe('web');
  expect(JSON.parse(await printed('approle read-role web --json'))).toMatchObject({
    role_id: roleId,
    token_ttl_secs: 600,
    secret_id_num_uses: 2,
    secret_id_ttl_secs: 86_400,
  });
  const secretId = await printed('approle secret-id web');
  const login = `approle login --role-id ${roleId}`;
  const token = await printed(login, { input: `${secretId}\n`, token: '' });
  expect(await printed('token lookup', { token })).toContain('name\tapprole-web\n');
  expect(JSON.parse(await printed(`${login} --json`, { input: secretId, token: '' }))).toMatchObject({ ttl: 600 });
  const usedUp = await run(login, { input: secretId, token: '' });
  expect(usedUp.code).toBe(3);
  expect(usedUp.stderr).not.toContain(secretId);
  await printed('approle delete-role web');
  expect((await run('approle read-role web')).code).toBe(4);
});

test('jwt-role: written from a file or stdin, listed, read back, deleted', async () => {
  const role = { preset: 'github', audience: 'here', bound_claims: { repository: 'octo/*' }, project: 'app' };
  writeFileSync(join(folder.path, 'role.json'), JSON.stringify(role));
  const written = await run('jwt-role write ci role.json');
  expect([written.code, written.stdout, written.stderr]).toEqual([0, '', 'zvault: wrote the role ci: read in app/*\n']);
  expect(await printed('jwt-role list')).toBe('ci\tgithub\tdev/app/*\tread\t15m');
  const text = await printed('jwt-role read ci');
  expect(JSON.parse(text)).toMatchObject({ ...role, bound_claims: { repository: ['octo/*'] }, org: 'dev' });
  await printed('jwt-role write again --project app', { input: text });
  const { project: _, ...placeless } = role;
  await printed('jwt-role write third --org dev --project app', { input: JSON.stringify(placeless) });
  for (const [input, says] of [
    ['[]', 'it is not an object'],
    ['{', 'it is not JSON'],
    [JSON.stringify({ ...role, bound_claims: { ref: 'main' } }), 'whose jobs may log in'],
    [JSON.stringify({ ...role, audience: undefined }), 'audience'],
  ] as const) {
    const { code, stderr } = await run('jwt-role write bad', { input });
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  }
  await printed('jwt-role delete ci');
  expect((await run('jwt-role read ci')).code).toBe(4);
});

test('no token and no secret id is taken from the arguments, or shown', async () => {
  const token = 'zvv_canary';
  for (const words of [
    `token lookup ${token}`,
    `token renew ${token}`,
    `token revoke ${token}`,
    `token lookup --token ${token}`,
    `approle login --role-id x --secret-id ${token}`,
  ]) {
    const { code, stdout, stderr } = await run(words);
    expect([words, code]).toEqual([words, 2]);
    expect(stdout + stderr).not.toContain(token);
    expect(stderr).toContain('hint: ');
  }
  for (const words of ['token lookup --stdin', 'token renew --stdin']) {
    const { code, stdout, stderr } = await run(words, { input: token });
    expect([words, code]).toEqual([words, 3]);
    expect(stdout + stderr).not.toContain('canary');
  }
});

test('zvault dev takes identity tokens of an issuer on loopback, found by discovery', async () => {
  const key = createTestKey('RS256', 'k');
  await using issuer = await startTestServer((request, response) => {
    const document = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [key.jwk] } : document));
  });
  const child = start(['dev', '--json'], { cwd: folder.path });
  const end = ended(child);
  try {
    const [line] = await until(child, /^\{.*\}$/m, 'stdout');
    const { ZVAULT_URL: url, ZVAULT_TOKEN: token } = JSON.parse(line ?? '') as Record<string, string>;
    await using client = createClient({ url, token, env: {} });
    await client.auth.jwtRoles.write('ci', {
      preset: 'github',
      issuer: issuer.url,
      audience: 'here',
      bound_claims: { repository: 'octo/app' },
      project: 'app',
    });
    const exp = Math.floor(Date.now() / 1000) + 300;
    const claims = { iss: issuer.url, aud: 'here', sub: 'repo:octo/app:ref:x', repository: 'octo/app', jti: '1', exp };
    const session = await client.auth.jwtRoles.login('ci', new Secret(signToken(key, claims)));
    expect(session).toMatchObject({ project: 'app', permissions: ['read'] });
  } finally {
    child.kill();
    await end;
  }
});
