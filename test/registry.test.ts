// Lists and what they list must not differ.

import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ciOptions, platforms } from '../vault-core/src/ci/index.ts';
import { errorCodeOfWire, errorTable } from '../vault-core/src/domain/errors.ts';
import { Metrics } from '../vault-core/src/server/metrics.ts';
import { handlers } from '../vault-core/src/server/routes/index.ts';
import { routes } from '../vault-core/src/wire/routes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('routes', () => {
  test('each has a handler, and each handler a route', () => {
    const ids = routes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(handlers(new Metrics())).sort()).toEqual([...ids].sort());
  });

  test('no two share method and path', () => {
    const places = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(new Set(places).size).toBe(places.length);
  });

  test('every file of routes is in the list', async () => {
    const list = readFileSync(`${root}/vault-core/src/wire/routes.ts`, 'utf8');
    const files = (await readdir(`${root}/vault-core/src/wire/routes`)).filter((name) => name !== 'parameters.ts');
    for (const file of files) expect(list).toContain(`./routes/${file}`);
  });
});

test('error codes: every wire name is one code, every status has one', () => {
  const rows = Object.entries(errorTable);
  const wires = rows.flatMap(([, { wire }]) => (wire === undefined ? [] : [wire]));
  expect(new Set(wires).size).toBe(wires.length);
  for (const [code, { status, wire }] of rows) {
    expect(status === undefined, code).toBe(wire === undefined);
    if (wire !== undefined) expect(errorCodeOfWire(wire)).toBe(code);
  }
});

test('commands: every file of the command line is in its list', async () => {
  for (const folder of ['cli/src/commands', 'cli/src/commands/ci', 'cli/src/commands/cloud']) {
    const list = readFileSync(`${root}/${folder}/index.ts`, 'utf8');
    const names = (await readdir(`${root}/${folder}`, { withFileTypes: true }))
      .filter((entry) => entry.isFile() && !/^index\.ts$|\.test\.ts$/.test(entry.name))
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(list, `${folder}/${name}`).toContain(`./${name}`);
  }
});

test('CI platforms: every file is in the list, sorted, and known by its variables alone', async () => {
  const files = (await readdir(`${root}/vault-core/src/ci/platforms`)).filter((name) => name !== 'index.ts');
  expect(platforms.map(({ id }) => `${id}.ts`)).toEqual(files.sort());
  for (const { id, canMask, maskNotice } of platforms)
    expect(canMask || /\bmask\b/.test(maskNotice ?? ''), id).toBe(true);
});

test('CI options: the action has an input for each, with the same default', () => {
  const { inputs } = parse(readFileSync(`${root}/actions/setup/action.yml`, 'utf8')) as {
    inputs: Record<string, { default?: string }>;
  };
  for (const [name, option] of Object.entries(ciOptions)) {
    expect(inputs[name]?.default, name).toBe('default' in option ? option.default : undefined);
    expect(inputs, name).toHaveProperty([name]);
  }
});
