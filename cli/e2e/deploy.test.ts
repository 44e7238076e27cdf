// What docs/deploy holds: checked by the tools that read such files, and started as they would start it.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { ended, execute, start, temporaryFolder, until } from './support.ts';
import { makeCertificates } from '../../vault-core/src/client/test-certificates.ts';
import { send } from '../../test/support/http.ts';

const deploy = fileURLToPath(new URL('../../docs/deploy/', import.meta.url));
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const text = (name: string): string => readFileSync(deploy + name, 'utf8');
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const hadolint = process.env['HADOLINT'] ?? 'hadolint';
const checkSchema = process.env['CHECK_JSONSCHEMA'] ?? 'check-jsonschema';

/** Starts a server, and answers its address and what checks it. */
async function serve(args: readonly string[], ca?: string): Promise<{ port: string; health: () => Promise<number> }> {
  const server = start(args, { cwd: folder.path });
  onTestFinished(async () => {
    server.kill('SIGTERM');
    expect((await ended(server))[0]).toBe(0);
  });
  const [, scheme, port = ''] = await until(server, /listening on (https?):\/\/[^:]+:(\d+)/, 'stderr');
  server.stderr?.resume();
  const health = async (): Promise<number> =>
    (await send(`${scheme}://127.0.0.1:${port}`, 'GET', '/health', { ca })).status;
  return { port, health };
}

/** The arguments with paths of this test, and any free port. */
function here(args: readonly string[], state: string): string[] {
  mkdirSync(state, { recursive: true });
  return args.map((word) => word.replaceAll('/var/lib/zvault', state).replace('0.0.0.0:8200', '0.0.0.0:0'));
}

const [, ...unitCommand] = /^ExecStart=(.+)$/m.exec(text('zvault.service'))?.[1]?.split(' ') ?? [];
const dockerfile = text('Dockerfile');
const instruction = (name: string): string[] =>
  JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]') as string[];

test('the server of the unit starts with the settings beside it', async () => {
  const { ca, server } = makeCertificates();
  const etc = join(folder.path, 'etc');
  mkdirSync(etc);
  writeFileSync(join(etc, 'tls.crt'), server.cert);
  writeFileSync(join(etc, 'tls.key'), server.key);
  const [settings = ''] = here([text('server.yaml').replaceAll('/etc/zvault', etc)], join(folder.path, 'unit'));
  writeFileSync(join(etc, 'server.yaml'), settings);
  expect(unitCommand).toEqual(['server', '--config', '/etc/zvault/server.yaml']);
  const { health } = await serve(['server', '--config', join(etc, 'server.yaml')], ca);
  expect(await health()).toBe(200);
});

test('the server of the image starts, and its health check tells it from one that is gone', async () => {
  const command = instruction('CMD');
  expect(instruction('ENTRYPOINT')).toEqual(['zvault']);
  const { port, health } = await serve(here(command, join(folder.path, 'image')));
  expect(await health()).toBe(200);
  const check = JSON.parse(/HEALTHCHECK[^[]*(\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  const [node = '', ...args] = check;
  const at = (where: string): string[] => args.map((word) => word.replace(':8200/', `:${where}/`));
  expect(node).toBe('node');
  expect((await execute(process.execPath, at(port), { cwd: folder.path })).code).toBe(0);
  expect((await execute(process.execPath, at('9'), { cwd: folder.path })).code).toBe(1);
});

interface Service {
  readonly command?: readonly string[];
  readonly ports?: unknown;
  readonly [setting: string]: unknown;
}

test('the server of the compose file starts, and only the proxy can be reached from outside', async () => {
  const { services } = parse(text('compose.yaml')) as { services: { vault: Service; proxy: Service } };
  const { vault, proxy } = services;
  expect(vault).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  expect([vault.ports, Array.isArray(proxy.ports)]).toEqual([undefined, true]);
  const { health } = await serve(here(vault.command ?? [], join(folder.path, 'compose')));
  expect(await health()).toBe(200);
});

test.skipIf(!has('systemd-analyze'))('the unit: systemd-analyze has nothing to say, and little is exposed', () => {
  const program = join(folder.path, 'zvault');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  const unit = join(folder.path, 'zvault.service');
  writeFileSync(unit, text('zvault.service').replace('/usr/local/bin/zvault', program));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
  const exposure = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], {
    encoding: 'utf8',
  });
  // Versions of systemd that can't judge a file say so.
  if (exposure.status !== 0) return;
  expect(Number(/exposure level for \S+: ([\d.]+)/.exec(exposure.stdout)?.[1])).toBeLessThan(2);
});

test.skipIf(!has(hadolint))('the image: hadolint has nothing to say', () => {
  expect(execFileSync(hadolint, [`${deploy}Dockerfile`], { encoding: 'utf8' })).toBe('');
});

test.skipIf(!has(checkSchema))('the compose file is valid by the schema of its specification', () => {
  const args = ['--builtin-schema', 'vendor.compose-spec', `${deploy}compose.yaml`];
  expect(execFileSync(checkSchema, args, { encoding: 'utf8' })).toContain('ok');
});
