// Builds what is published: one CommonJS file per entry (an ES `import` of node:http adds 45 ms to a start), and the library's
// type declarations. `npm run build`; also run by `npm ci`, so that node_modules/.bin/zvault works. What is committed (the scanner's
// files, what scripts/wire.ts writes) is only used here: `npm ci` must not refresh it, or no check could tell that a commit forgot to.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type Plugin, build } from 'esbuild';
import { copyScan, scanBeside } from './scan-beside.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  conditions: ['zvault-source'],
  minify: true,
  // A dynamic import of a built-in becomes a `require`: an ES import of node:http would load undici.
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  logLevel: 'warning',
};

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
}

async function buildCore(): Promise<void> {
  rmSync(`${root}/vault-core/dist`, { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: {
      index: 'vault-core/src/index.ts',
      ci: 'vault-core/src/ci/index.ts',
      domain: 'vault-core/src/domain/index.ts',
      client: 'vault-core/src/client/index.ts',
      server: 'vault-core/src/server/index.ts',
      testing: 'vault-core/src/testing/index.ts',
    },
    outdir: 'vault-core/dist',
    outExtension: { '.js': '.cjs' },
    // The client runs in other people's processes, on Node 20 too.
    target: 'node20',
  });
  run('tsc', '-p', 'tsconfig.build.json');
}

/** What few starts of the command need rests in files beside its bundle: each start reads the bundle, and knows its functions. */
const besideBundle: Readonly<Record<string, string>> = {
  '@clack/prompts': 'prompts',
  pg: 'pg',
  yaml: 'yaml',
  './openapi.generated.json': 'openapi',
  '../../wire/validators.generated.ts': 'validators',
};

const beside: Plugin = {
  name: 'beside',
  setup(bundler) {
    bundler.onResolve({ filter: /./ }, ({ path }) => {
      const name = besideBundle[path];
      return name === undefined ? undefined : { path: `./lib/${name}.cjs`, external: true };
    });
  },
};

async function buildBeside(): Promise<void> {
  await build({
    ...shared,
    entryPoints: {
      prompts: '@clack/prompts',
      pg: 'pg',
      yaml: 'yaml',
      openapi: 'vault-core/src/wire/openapi.generated.json',
      validators: 'vault-core/src/wire/validators.generated.ts',
    },
    outdir: 'cli/dist/lib',
    outExtension: { '.js': '.cjs' },
    target: 'node24',
  });
}

/**
 * Commands that start often have a bundle of their own, which cli/bin/zvault.cjs runs: a start reads all of its bundle, and V8 learns of
 * every function in it. By each command, what of its own code it never loads.
 */
const ownBundles: Readonly<Record<string, readonly string[]>> = {
  // Its vault is in memory, and has no client.
  dev: ['../client/index.ts', './postgres.ts'],
  run: [],
};

/** Leaves out the code of other commands, and what this one never loads. The list of commands is whole. */
function only(name: string, unused: readonly string[]): Plugin {
  return {
    name: 'only',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\.?\/[a-z/-]+\.ts$/ }, ({ path, importer, kind }) => {
        const otherCommand = importer.endsWith('/cli/src/commands/index.ts') && path !== `./${name}.ts`;
        if (kind !== 'dynamic-import' || !(otherCommand || unused.includes(path))) return undefined;
        return { path, namespace: 'left-out' };
      });
      bundler.onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({
        contents: `throw new Error('${path} was left out of the bundle of zvault ${name}')`,
      }));
    },
  };
}

async function bundleCli(file: string, ...plugins: Plugin[]): Promise<void> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ['cli/src/main.ts'],
    outfile: `cli/dist/${file}.cjs`,
    target: 'node24',
    write: false,
    plugins: [...plugins, scanBeside, beside],
  });
  const [bundle] = outputFiles ?? [];
  if (!bundle) throw new Error('esbuild made no bundle');
  // The digest names the bundle in the launcher's code cache.
  const digest = createHash('sha256').update(bundle.contents).digest('hex').slice(0, 16);
  mkdirSync(`${root}/cli/dist`, { recursive: true });
  writeFileSync(bundle.path, `// ${digest}\n${bundle.text}`);
}

async function buildCli(): Promise<void> {
  rmSync(`${root}/cli/dist`, { recursive: true, force: true });
  const own = Object.entries(ownBundles).map(([name, unused]) => bundleCli(name, only(name, unused)));
  await Promise.all([bundleCli('zvault'), ...own]);
  copyScan(`${root}/cli/dist`);
  await buildBeside();
}

/** Code caches of the commands that start often (cli/bin/zvault.cjs), for the Node that builds. Without them the first start is slower. */
function fillCodeCache(): void {
  const zvault = `${root}/cli/bin/zvault.cjs`;
  const env = { PATH: process.env['PATH'] ?? '', HOME: root, XDG_CACHE_HOME: `${root}/cli/dist/.cache` };
  const start = (...args: string[]): void =>
    void execFileSync(process.execPath, [zvault, ...args], { cwd: root, env, stdio: 'ignore' });
  try {
    start('--version');
    start(
      'dev',
      '--',
      process.execPath,
      '-e',
      `require('child_process').execFileSync(process.execPath, [${JSON.stringify(zvault)}, 'run', '--', process.execPath, '-e', '0'], { env: { ...process.env, ZVAULT_TOKEN: process.env.ZVAULT_SERVICE_TOKEN } })`,
    );
  } catch (error) {
    console.error(`zvault: warning: no code cache was made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

await Promise.all([buildCore(), buildCli()]);
fillCodeCache();
