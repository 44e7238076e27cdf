// Who may import whom (docs/architecture.md). Reads every import of every source file.

import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Places that a file can be in; the first prefix that fits counts. */
const places = [
  ['vault-core/src/domain/', 'domain'],
  ['vault-core/src/wire/', 'wire'],
  ['vault-core/src/client/', 'client'],
  ['vault-core/src/server/', 'server'],
  ['vault-core/src/resources/', 'resources'],
  ['vault-core/src/ci/', 'ci'],
  ['vault-core/src/testing/', 'testing'],
  ['vault-core/src/index.ts', 'core'],
  ['migrate/', 'migrate'],
  ['scan/', 'scan'],
  ['cli/', 'cli'],
  ['actions/', 'actions'],
  ['orbs/', 'orbs'],
  ['pipes/', 'pipes'],
  ['pulumi-provider/', 'pulumi-provider'],
  ['terraform-shim/', 'terraform-shim'],
] as const;

type Place = (typeof places)[number][1];

const everyCore: readonly Place[] = ['core', 'domain', 'client', 'resources', 'ci', 'testing', 'server'];
const allowed: Readonly<Record<Place, readonly Place[]>> = {
  domain: [],
  wire: ['domain'],
  client: ['domain', 'wire'],
  server: ['domain', 'wire'],
  resources: ['domain', 'wire', 'client'],
  ci: ['domain', 'wire', 'client'],
  testing: ['domain', 'wire', 'client', 'server'],
  core: ['domain', 'client'],
  migrate: ['core', 'domain', 'client'],
  // The engine stands alone; only with --vault its entry loads the client.
  scan: ['domain', 'client'],
  cli: [...everyCore, 'migrate', 'scan'],
  actions: [...everyCore, 'scan'],
  orbs: [],
  pipes: [],
  'pulumi-provider': everyCore,
  'terraform-shim': everyCore,
};

const packages: Readonly<Record<string, Place>> = {
  '@zvault/core': 'core',
  '@zvault/core/domain': 'domain',
  '@zvault/core/client': 'client',
  '@zvault/core/server': 'server',
  '@zvault/core/testing': 'testing',
  '@zvault/core/resources': 'resources',
  '@zvault/core/ci': 'ci',
  '@zvault/migrate': 'migrate',
  '@zvault/scan': 'scan',
};

interface Import {
  readonly file: string;
  readonly from: Place;
  readonly specifier: string;
  readonly to: Place | 'node' | 'package' | 'outside';
}

function placeOf(path: string): Place | undefined {
  return places.find(([prefix]) => path.startsWith(prefix))?.[1];
}

async function imports(): Promise<Import[]> {
  const found: Import[] = [];
  for await (const file of glob('*/{src,*/src}/**/*.ts', {
    cwd: root,
    exclude: (name) => /node_modules|dist/.test(name),
  })) {
    if (file.endsWith('.test.ts') || file.endsWith('.generated.ts')) continue;
    const from = placeOf(file);
    if (!from) continue;
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const [, specifier = ''] of text.matchAll(
      /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"]([^'"\n]+)['"]/g,
    )) {
      found.push({ file, from, specifier, to: target(file, specifier) });
    }
  }
  return found;
}

function target(file: string, specifier: string): Import['to'] {
  if (specifier.startsWith('node:')) return 'node';
  if (specifier.startsWith('.')) return placeOf(relative(root, join(root, dirname(file), specifier))) ?? 'outside';
  return packages[specifier] ?? 'package';
}

test('imports point downwards only', async () => {
  const found = await imports();
  expect(found.length).toBeGreaterThan(100);
  const wrong = found.filter(
    ({ from, to }) =>
      to !== 'node' && to !== 'package' && to !== 'outside' && to !== from && !allowed[from].includes(to),
  );
  expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
});

test('nothing outside a package is reached by a relative path', async () => {
  const own = (await imports()).filter(({ to, specifier }) => to === 'outside' && !specifier.endsWith('/package.json'));
  expect(own.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
});

test('domain uses nothing but Node', async () => {
  const others = (await imports()).filter(({ from, to }) => from === 'domain' && to === 'package');
  expect(others.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
});

test('the process is touched in entry points and in the Host only', async () => {
  const touching: string[] = [];
  for await (const file of glob('*/src/**/*.ts', { cwd: root })) {
    if (/\.test\.ts$|(?:^|\/)main\.ts$|domain\/host\.ts$|\.generated\.ts$/.test(file)) continue;
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (/\bconsole\.|\bprocess\.(?:env|argv|cwd|exit|std)/.test(text)) touching.push(file);
  }
  expect(touching).toEqual([]);
});
