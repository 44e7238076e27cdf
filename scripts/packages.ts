// Packs each published package, installs the tarballs into an empty folder without the workspace, and uses them there.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToken } from '../vault-core/src/domain/token.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'zvault-packages-'));
const packages = ['vault-core', 'scan', 'cli'];
const run = (command: string, args: string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  for (const name of packages) run('publint', ['--strict', join(root, name)], root);
  const packed = packages.map((name) => {
    const [file] = JSON.parse(
      run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, '-w', name], root),
    ) as { filename: string }[];
    return join(folder, file?.filename ?? '');
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packed], folder);

  run('npx', ['zvault', 'dev', '--', 'true'], folder);
  writeFileSync(join(folder, 'seed.json'), JSON.stringify({ KEY: 'seeded' }));
  const child = ['npx', 'zvault', 'run', '--no-redact', '--', 'printenv', 'KEY'];
  const printed = run('npx', ['zvault', 'dev', '--seed', 'seed.json', '--', ...child], folder);
  if (printed.trim() !== 'seeded') throw new Error('zvault run in zvault dev gives no secrets');
  // Commands with a bundle of their own are found, and helped with, by the bundle of all commands too.
  for (const name of ['dev', 'run']) {
    const [own, whole] = [
      [name, '--help'],
      ['help', name],
    ].map((words) => run('npx', ['zvault', ...words], folder));
    if (own !== whole) throw new Error(`the bundles disagree on zvault ${name}`);
  }
  const uses = `
    import { createClient, isZvaultError } from '@zvault/core';
    import { Secret } from '@zvault/core/domain';
    import { startServer } from '@zvault/core/server';
    import { startVault } from '@zvault/core/testing';
    await using vault = await startVault({ seed: { KEY: 'value' } });
    const client = createClient({ url: vault.url, token: vault.serviceToken, environment: 'development' });
    const secrets = await client.getAll();
    client.close();
    if (secrets.get('KEY') !== 'value' || String(new Secret('x')) !== '[redacted]') throw new Error('the packed library answers wrongly');
    if (typeof startServer !== 'function' || typeof isZvaultError !== 'function') throw new Error('an entry is empty');
    console.log('used');
  `;
  writeFileSync(join(folder, 'use.mjs'), uses);
  const said = run(process.execPath, ['use.mjs'], folder);
  if (said.trim() !== 'used') throw new Error(`unexpected output: ${said}`);
  run(
    process.execPath,
    [
      '-e',
      "const { createClient } = require('@zvault/core'); createClient({ url: 'http://127.0.0.1:1', token: 't' }).close()",
    ],
    folder,
  );

  // The scanner as a package of its own, and the copy that the command carries.
  for (const scanner of [['zvault-scan'], ['zvault', 'scan']]) {
    run('npx', [...scanner, 'use.mjs'], folder);
    const leak = { cwd: folder, input: `${createToken('service')}\n`, encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync('npx', [...scanner, '-', '--list-rules', '--json'], leak);
    if (status !== 0) throw new Error(`${scanner.join(' ')} has no rules: ${stderr}`);
    const found = spawnSync('npx', [...scanner, '-'], leak);
    if (found.status !== 7) throw new Error(`${scanner.join(' ')} finds nothing: ${found.stderr}`);
  }
  console.log(`packages: ${packages.join(', ')} install and work without the workspace`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
