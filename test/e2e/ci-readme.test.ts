// The README's examples for CI, run as they stand, each by its platform's emulator.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BitbucketStep } from '../support/bitbucket-step.ts';
import { CircleJob, expandOrb, readOrb } from '../support/circleci-job.ts';
import { GithubJob } from '../support/github-job.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const zvault = join(root, 'actions/setup/dist/zvault.cjs');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const value = 'value-of-a-readme-secret';
const deploy = '#!/bin/sh\n[ "$DEPLOY_KEY" = value-of-a-readme-secret ] && echo "deployed with $DEPLOY_KEY"\n';

function example(name: string): string {
  const found = new RegExp(`<!-- test: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (found === undefined) throw new Error(`the README has no example "${name}"`);
  expect(found.trimEnd().split('\n').length).toBeLessThanOrEqual(5);
  return found;
}

let vault: EphemeralVault;
let secretsOfJob: Record<string, string>;
beforeAll(async () => {
  vault = await startVault({ seed: { projects: { app: { production: { DEPLOY_KEY: value } } } } });
  secretsOfJob = { ZVAULT_TOKEN: vault.serviceToken, ZVAULT_URL: vault.url };
});
afterAll(() => vault.stop());

test('GitHub', async () => {
  await using job = new GithubJob({ env: { ZVAULT_URL: vault.url } });
  writeFileSync(join(job.workspace, 'deploy'), deploy, { mode: 0o755 });
  const steps = parse(
    example('github').replaceAll(/\$\{\{ secrets\.(\w+) \}\}/g, (_, name: string) => secretsOfJob[name] ?? ''),
  ) as {
    uses?: string;
    with?: Record<string, string>;
    run?: string;
  }[];
  for (const step of steps) {
    expect(step.uses ?? 'zvault/setup-action@v1').toBe('zvault/setup-action@v1');
    const { code } =
      step.run === undefined ? await job.uses(join(root, 'actions/setup'), step.with) : await job.run(step.run);
    expect(code, job.log).toBe(0);
  }
  expect(job.log).toContain('deployed with ***');
});

test('CircleCI', async () => {
  const orb = readOrb(readFileSync(join(root, 'orbs/secrets/orb.yml'), 'utf8'));
  using job = new CircleJob(zvault, secretsOfJob);
  writeFileSync(join(job.root, 'deploy'), deploy, { mode: 0o755 });
  for (const step of parse(example('circleci')) as Record<string, Record<string, unknown>>[]) {
    const [name = '', parameters = {}] = Object.entries(step)[0] ?? [];
    const { code, log } = await job.steps(expandOrb(orb, name.replace('zvault/', ''), parameters));
    expect(code, log).toBe(0);
  }
  expect((await job.environment()).get('DEPLOY_KEY')).toBe(value);
  expect(job.log).toContain('deployed with [redacted]');
});

test('Bitbucket', async () => {
  using step = new BitbucketStep(root, 'pipes/inject-secrets');
  writeFileSync(join(step.clone, 'deploy'), deploy, { mode: 0o755 });
  const [pipe, ...script] = parse(example('bitbucket')) as [{ variables: Record<string, string> }, ...string[]];
  const variables = Object.entries(pipe.variables).map(([name, text]) => [
    name,
    secretsOfJob[text.replace(/^\$/, '')] ?? text,
  ]);
  const { code, log } = await step.pipe(Object.fromEntries(variables) as Record<string, string>);
  expect(code, log).toBe(0);
  expect((await step.script('bash', script.join('\n'))).stdout).toContain('deployed');
});

test('anywhere else', async () => {
  using job = new CircleJob(zvault, secretsOfJob);
  writeFileSync(join(job.root, 'deploy'), deploy, { mode: 0o755 });
  expect(await job.run(example('ci'))).toEqual({ code: 0, log: 'deployed with [redacted]\n' });
});
