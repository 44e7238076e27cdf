// Builds what is published: one CommonJS file per entry (an ES `import` of node:http adds 45 ms to a start), and the library's
// type declarations. `npm run build`; also run by `npm ci`, so that node_modules/.bin/zvault works.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  conditions: ['zvault-source'],
  // Names in stack traces and error classes stay; white space and comments go.
  minifySyntax: true,
  minifyWhitespace: true,
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

async function buildCli(): Promise<void> {
  rmSync(`${root}/cli/dist`, { recursive: true, force: true });
  await build({ ...shared, entryPoints: ['cli/src/main.ts'], outfile: 'cli/dist/zvault.cjs', target: 'node24' });
}

run(process.execPath, 'scripts/wire.ts');
await Promise.all([buildCore(), buildCli()]);
