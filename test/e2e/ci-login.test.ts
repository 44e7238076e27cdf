// Log-in with identity tokens from end to end: platforms that sign as theirs do, their jobs in the emulators, and the vault's own server,
// which finds the keys by discovery on loopback.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type TestServer,
  createTestKey,
  signToken,
  startTestServer,
} from '../../vault-core/src/server/identity/test-issuer.ts';
import { BitbucketStep } from '../support/bitbucket-step.ts';
import { CircleJob, expandOrb, readOrb } from '../support/circleci-job.ts';
import { GithubJob, type StepResult } from '../support/github-job.ts';
import { startIdTokenEndpoint } from '../support/id-token-endpoint.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const action = join(root, 'actions/setup');
const key = createTestKey('RS256', 'ci-1');

let issuer: TestServer;
let vault: EphemeralVault;
beforeAll(async () => {
  issuer = await startTestServer((request, response) => {
    const document = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [key.jwk] } : document));
  });
  vault = await startVault({ seed: { GREETING: 'hello-by-identity' } });
});
afterAll(async () => {
  await vault.stop();
  await issuer[Symbol.asyncDispose]();
});

let serial = 0;
/** A role of its own for each test, and the claims that it accepts. */
async function writeRole(preset: string, bound: Record<string, unknown>, audience: string): Promise<string> {
  const name = `${preset}-${(serial += 1)}`;
  const body = {
    preset,
    issuer: issuer.url,
    audience,
    bound_claims: bound,
    org: 'dev',
    project: 'app',
    environment: 'development',
  };
  await vault.client.request('PUT', `/v1/auth/jwt/role/${name}`, { body });
  return name;
}

function tokenWith(claims: Readonly<Record<string, unknown>>): string {
  const seconds = Math.floor(Date.now() / 1000);
  return signToken(key, {
    iss: issuer.url,
    iat: seconds,
    nbf: seconds - 60,
    exp: seconds + 300,
    jti: `job-${(serial += 1)}`,
    ...claims,
  });
}

/** 401 for a token that has ended. */
async function isAccepted(token: string): Promise<boolean> {
  const response = await fetch(`${vault.url}/v1/cloud/secrets?env=development`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return response.status === 200;
}

function errorsOf({ log }: StepResult): string[] {
  return log.split('\n').filter((line) => line.startsWith('##[error]'));
}

describe('GitHub', () => {
  const classic = {
    sub: 'repo:octo/app:ref:refs/heads/main',
    repository: 'octo/app',
    repository_id: '42',
    ref: 'refs/heads/main',
  };
  const bound = { repository_id: ['42'], ref: ['refs/heads/main'] };

  test.each([
    ['the form of sub with names', classic, { sub: 'repo:octo/app:*' }],
    [
      'the form with ids',
      { ...classic, sub: 'repo:octo@7/app@42:ref:refs/heads/main' },
      { sub: 'repo:octo@7/app@42:*' },
    ],
    ['ids as claims of their own', classic, bound],
  ])('%s: in, read, and out with the job', async (_, claims, binding) => {
    const role = await writeRole('github', binding, vault.url);
    await using platform = await startIdTokenEndpoint((aud) => tokenWith({ ...claims, aud }));
    await using job = new GithubJob({ env: platform.env, debug: true });
    const step = await job.uses(action, { url: vault.url, role, env: 'development' });
    expect(errorsOf(step)).toEqual([]);
    expect((await job.environment()).get('GREETING')).toBe('hello-by-identity');
    expect(Date.parse(step.outputs['expires-at'] ?? '')).toBeGreaterThan(Date.now());
    const token = readFileSync(step.outputs['vault-token-file'] ?? '', 'utf8');
    expect(await isAccepted(token)).toBe(true);
    expect((await job.finish())[0]?.code).toBe(0);
    expect(await isAccepted(token)).toBe(false);
    expect(job.log).not.toContain(token);
    expect(job.leftovers()).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another repository', { repository_id: '43' }],
    ['another branch', { ref: 'refs/heads/other' }],
    ['another audience', { aud: 'https://elsewhere.example' }],
    ['a token that has expired', { exp: Math.floor(Date.now() / 1000) - 120 }],
    [
      'a token of far in the future',
      { iat: Math.floor(Date.now() / 1000) + 3600, nbf: Math.floor(Date.now() / 1000) + 3600 },
    ],
  ])('refused: %s', async (_, changes) => {
    const role = await writeRole('github', bound, vault.url);
    await using platform = await startIdTokenEndpoint((aud) => tokenWith({ ...classic, aud, ...changes }));
    await using job = new GithubJob({ env: platform.env });
    const step = await job.uses(action, { url: vault.url, role, env: 'development' });
    expect(errorsOf(step)[0]).toMatch(/ZVCI-111/);
    expect(step.envFile).toBe('');
  });

  test('a clock that is 20 seconds apart is no matter; a role with another environment reads nothing', async () => {
    const role = await writeRole('github', bound, vault.url);
    const iat = Math.floor(Date.now() / 1000) + 20;
    await using platform = await startIdTokenEndpoint((aud) => tokenWith({ ...classic, aud, iat, nbf: iat }));
    await using job = new GithubJob({ env: platform.env });
    expect(errorsOf(await job.uses(action, { url: vault.url, role, env: 'development' }))).toEqual([]);
    expect(errorsOf(await job.uses(action, { url: vault.url, role, env: 'production', export: 'none' }))[0]).toMatch(
      /ZVCI-10[34].*"production"/,
    );
  });
});

describe('CircleCI', () => {
  const project = '11111111-2222-4333-8444-555555555555';
  const claims = {
    aud: 'org-id',
    'oidc.circleci.com/project-id': project,
    'oidc.circleci.com/vcs-origin': 'github.com/octo/app',
  };
  const bound = { 'oidc.circleci.com/project-id': [project], 'oidc.circleci.com/vcs-origin': ['github.com/octo/app'] };
  const orb = readOrb(readFileSync(join(root, 'orbs/secrets/orb.yml'), 'utf8'));
  const zvault = join(action, 'dist/zvault.cjs');

  test('the token of the job logs in once; the platform’s program gives a second one', async () => {
    const role = await writeRole('circleci', bound, 'org-id');
    const env = {
      ZVAULT_URL: vault.url,
      CIRCLE_OIDC_TOKEN_V2: tokenWith({ ...claims, sub: 'org/1/project/2/user/3' }),
    };
    const inject = expandOrb(orb, 'inject-secrets', { role, env: 'development' });
    using job = new CircleJob(zvault, env);
    const first = await job.steps(inject);
    expect(first.code, first.log).toBe(0);
    expect((await job.environment()).get('GREETING')).toBe('hello-by-identity');
    const again = await job.steps(inject);
    expect(again.code).toBe(3);
    expect(again.log).toMatch(/ZVCI-111[\s\S]*logged in before/);
    job.program(
      'circleci',
      `case "$*" in 'run oidc get --claims {"aud":"org-id"}') echo '${tokenWith({ ...claims, sub: 's' })}';; 'env subst '*) echo "$3";; *) exit 9;; esac`,
    );
    const second = await job.steps(inject);
    expect(second.code, second.log).toBe(0);
  });

  test('a build of a fork is refused', async () => {
    const role = await writeRole('circleci', bound, 'org-id');
    const jwt = tokenWith({ ...claims, 'oidc.circleci.com/vcs-origin': 'github.com/evil/app' });
    using job = new CircleJob(zvault, { ZVAULT_URL: vault.url, CIRCLE_OIDC_TOKEN_V2: jwt });
    const { code, log } = await job.steps(expandOrb(orb, 'inject-secrets', { role, env: 'development' }));
    expect(log).toMatch(/ZVCI-111/);
    expect(code).toBe(3);
  });
});

test('Bitbucket', async () => {
  const aud = 'ari:cloud:bitbucket::workspace/1';
  const role = await writeRole('bitbucket', { repositoryUuid: ['{1}'] }, aud);
  const jwt = tokenWith({ aud, sub: '{1}:{step}', repositoryUuid: '{1}', branchName: 'main' });
  using step = new BitbucketStep(root, 'pipes/inject-secrets', { BITBUCKET_STEP_OIDC_TOKEN: jwt });
  const { code, log } = await step.pipe({ ZVAULT_URL: vault.url, ZVAULT_ENV: 'development', ROLE: role });
  expect(code, log).toBe(0);
  expect((await step.script('dash', '. .zvault/load.sh; printf %s "$GREETING"')).stdout).toBe('hello-by-identity');
});
