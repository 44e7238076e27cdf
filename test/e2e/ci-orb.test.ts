// The packed orb, expanded and run in bash and dash, with the command that the action carries on PATH.

import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packOrb } from '../../orbs/secrets/pack.ts';
import { CircleJob, expandOrb, readOrb } from '../support/circleci-job.ts';
import { startFakeCiVault } from '../support/fake-ci-vault.ts';
import { hostileSecrets, withProto } from '../support/hostile-secrets.ts';
import { unsignedToken } from '../support/id-token-endpoint.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const zvault = join(root, 'actions/setup/dist/zvault.cjs');
const text = readFileSync(join(root, 'orbs/secrets/orb.yml'), 'utf8');
const orb = readOrb(text);
const canary = join(process.env['TMPDIR'] ?? '/tmp', `zvault-orb-canary-${process.pid}`);
const secrets = withProto(hostileSecrets(canary));

let vault: EphemeralVault;
let env: Record<string, string>;
beforeAll(async () => {
  vault = await startVault();
  await vault.client.batch(
    Array.from(secrets, ([key, value]) => ({ op: 'put' as const, key, value })),
    'staging',
  );
  await vault.client.set('GREETING', 'hello-from-the-vault', 'development');
  env = { ZVAULT_URL: vault.url, MY_TOKEN: vault.serviceToken };
});
afterAll(() => vault.stop());

const parameters = { token: 'MY_TOKEN', env: 'development' };

test('the committed orb is what the sources give, and holds no include', () => {
  expect(text, 'run npm run build, and commit orbs/secrets/orb.yml').toBe(packOrb());
  expect(text).not.toMatch(/include\(/);
});

test('scripts have at most 15 lines, and no parameter is pasted into one', () => {
  for (const name of readdirSync(join(root, 'orbs/secrets/src/scripts'))) {
    const script = readFileSync(join(root, 'orbs/secrets/src/scripts', name), 'utf8');
    expect(script.trimEnd().split('\n').length, name).toBeLessThanOrEqual(15);
    expect(script, name).not.toContain('<<');
  }
});

test('every parameter that is used is declared, and every one that is declared is used', () => {
  for (const section of ['commands', 'jobs'] as const) {
    for (const [name, command] of Object.entries(orb[section])) {
      const required = Object.entries(command.parameters ?? {}).filter(([, row]) => row.default === undefined);
      const given = Object.fromEntries(
        required.map(([parameter, { type }]) => [parameter, type === 'steps' ? [] : 'x']),
      );
      expect(() => expandOrb(orb, name, given, section), name).not.toThrow();
      const used = JSON.stringify([command.steps, section === 'jobs' ? command : '']);
      for (const parameter of Object.keys(command.parameters ?? {}))
        expect(used, `${name}: ${parameter}`).toContain(`parameters.${parameter} `);
    }
  }
  const broken = readOrb(text.replace('<< parameters.seed >>', '<< parameters.sede >>'));
  expect(() => expandOrb(broken, 'ephemeral-vault', {})).toThrow(/sede/);
});

describe.each(['bash', 'dash'] as const)('%s', (shell) => {
  test('inject-secrets: the next step has exactly what the vault has; nothing runs, nothing shows', async () => {
    using job = new CircleJob(zvault, env);
    const { code, log } = await job.steps(
      expandOrb(orb, 'inject-secrets', { token: 'MY_TOKEN', env: 'staging' }),
      shell,
    );
    expect(code, log).toBe(0);
    expect(log).toContain('mask');
    const environment = await job.environment(shell);
    for (const [key, value] of secrets) expect(environment.get(key), key).toBe(value);
    for (const value of secrets.values()) {
      for (const line of value.split(/[\r\n]+/).filter((one) => one.length >= 4))
        expect(log.includes(line)).toBe(false);
    }
    expect(log).not.toContain('::add-mask');
    expect(existsSync(canary)).toBe(false);
    expect(statSync(job.bashEnv).mode & 0o777).toBe(0o600);
    expect(readdirSync(job.temp)).toEqual([]);
  });

  test('a failure leaves no variable behind', async () => {
    using job = new CircleJob(zvault, env);
    for (const [given, code, expected] of [
      [{ keys: 'GREETING,NOT_THERE' }, 4, /ZVCI-140/],
      [{ env: 'nowhere' }, 4, /ZVCI-104/],
      [{ token: 'NO_SUCH_TOKEN' }, 3, /ZVCI-101/],
      [{ map: 'GREETING -> PATH' }, 2, /ZVCI-131/],
      [{ map: 'GREETING -> HOME' }, 2, /ZVCI-131/],
      [{ map: 'GREETING -> MY_TOKEN' }, 5, /ZVCI-132/],
    ] as const) {
      const result = await job.steps(expandOrb(orb, 'inject-secrets', { ...parameters, ...given }), shell);
      expect(result.log).toMatch(expected);
      expect(result.code).toBe(code);
      expect(existsSync(job.bashEnv) ? readFileSync(job.bashEnv, 'utf8') : '').toBe('');
    }
  });

  test('an existing BASH_ENV is kept, and closed to others', async () => {
    using job = new CircleJob(zvault, env);
    writeFileSync(job.bashEnv, 'export BEFORE=1\n', { mode: 0o644 });
    const steps = expandOrb(orb, 'inject-secrets', parameters);
    expect((await job.steps(steps, shell)).code).toBe(0);
    // The same again is no collision.
    expect((await job.steps(steps, shell)).code).toBe(0);
    const environment = await job.environment(shell);
    expect([environment.get('BEFORE'), environment.get('GREETING')]).toEqual(['1', 'hello-from-the-vault']);
    expect(statSync(job.bashEnv).mode & 0o777).toBe(0o600);
  });

  test('exec: the code of the command, its output redacted across writes, nothing left', async () => {
    using job = new CircleJob(zvault, env);
    const command =
      'printf %s "${GREETING%vault}"; sleep 0.2; printf "%s\\n" vault; echo "$GREETING" | base64; echo "${ZVAULT_CI_KEYS-none} ${ZVAULT_TOKEN-none}"; exit 42';
    const { code, log } = await job.steps(
      expandOrb(orb, 'exec', { ...parameters, command, shell: `${shell} -e` }),
      shell,
    );
    expect(code).toBe(42);
    expect(log).toContain('[redacted]\n');
    expect(log).toContain('none none');
    expect(log).not.toMatch(/hello-from|aGVsbG8t/);
    expect((await job.environment(shell)).has('GREETING')).toBe(false);
  });
});

test('the job: secrets for the steps that it is given', async () => {
  using job = new CircleJob(zvault, env);
  const steps = [{ run: { name: 'Deploy', command: 'printf %s "$GREETING" > greeting' } }];
  const { code, log } = await job.steps(expandOrb(orb, 'with-secrets', { ...parameters, steps }, 'jobs'));
  expect(code, log).toBe(0);
  expect(readFileSync(join(job.root, 'greeting'), 'utf8')).toBe('hello-from-the-vault');
});

test('write-file: for its owner alone', async () => {
  using job = new CircleJob(zvault, env);
  const steps = expandOrb(orb, 'write-file', { ...parameters, path: 'inner/secrets.json', format: 'json' });
  expect((await job.steps(steps)).code).toBe(0);
  const file = join(job.root, 'inner/secrets.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ GREETING: 'hello-from-the-vault' });
});

test('install: what is on PATH is used; nothing is downloaded without the right checksum', async () => {
  using there = new CircleJob(zvault);
  expect((await there.steps(expandOrb(orb, 'install', {}))).log).toMatch(/^\d+\.\d+\.\d+/);
  expect(expandOrb(orb, 'install', { enabled: false })).toEqual([]);
  using job = new CircleJob(zvault);
  // Only what the script needs, so that no zvault of this machine is found.
  const tools = (
    await job.run('for p in mkdir curl cut sha256sum tar ln rm sh touch; do dirname "$(command -v $p)"; done | sort -u')
  ).log.split('\n');
  const clean = { PATH: [...new Set(tools)].filter((one) => one !== '' && !existsSync(join(one, 'zvault'))).join(':') };
  const [step] = expandOrb(orb, 'install', { path: join(job.root, 'own') });
  const run = (sha256: string) =>
    job.run(`PATH='${join(job.root, 'stub')}:${clean.PATH}'; ${step!.command}`, {
      ...step!.environment,
      PARAM_SHA256: sha256,
    });
  await job.run(
    `mkdir -p stub package/bin && echo 'console.log("9.9.9")' > package/bin/zvault.cjs && tar -czf zvault.tgz package && printf '#!/bin/sh\\necho called >> %s/calls\\nwhile [ "$1" != -o ]; do shift; done\\ncp %s/zvault.tgz "$2"\\n' "$HOME" "$HOME" > stub/curl && chmod +x stub/curl`,
  );
  const none = await run('');
  expect(none).toMatchObject({ code: 7, log: expect.stringContaining('ZVCI-160') });
  expect(existsSync(join(job.root, 'calls'))).toBe(false);
  expect(await run('0'.repeat(64))).toMatchObject({ code: 7, log: expect.stringContaining('ZVCI-160') });
  expect(existsSync(join(job.root, 'own/bin'))).toBe(false);
  const digest = (await job.run('sha256sum zvault.tgz')).log.slice(0, 64);
  expect((await run(digest)).code).toBe(0);
  expect(readFileSync(job.bashEnv, 'utf8')).toContain(`${job.root}/own/bin`);
  expect(existsSync(join(job.root, 'own/bin/zvault'))).toBe(true);
});

test('ephemeral-vault: a vault for the steps that follow, whose token is in a file', async () => {
  using job = new CircleJob(zvault, { ZVAULT_TOKEN: 'zvt_of_something_else' });
  writeFileSync(join(job.root, 'seed.yaml'), 'GREETING: hello-from-the-seed\n');
  const { code, log } = await job.steps(expandOrb(orb, 'ephemeral-vault', { seed: 'seed.yaml' }));
  try {
    expect(code, log).toBe(0);
    const environment = await job.environment();
    expect(environment.get('ZVAULT_TOKEN')).toBe('');
    const file = environment.get('ZVAULT_TOKEN_FILE') ?? '';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(job.bashEnv, 'utf8') + job.log).not.toContain(readFileSync(file, 'utf8'));
    const used = await job.run('zvault run -- sh -c \'printf %s "$GREETING" > greeting\'');
    expect(used.code, used.log).toBe(0);
    expect(readFileSync(join(job.root, 'greeting'), 'utf8')).toBe('hello-from-the-seed');
    expect((await job.steps(expandOrb(orb, 'ephemeral-vault', { seed: 'none.yaml' }))).log).toMatch(
      /ZVCI-170.*none\.yaml/,
    );
  } finally {
    await job.run(
      `for p in /proc/[0-9]*; do if tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q "${zvault} dev" && [ "$(readlink $p/cwd)" = '${job.root}' ]; then kill "\${p#/proc/}"; fi; done`,
    );
  }
});

test('the log-in with the identity token of the job; another audience by the program of the platform', async () => {
  const jwt = unsignedToken({ aud: 'org', sub: 'org/1/project/2/user/3' });
  const own = unsignedToken({ aud: 'https://vault.test', sub: 'org/1/project/2/user/3' });
  const seen: string[] = [];
  await using fake = await startFakeCiVault({
    secrets: { A: 'value-by-identity' },
    token: 'zvt_minted_on_circleci',
    logIn: (role, given) => {
      seen.push(given);
      return role === 'deploy' ? 'zvt_minted_on_circleci' : undefined;
    },
  });
  using job = new CircleJob(zvault, { ZVAULT_URL: fake.url, CIRCLE_OIDC_TOKEN_V2: jwt });
  job.program(
    'circleci',
    `case "$*" in 'run oidc get --claims {"aud":"https://vault.test"}') echo '${own}';; 'env subst '*) echo "$3";; *) exit 9;; esac`,
  );
  const given = { role: 'deploy', env: 'prod' };
  expect((await job.steps(expandOrb(orb, 'inject-secrets', given))).code).toBe(0);
  expect((await job.steps(expandOrb(orb, 'inject-secrets', { ...given, audience: 'https://vault.test' }))).code).toBe(
    0,
  );
  expect(seen).toEqual([jwt, own]);
  expect((await job.environment()).get('A')).toBe('value-by-identity');
  // Its work is done with the read.
  expect(fake.lines.slice(0, 3)).toEqual([
    'POST /v1/auth/jwt/login',
    'GET /v1/cloud/secrets?env=prod',
    'POST /v1/auth/token/revoke-self',
  ]);
  for (const secret of [jwt, own, 'zvt_minted']) expect(job.log).not.toContain(secret);
});
