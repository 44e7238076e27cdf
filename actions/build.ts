// Makes actions/setup/dist: the action's two steps, and the command that it carries. They are committed, because the platform runs them
// from the repository; test/ci-dist.test.ts proves that they are what the sources give.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { scanBeside, scanFiles } from '../scripts/scan-beside.ts';

const here = import.meta.dirname;
const source = join(here, 'setup/src');

const shared: BuildOptions = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  conditions: ['zvault-source'],
  // An import() would load the loader of ES modules, and an ES import of node:http undici.
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};

/** The files of actions/setup/dist by their path in it. */
export async function bundleSetup(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const step of ['main', 'post']) {
    const { outputFiles = [] } = await build({
      ...shared,
      entryPoints: [join(source, `${step}.ts`)],
      // Some runners still have Node 20 only.
      target: 'node20',
      alias: { undici: join(source, 'no-undici.ts') },
      // Small and still readable: identifiers stay, so that a review of a change sees what changed.
      minifySyntax: true,
      minifyWhitespace: true,
    });
    for (const { contents } of outputFiles) files.set(`${step}.cjs`, contents);
  }
  const command = await build({
    ...shared,
    entryPoints: [join(here, '../cli/src/main.ts')],
    target: 'node24',
    minify: true,
    plugins: [scanBeside],
  });
  for (const { contents } of command.outputFiles ?? []) files.set('zvault.cjs', contents);
  for (const [name, path] of scanFiles) files.set(`scan/${name}`, readFileSync(path));
  return files;
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(here, 'setup/dist');
  rmSync(folder, { recursive: true, force: true });
  for (const [name, contents] of await bundleSetup()) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    process.stdout.write(`actions/setup/dist/${name} ${contents.length} bytes\n`);
  }
}
