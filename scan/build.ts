// Makes the files of dist/: the scanner as a hook runs it, without installing anything. They are committed; test/dist.test.ts proves
// that they are what the sources give.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, type OutputFile, type Plugin, build as bundle } from 'esbuild';

import { programText } from './src/code-cache.ts';
import { buildTables } from './src/engine/tables.ts';
import * as programs from './src/wasm-programs.ts';
import { linesOf } from './src/bundled-rules.ts';
import { rules } from './src/rules/index.ts';

const here = import.meta.dirname;

const rulesFile = linesOf(rules);

/** No module of ours does anything when it is only loaded, and neither do Node's: what is not used is left out. */
const pure: Plugin = {
  name: 'pure',
  setup(build) {
    build.onResolve({ filter: /./ }, async (args) => {
      if (args.kind === 'entry-point' || args.pluginData === 'resolving') return undefined;
      if (args.path.startsWith('node:')) return { path: args.path, external: true, sideEffects: false };
      // Loaded when asked for, so files of their own.
      if (args.path === '@zvault/core/client' && args.kind === 'dynamic-import')
        return { path: './vault.cjs', external: true };
      if (args.path === './list-rules.ts' && args.kind === 'dynamic-import')
        return { path: './list-rules.cjs', external: true };
      if (args.path === './rules/index.ts' && /(?:command|worker)\.ts$/.test(args.importer))
        return { path: 'rules', namespace: 'rules', sideEffects: false };
      if (args.path.endsWith('/wasm-programs.ts'))
        return { path: 'programs', namespace: 'programs', sideEffects: false };
      const found = await build.resolve(args.path, {
        kind: args.kind,
        importer: args.importer,
        resolveDir: args.resolveDir,
        pluginData: 'resolving',
      });
      return { ...found, sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: 'programs' }, () => {
      const lines = Object.entries(programs).map(([name, bytes]) => {
        const text = Buffer.from(bytes).toString('base64');
        return `export const ${name} = /* @__PURE__ */ Buffer.from('${text}', 'base64');`;
      });
      return { contents: lines.join('\n'), loader: 'js' };
    });
    build.onLoad({ filter: /./, namespace: 'rules' }, () => ({
      contents: `import { readRules } from './bundled-rules.ts';
        import { join } from 'node:path';
        export const rules = readRules(join(__dirname, 'rules.jsonl'), ${JSON.stringify(rulesFile.ends)});`,
      resolveDir: join(here, 'src'),
      loader: 'js',
    }));
  },
};

const shared: BuildOptions = {
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // `require` instead: an import() loads the loader of ES modules, which takes longer than all of this.
  supported: { 'dynamic-import': false },
  conditions: ['zvault-source'],
  minify: true,
  legalComments: 'none',
  define: {
    zvaultScanTables: '"tables.bin"',
    zvaultScanWorker: '"worker.cjs"',
    zvaultScanReader: '"reader.cjs"',
    zvaultScanProgram: '"program.cjs"',
  },
  plugins: [pure],
  absWorkingDir: here,
};

/** The bundles by their path in dist/. */
export async function bundleScan(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, entry] of [
    ['index.cjs', 'src/index.ts'],
    ['scan.cjs', 'src/launch/main.ts'],
    ['program.cjs', 'src/program.ts'],
    ['worker.cjs', 'src/launch/worker.ts'],
    ['reader.cjs', 'src/reader.ts'],
    ['list-rules.cjs', 'src/list-rules.ts'],
    ['vault.cjs', '../vault-core/src/client/index.ts'],
  ] as const) {
    const { outputFiles = [] } = await bundle({ ...shared, entryPoints: [join(here, entry)] });
    for (const file of outputFiles) files.set(name, name === 'program.cjs' ? asProgram(file) : file.contents);
  }
  const action = await bundle({ ...shared, minify: false, entryPoints: [join(here, '../actions/scan/src/main.ts')] });
  for (const file of action.outputFiles ?? []) files.set('../../actions/scan/dist/main.cjs', file.contents);
  files.set('tables.bin', buildTables(rules).bytes);
  files.set('rules.jsonl', rulesFile.bytes);
  return files;
}

/** The digest names the program in the code cache. */
function asProgram({ contents, text }: OutputFile): Uint8Array {
  return Buffer.from(programText(createHash('sha256').update(contents).digest('hex').slice(0, 16), text), 'latin1');
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, contents] of await bundleScan()) {
    const path = join(here, 'dist', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    // As npm leaves a program.
    if (name === 'scan.cjs') chmodSync(path, 0o755);
    process.stdout.write(`${name} ${contents.length} bytes\n`);
  }
}
