// `zvault` on PATH: the command that the action carries, run by the Node that runs the action; or another version, downloaded, if its
// checksum is known.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { getExecOutput } from '@actions/exec';
import { HttpClient } from '@actions/http-client';
import { ciError } from '@zvault/core/ci';
import { messageOf, shellQuote, zvaultVersion } from '@zvault/core/domain';

/** Beside the action's own bundle. */
export const bundledCommand = join(__dirname, 'zvault.cjs');

const downloadTimeoutMs = 60_000;

export interface InstallOptions {
  /** Private; the command goes into a folder in it. */
  readonly folder: string;
  readonly version: string | undefined;
  readonly sha256: string | undefined;
  readonly url: string | undefined;
}

export interface Installed {
  /** The folder for PATH. */
  readonly bin: string;
  readonly path: string;
  readonly version: string;
}

/** The running version of Node if it cannot run the command. */
export function nodeIsTooOld(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 24 || (major === 24 && minor < 12) ? process.versions.node : undefined;
}

/** @throws ZVCI-160, ZVCI-161 */
export async function installCommand(options: InstallOptions): Promise<Installed> {
  const { folder, version } = options;
  if (version === undefined || version === zvaultVersion) {
    return { ...putOnPath(folder, bundledCommand), version: zvaultVersion };
  }
  const script = await download(options, version);
  const installed = putOnPath(folder, script);
  const { exitCode, stdout } = await getExecOutput(process.execPath, [script, '--version'], {
    silent: true,
    ignoreReturnCode: true,
  });
  if (exitCode !== 0) throw ciError('ZVCI-161', `the command that was downloaded ends with ${exitCode}`);
  return { ...installed, version: stdout.trim() };
}

function putOnPath(folder: string, script: string): { bin: string; path: string } {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  const path = join(bin, 'zvault');
  // Without "--" Node would take a --env-file of ours for its own, as cli/bin/zvault.cjs says.
  writeFileSync(path, `#!/bin/sh\nexec ${shellQuote(process.execPath)} -- ${shellQuote(script)} "$@"\n`);
  chmodSync(path, 0o755);
  // In a .cmd file a percent sign begins a variable.
  const [node, file] = [process.execPath, script].map((part) => `"${part.replaceAll('%', '%%')}"`);
  writeFileSync(`${path}.cmd`, `@${node} -- ${file} %*\r\n`);
  return { bin, path };
}

async function download({ folder, sha256, url }: InstallOptions, version: string): Promise<string> {
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    throw ciError('ZVCI-100', '"cli-version" takes a version such as 1.2.3');
  if (sha256 === undefined) throw ciError('ZVCI-160', `zvault ${version} is not downloaded without "cli-sha256"`);
  const source = url ?? `https://registry.npmjs.org/zvault/-/zvault-${version}.tgz`;
  if (!URL.canParse(source) || !/^(?:https:|http:\/\/127\.0\.0\.1[:/])/.test(source)) {
    throw ciError('ZVCI-100', '"cli-url" takes an https address');
  }
  const archive = join(folder, 'zvault.tgz');
  await fetchTo(source, archive);
  const digest = createHash('sha256');
  await pipeline(createReadStream(archive), digest);
  const actual = digest.digest('hex');
  if (actual !== sha256)
    throw ciError('ZVCI-160', `the SHA-256 of zvault ${version} is ${actual}, not what "cli-sha256" says`);
  const unpacked = join(folder, 'cli');
  mkdirSync(unpacked, { mode: 0o700 });
  const { exitCode } = await getExecOutput('tar', ['-xzf', archive, '-C', unpacked], {
    silent: true,
    ignoreReturnCode: true,
  });
  const script = join(unpacked, 'package/bin/zvault.cjs');
  if (exitCode !== 0 || !existsSync(script))
    throw ciError('ZVCI-161', 'what was downloaded is no package of the command');
  return script;
}

async function fetchTo(source: string, file: string): Promise<void> {
  const client = new HttpClient(`zvault-setup-action/${zvaultVersion}`, [], { socketTimeout: downloadTimeoutMs });
  try {
    const { message } = await client.get(source);
    if (message.statusCode !== 200) throw new Error(`HTTP ${message.statusCode}`);
    await pipeline(message, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  } catch (error) {
    throw ciError('ZVCI-161', `${new URL(source).origin} does not give the command: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    client.dispose();
  }
}
