// The help of every command, as people read it. `vitest -u` writes the files anew.

import { expect, test } from 'vitest';
import { approleCommands } from '../src/commands/approle/index.ts';
import { ciCommands } from '../src/commands/ci/index.ts';
import { cloudCommands } from '../src/commands/cloud/index.ts';
import { commands } from '../src/commands/index.ts';
import { jwtRoleCommands } from '../src/commands/jwt-role/index.ts';
import { keySlotCommands } from '../src/commands/key-slot.ts';
import { kvCommands } from '../src/commands/kv/index.ts';
import { auditCommands } from '../src/commands/audit/index.ts';
import { leaseCommands } from '../src/commands/lease/index.ts';
import { mountCommands } from '../src/commands/mount/index.ts';
import { policyCommands } from '../src/commands/policy/index.ts';
import { tokenCommands } from '../src/commands/token/index.ts';
import { transitCommands } from '../src/commands/transit/index.ts';
import { temporaryFolder, zvault } from './support.ts';

const paths = [
  [],
  ...commands.map(({ name }) => [name]),
  ...ciCommands.map(({ name }) => ['ci', name]),
  ...cloudCommands.map(({ name }) => ['cloud', name]),
  ...keySlotCommands.map(({ name }) => ['key-slot', name]),
  ...['create', 'list', 'revoke'].map((name) => ['cloud', 'token', name]),
  ...auditCommands.map(({ name }) => ['audit', name]),
  ...jwtRoleCommands.map(({ name }) => ['jwt-role', name]),
  ...kvCommands.map(({ name }) => ['kv', name]),
  ...leaseCommands.map(({ name }) => ['lease', name]),
  ...mountCommands.map(({ name }) => ['mount', name]),
  ...transitCommands.map(({ name }) => ['transit', name]),
  ...approleCommands.map(({ name }) => ['approle', name]),
  ...policyCommands.map(({ name }) => ['policy', name]),
  ...tokenCommands.map(({ name }) => ['token', name]),
];

test.each(paths.map((path) => ({ path, name: path.join(' ') })))('zvault $name --help', async ({ path, name }) => {
  using folder = temporaryFolder();
  const { code, stdout, stderr } = await zvault([...path, '--help'], { cwd: folder.path });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  await expect(stdout).toMatchFileSnapshot(`help/${name === '' ? 'zvault' : name.replaceAll(' ', '-')}.txt`);
  const asHelp = await zvault(['help', ...path], { cwd: folder.path });
  expect(asHelp.stdout).toBe(stdout);
});

test('help shows no value of the environment', async () => {
  using folder = temporaryFolder();
  const env = {
    ZVAULT_TOKEN: 'canary-token-value',
    VAULT_TOKEN: 'canary-token-value',
    ZVAULT_UNSEAL_KEY: 'canary-token-value',
  };
  for (const path of paths) {
    const { stdout, stderr } = await zvault([...path, '--help'], { cwd: folder.path, env });
    expect(stdout + stderr).not.toContain('canary');
  }
});
