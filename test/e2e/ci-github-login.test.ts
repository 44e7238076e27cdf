// The log-in of the action with an identity token, and what the post step does with the token that it got.

import { existsSync, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type FakeCiVault, startFakeCiVault } from '../support/fake-ci-vault.ts';
import { GithubJob, type StepResult } from '../support/github-job.ts';
import { requestToken, startIdTokenEndpoint, unsignedToken } from '../support/id-token-endpoint.ts';

const action = fileURLToPath(new URL('../../actions/setup', import.meta.url));
const minted = 'zvt_minted_for_this_very_job';
const claims = { sub: 'repo:acme/app:ref:refs/heads/main', repository_id: '1', ref: 'refs/heads/main', iat: 1 };
const jwt = (aud: string | null): string => unsignedToken({ ...claims, aud });

function startVault(options: Parameters<typeof startFakeCiVault>[0] = {}): Promise<FakeCiVault> {
  return startFakeCiVault({ secrets: { A: 'value-by-identity' }, token: minted, logIn: () => minted, ...options });
}

function errorsOf({ log }: StepResult): string[] {
  return log.split('\n').filter((line) => line.startsWith('##[error]'));
}

test('a role is enough; the token is revoked once, in the post step', async () => {
  await using vault = await startVault();
  await using platform = await startIdTokenEndpoint(jwt);
  await using job = new GithubJob({ env: platform.env, debug: true });
  const step = await job.uses(action, { url: vault.url, role: 'deploy', env: 'prod' });
  expect(errorsOf(step)).toEqual([]);
  expect((await job.environment()).get('A')).toBe('value-by-identity');
  expect(platform.audiences).toEqual([vault.url]);
  expect(JSON.parse(vault.requests[0]?.body ?? '')).toEqual({ role: 'deploy', jwt: jwt(vault.url) });
  expect(step.outputs['expires-at']).toBe('2026-11-22T12:00:00Z');
  const file = step.outputs['vault-token-file'] ?? '';
  expect(readFileSync(file, 'utf8')).toBe(minted);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(vault.revoked).toEqual([]);
  const [post] = await job.finish();
  expect(post?.code).toBe(0);
  expect(vault.lines).toEqual([
    'POST /v1/auth/jwt/login',
    'GET /v1/cloud/secrets?env=prod',
    'POST /v1/auth/token/revoke-self',
  ]);
  expect(vault.revoked).toEqual([minted]);
  expect(existsSync(file)).toBe(false);
  for (const secret of [minted, jwt(vault.url), requestToken]) expect(job.log).not.toContain(secret);
});

test('revoked also when the main step failed after the log-in; not when it is asked to stay', async () => {
  for (const [inputs, revoked] of [
    [{ keys: 'NOT_THERE' }, [minted]],
    [{ revoke: 'false' }, []],
  ] as const) {
    await using vault = await startVault();
    await using platform = await startIdTokenEndpoint(jwt);
    await using job = new GithubJob({ env: platform.env });
    await job.uses(action, { url: vault.url, role: 'deploy', env: 'prod', ...inputs });
    await job.finish();
    expect(vault.revoked).toEqual(revoked);
    expect(job.leftovers()).toEqual([]);
  }
});

test('the token is revoked where it is from, also when later steps use another vault', async () => {
  await using vault = await startVault();
  await using platform = await startIdTokenEndpoint(jwt);
  await using job = new GithubJob({ env: { ...platform.env, ZVAULT_URL: vault.url } });
  expect(errorsOf(await job.uses(action, { role: 'deploy', env: 'prod', cleanup: 'no' }))).toEqual([]);
  expect(errorsOf(await job.uses(action, { ephemeral: 'true' }))).toEqual([]);
  const posts = await job.finish();
  expect(posts.map(({ log }) => /warning|error/.exec(log)?.[0])).toEqual([undefined, undefined]);
  expect(vault.revoked).toEqual([minted]);
  // What is kept is what was asked for: the folder of the first.
  expect(job.leftovers()).toHaveLength(1);
});

test('a revocation that fails is a warning', async () => {
  await using vault = await startVault({
    fault: ({ line }) => (line.includes('revoke') ? (response) => void response.writeHead(500).end() : undefined),
  });
  await using platform = await startIdTokenEndpoint(jwt);
  await using job = new GithubJob({ env: platform.env });
  await job.uses(action, { url: vault.url, role: 'deploy', env: 'prod', retries: '0' });
  const [post] = await job.finish();
  expect(post?.code).toBe(0);
  expect(post?.log).toMatch(/##\[warning\]the token of this job was not revoked/);
  expect(job.leftovers()).toEqual([]);
});

test('auto: with a token and a role, the identity token comes first where the job has one', async () => {
  await using vault = await startVault();
  await using platform = await startIdTokenEndpoint(jwt);
  await using fork = new GithubJob();
  expect((await fork.uses(action, { url: vault.url, token: minted, role: 'deploy', env: 'p' })).code).toBe(0);
  expect(vault.lines).toEqual(['GET /v1/cloud/secrets?env=p']);
  await using branch = new GithubJob({ env: platform.env });
  expect((await branch.uses(action, { url: vault.url, token: minted, role: 'deploy', env: 'p' })).code).toBe(0);
  expect(vault.lines).toContain('POST /v1/auth/jwt/login');
});

describe('what goes wrong', () => {
  test('the job may not ask', async () => {
    await using vault = await startVault();
    await using job = new GithubJob();
    const step = await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' });
    expect(errorsOf(step)[0]).toMatch(/ZVCI-110/);
    expect(step.log).toMatch(/id-token: write/);
    expect(vault.lines).toEqual([]);
  });

  test('the role refuses: the names of the claims are told, no claim', async () => {
    await using vault = await startVault({ logIn: () => undefined });
    await using platform = await startIdTokenEndpoint(jwt);
    await using job = new GithubJob({ env: platform.env });
    const step = await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' });
    expect(errorsOf(step)[0]).toMatch(/ZVCI-111.*"deploy"/);
    expect(step.log).toMatch(/aud, iat, ref, repository_id, sub/);
    expect(step.log).not.toContain('acme/app');
  });

  test('a vault whose clock is behind gets a second, fresh token', async () => {
    let made = 0;
    await using vault = await startVault({ logIn: (_role, _jwt, attempt) => (attempt === 1 ? undefined : minted) });
    await using platform = await startIdTokenEndpoint((aud) => unsignedToken({ ...claims, aud, jti: (made += 1) }));
    await using job = new GithubJob({ env: platform.env });
    expect((await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' })).code).toBe(0);
    expect(new Set(vault.requests.slice(0, 2).map(({ body }) => body)).size).toBe(2);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['500', (response) => void response.writeHead(500).end()],
    ['429', (response) => void response.writeHead(429, { 'retry-after': '1' }).end()],
    ['a reset', (response) => void response.destroy()],
    ['silence', () => {}],
  ])('the platform answers with %s once', async (_, fault) => {
    await using vault = await startVault();
    await using platform = await startIdTokenEndpoint(jwt, (count) => (count === 1 ? fault : undefined));
    await using job = new GithubJob({ env: platform.env });
    const started = performance.now();
    const step = await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' });
    expect(errorsOf(step)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(9000);
    expect(platform.requests()).toBe(2);
  });

  test('the platform fails for good', async () => {
    await using vault = await startVault();
    await using platform = await startIdTokenEndpoint(
      jwt,
      () => (response) => void response.writeHead(500).end('some body'),
    );
    await using job = new GithubJob({ env: platform.env });
    const step = await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' });
    expect(errorsOf(step)[0]).toMatch(/ZVCI-112.*5 attempts/);
    expect(step.log).not.toMatch(/some body/);
  });

  test('a vault without this log-in', async () => {
    await using vault = await startVault({ fault: () => (response) => void response.writeHead(404).end() });
    await using platform = await startIdTokenEndpoint(jwt);
    await using job = new GithubJob({ env: platform.env });
    expect(errorsOf(await job.uses(action, { url: vault.url, role: 'deploy', env: 'p' }))[0]).toMatch(/ZVCI-123/);
  });
});
